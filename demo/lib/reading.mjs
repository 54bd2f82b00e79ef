// @ts-check
// How the story gets at the page: its slots and buttons, their visible words, and what those have to be.

/**
 * @typedef {object} Reader
 * @property {(name: string) => import('playwright').Locator} slot
 * @property {(name: string) => import('playwright').Locator} button
 * @property {(name: string) => Promise<string>} read The visible words of a slot.
 * @property {(name: string, pattern: RegExp) => Promise<string>} readWhen The same, once they match.
 */

/** @param {import('playwright').Page} page @returns {Reader} */
export function readerOf(page) {
  /** @type {Reader['slot']} */
  const slot = (name) => page.locator(`[data-slot="${name}"]`);
  /** @type {Reader['read']} */
  const read = async (name) => (await slot(name).innerText()).trim();
  return {
    slot,
    button: (name) => page.locator(`[data-do="${name}"]`),
    read,
    async readWhen(name, pattern) {
      await slot(name).filter({ hasText: pattern }).waitFor();
      return read(name);
    },
  };
}

/** @param {boolean} held @param {string} otherwise */
export function expect(held, otherwise) {
  if (!held) throw new Error(otherwise.replaceAll(/\s+/g, ' '));
}

/** @param {string} did */
export function shortDid(did) {
  return `${did.slice(0, 16)}\u2026${did.slice(-6)}`;
}

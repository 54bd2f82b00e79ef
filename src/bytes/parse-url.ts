// Strangers' addresses on their way into the URL parser. It takes quadratic time over the host of some, so that what no
// server could be asked for is not shown to it.

/** Longest address that is looked at, in UTF-16 code units. Servers refuse the line of a longer one. */
export const MAX_URL_CHARACTERS = 8_192;

/**
 * Parses an address.
 *
 * @param base Absolute address that a relative one starts from. Default: none, so that a relative one is no address.
 * @returns Fresh; `undefined` for what is no text, no address, or longer than {@link MAX_URL_CHARACTERS}.
 */
export function parseUrl(text: unknown, base?: string): URL | undefined {
  if (typeof text !== 'string' || text.length > MAX_URL_CHARACTERS) return undefined;
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}

// @ts-check
// The part of the story that is about trust: two agents of the page meet, one calls, delegates, and is refused; and the page
// itself does the same with the agent on the line.

import { expect, readerOf } from './reading.mjs';

/**
 * Tells it. The page has an identity by now.
 *
 * @param {Pick<import('./story.mjs').Scene, 'page' | 'terminal'>} scene
 * @throws {import('./terminal.mjs').StepFailed} A step did not hold.
 */
export async function tellTrustStory({ page, terminal }) {
  const { slot, button, read, readWhen } = readerOf(page);
  const state = (/** @type {string} */ name) => page.locator(`[data-slot="trust"][data-state="${name}"]`);
  const tokens = (/** @type {string} */ place) => slot(place).locator('.token');

  /**
   * Presses a button, and reads the line it adds to a log.
   *
   * @param {string} name @param {string} log
   */
  const tried = async (name, log) => {
    const lines = slot(log).locator('.attempt');
    const before = await lines.count();
    await button(name).click();
    const line = lines.nth(before);
    await line.waitFor();
    const [stamp = '', what = '', figure = ''] = await line.locator(':scope > span').allInnerTexts();
    return { stamp, what, figure };
  };
  /** @type {(attempt: { stamp: string, what: string, figure: string }, stamp: string, figure?: string) => void} */
  const became = ({ stamp, what, figure }, due, dueFigure) => {
    expect(stamp === due && (dueFigure === undefined || figure === dueFigure), `${stamp}: ${what} ${figure}`);
  };

  await terminal.step('strangers', async () => {
    await button('trust-next').click();
    await state('strangers').waitFor();
    const names = [
      await slot('trust-aid-assistant').getAttribute('title'),
      await slot('trust-aid-calendar').getAttribute('title'),
    ];
    expect(new Set(names).size === 2 && names.every((name) => /^aid:pubkey:\S{43}$/.test(name ?? '')), names.join(' '));
    return 'an agent in a worker and one in a frame, each with a key of its own';
  });

  await terminal.step('spoiled', async () => {
    await page.locator('[name="trust-spoil"][value="3"]').check();
    await button('trust-next').click();
    const told = await readWhen('trust-verdict', /Reason/);
    expect(/^Refused\s+at message 3/.test(told) && /INVALID_SIGNATURE$/.test(told), told);
    await page.locator('[name="trust-spoil"][value="0"]').check();
    return 'one character changed in message 3: INVALID_SIGNATURE, and no trust came of it';
  });

  await terminal.step('trust', async () => {
    await button('trust-next').click();
    await state('trusted').waitFor();
    const accepted = await page.locator('.trust-steps li[data-state="accepted"]').count();
    expect(accepted === 4, `${accepted} messages were accepted, not 4`);
    const held = await tokens('trust-tokens').count();
    expect(held === 2, `${held} tokens came of it, not 2`);
    const [, took] = /Done in (.*?)\. /.exec(await read('trust-status')) ?? [];
    return `four messages in ${took}, each accepted; each agent holds a token from the other`;
  });

  await terminal.step('granted', async () => {
    const there = await tried('trust-read', 'trust-calls');
    became(there, 'Answered');
    const back = await tried('trust-note', 'trust-calls');
    became(back, 'Answered');
    return `called under the token, answered in ${there.figure}; the other way round in ${back.figure}`;
  });

  await terminal.step('ungranted', async () => {
    const attempt = await tried('trust-erase', 'trust-calls');
    became(attempt, 'Refused', 'POLICY_VIOLATION');
    const entries = await page.frameLocator('.trust-frame').locator('.framed-entries li').count();
    expect(entries > 0, 'the calendar is empty');
    return `what was asked for and not granted: ${attempt.figure}, and the calendar is as it was`;
  });

  await terminal.step('delegate', async () => {
    became(await tried('trust-alone', 'trust-helper'), 'Refused', 'IDENTITY_FAILED');
    const delegated = await tried('trust-delegate', 'trust-helper');
    became(delegated, 'Delegated');
    const answered = await tried('trust-helper-read', 'trust-helper');
    became(answered, 'Answered');
    became(await tried('trust-helper-add', 'trust-helper'), 'Refused', 'POLICY_VIOLATION');
    return `a third agent, by itself: IDENTITY_FAILED; delegated to in ${delegated.figure}, it reads, and nothing more`;
  });

  await terminal.step('revoke', async () => {
    became(await tried('trust-revoke', 'trust-revoked'), 'Taken back');
    const marked = await page.locator('.token[data-taken-back]').count();
    expect(marked === 2, `${marked} tokens are marked as taken back, not 2`);
    became(await tried('trust-again', 'trust-revoked'), 'Refused', 'TCT_REVOKED');
    const helper = slot('trust-revoked').locator('.attempt').nth(2);
    await helper.waitFor();
    expect(/TCT_REVOKED$/.test((await helper.innerText()).trim()), await helper.innerText());
    became(await tried('trust-delegate', 'trust-helper'), 'Refused', 'DELEGATION_SOURCE_TCT_REVOKED');
    return 'the next call: TCT_REVOKED, for the third agent too; and nothing is left to delegate';
  });

  await tellRemoteTrust({ page, terminal });
}

/**
 * The page and the agent on the line, wherever that is.
 *
 * @param {Pick<import('./story.mjs').Scene, 'page' | 'terminal'>} scene
 */
export async function tellRemoteTrust({ page, terminal }) {
  const { slot, button } = readerOf(page);
  const lines = slot('trust-remote-log').locator('.attempt');
  const next = async (/** @type {string} */ name, /** @type {RegExp} */ due) => {
    const before = await lines.count();
    await button(name).click();
    const line = lines.nth(before);
    await line.waitFor();
    const told = (await line.innerText()).trim();
    expect(due.test(told), told);
    return told;
  };

  await terminal.step('across', async () => {
    const made = await next('trust-remote', /^Trusted\s.*\b4 messages/s);
    const signed = await next('trust-remote-sign', /^Answered\s/);
    await next('trust-remote-leave', /^Taken back\s/);
    await next('trust-remote-sign', /^Refused\s.*TCT_REVOKED$/s);
    const [took, answered] = [made, signed].map((told) => /[\d.]+ m?s$/.exec(told)?.[0]);
    return `with the agent on the line: ${took} over HTTP, a call in ${answered}; taken back: TCT_REVOKED`;
  });
}

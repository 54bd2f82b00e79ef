// @ts-check
// The story: a person's way through the page, pressing its real buttons and reading its visible words.

import { tellCardStory } from './card-story.mjs';
import { expect, readerOf, shortDid } from './reading.mjs';
import { tellTrustStory } from './trust-story.mjs';
import { tellWorkStory } from './work-story.mjs';

/**
 * @typedef {object} Scene
 * @property {import('playwright').Page} page
 * @property {string} url
 * @property {import('./agent.mjs').AgentEvent[]} events What the agent has told so far.
 * @property {import('./terminal.mjs').Terminal} terminal
 */

const PAGE_READY = 'Make my identity';

/**
 * Tells the story.
 *
 * @param {Scene} scene
 * @throws {import('./terminal.mjs').StepFailed} A step did not hold.
 */
export async function tellStory({ page, url, events, terminal }) {
  const complaints = watchComplaints(page);
  const { slot, button, read, readWhen } = readerOf(page);
  const sessions = () => events.filter(({ name }) => name === 'session').length;
  const words = 'Hello from a real tab';
  let did = '';

  /** Says the words, and reads what came back. */
  const echo = async () => {
    const answers = page.locator('.said-agent');
    const before = await answers.count();
    await page.getByRole('textbox', { name: 'What to say' }).fill(words);
    await page.getByRole('button', { name: 'Echo', exact: true }).click();
    const answer = answers.nth(before);
    await answer.locator('.said-figure').filter({ hasText: /ms/ }).waitFor();
    expect((await answer.locator('.said-text').innerText()) === words, 'the echo said something else');
    return answer.locator('.said-figure').innerText();
  };

  await terminal.step('identity', async () => {
    await page.goto(url);
    await page.getByRole('button', { name: PAGE_READY }).first().click();
    await slot('identity').waitFor();
    did = await read('did');
    expect(/^did:key:z6Mk[1-9A-HJ-NP-Za-km-z]+$/.test(did), `the page shows no DID: ${did}`);
    const [, made = ''] = /in (.*)$/.exec(await readWhen('origin', /Made/)) ?? [];
    await button('backup-done').click();
    await slot('backup').waitFor({ state: 'hidden' });
    return `${shortDid(did)} made in ${made}, kept in IndexedDB, not extractable`;
  });

  await terminal.step('call', async () => {
    await page.getByRole('button', { name: 'Call the agent' }).click();
    const [, ready = ''] = /in ([\d.]+ m?s)/.exec(await readWhen('status', /Connected/)) ?? [];
    const crossed = await page.locator('.handshake li[data-crossed]').count();
    expect(crossed === 3, `${crossed} handshake messages crossed, not 3`);
    const session = events.find((event) => event.name === 'session');
    expect(session?.callerDid === did, 'the agent knows the caller by another name');
    return `ready in ${ready}: three messages, 160 bytes, both ends proved their keys`;
  });

  await terminal.step('echo', async () => `"${words}" came back in ${await echo()}`);

  await terminal.step('stream', async () => {
    await page.getByRole('button', { name: 'Stream 10,000' }).click();
    const [, took = ''] = /^10,000 chunks, all in order, in (.*)\.$/.exec(await readWhen('stream-outcome', /./)) ?? [];
    expect(took !== '', await read('stream-outcome'));
    const [rate, window, grants] = [await read('rate'), await read('window'), await read('grants')];
    return `10,000 chunks in order in ${took}, ${rate}; window ${window}, ${grants} grants`;
  });

  await terminal.step('cancel', async () => {
    await page.getByRole('button', { name: 'Endless ticks' }).click();
    await slot('dial-count')
      .filter({ hasText: /^([5-9]|\d\d+)$/ })
      .waitFor();
    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    const told = await readWhen('stream-outcome', /finally/);
    const ended = events.find((event) => event.name === 'ticks-ended');
    expect(ended !== undefined, "the agent's producer did not end");
    return `${/\d+ ticks/.exec(told)?.[0]}, then cancelled: the producer's finally ran and said so`;
  });

  await terminal.step('again', async () => {
    const took = await echo();
    expect(sessions() === 1, `the page needed ${sessions()} sessions`);
    return `one more call on the same session, ${took}`;
  });

  await terminal.step('reload', async () => {
    await page.reload();
    const origin = await readWhen('origin', /Found/);
    const found = await read('did');
    expect(found === did, `another DID: ${found}`);
    return `still ${shortDid(did)}; ${origin.toLowerCase()}`;
  });

  await terminal.step('impostor', async () => {
    await page.getByRole('button', { name: 'Call the impostor' }).click();
    const told = await readWhen('false-agent', /refused|did not take place/i);
    expect(/ERR_CHANNEL_IMPOSTOR/.test(told), told);
    return `answered in the agent's name: refused ${/at message \d, after [\d.]+ m?s/.exec(told)?.[0]}`;
  });

  await terminal.step('stranger', async () => {
    await page.getByRole('button', { name: 'Let a stranger try' }).click();
    const told = await readWhen('false-caller', /refused|did not take place/i);
    expect(/^Refused/.test(told), told);
    const refusal = events.find((event) => event.name === 'refused');
    expect(
      refusal?.callerDid === did && refusal.code === 'ERR_CHANNEL_IMPOSTOR',
      'the agent refused for another reason',
    );
    const handlers = /Handlers run\s+(\d+)/.exec(told)?.[1];
    expect(handlers === '0', `${handlers} handlers ran`);
    return `called in the page's name: refused ${/at message \d, after [\d.]+ m?s/.exec(told)?.[0]}; handlers run: 0`;
  });

  await terminal.step('order', async () => {
    // The same request from its rightful caller, or the stranger's count of nought would show nothing.
    await page.getByRole('button', { name: 'Call the agent' }).click();
    await readWhen('lamp', /On the line/);
    await page.getByRole('button', { name: 'Order a pizza' }).click();
    const answer = page.locator('.said-agent .said-text').filter({ hasText: /pizza/ });
    await answer.waitFor();
    return `the same request from the page itself: "${await answer.innerText()}"`;
  });

  await tellCardStory({ page, events, terminal }, did);
  await tellTrustStory({ page, terminal });
  await tellWorkStory({ page, events, terminal }, did);

  await terminal.step('policy', async () => {
    expect(complaints.length === 0, complaints.join('; '));
    expect((await read('violations')) === '0', `the page counts ${await read('violations')} violations`);
    return 'strict content security policy, no violation, no error in the console';
  });
}

/** Errors, policy violations included, that the page's console reports. @param {import('playwright').Page} page */
function watchComplaints(page) {
  /** @type {string[]} */
  const complaints = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  return complaints;
}

// @ts-check
// The part of the story that is about work: a job that asks, a page that looks on, a network that is cut in the middle, and
// what is left of all of it: every event once.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, readerOf } from './reading.mjs';

/** Events that the observer is to be ahead by, before the network is mended. */
const AHEAD = 5;

/**
 * Tells it. The page has an identity by now.
 *
 * @param {Pick<import('./story.mjs').Scene, 'page' | 'events' | 'terminal'>} scene
 * @param {string} did Name of the page.
 * @throws {import('./terminal.mjs').StepFailed} A step did not hold.
 */
export async function tellWorkStory({ page, events, terminal }, did) {
  const { slot, button, read, readWhen } = readerOf(page);
  const state = (/** @type {string} */ name) => page.locator(`[data-slot="work"][data-state="${name}"]`);
  const question = (/** @type {string} */ kind) => page.locator(`.question[data-kind="${kind}"]`);
  const observer = page.frameLocator('.observer-frame');
  const settled = slot('dinner-log').locator('.attempt');

  /** Presses, and waits until the question is gone. @param {string} kind @param {import('playwright').Locator} control */
  const answer = async (kind, control) => {
    const before = await settled.filter({ hasText: 'Answered' }).count();
    await control.click();
    await question(kind).waitFor({ state: 'detached' });
    const line = settled.filter({ hasText: 'Answered' }).nth(before);
    await line.waitFor();
    return (await line.locator('.attempt-what').innerText()).replace(/^You, /, '');
  };

  await terminal.step('work', async () => {
    const before = events.length;
    await button('work-open').click();
    await state('open').waitFor();
    const [, took] =
      /^Open in (.*?)\. The agent knows you by the key of your line\.$/.exec(await read('work-status')) ?? [];
    expect(took !== undefined, await read('work-status'));
    const [line] = events.slice(before);
    expect(line?.name === 'session' && line.callerDid === did, 'the line is of another name');
    const credential = await slot('work-facts').locator('div', { hasText: 'Credential' }).locator('dd').innerText();
    expect(credential === 'none beside the line', credential);
    return `a session inside the line, in ${took}: known by the key of the page, with no second credential`;
  });

  await terminal.step('thinks', async () => {
    await button('dinner-start').click();
    await question('input').waitFor();
    const told = await readWhen('dinner-thoughts-figure', /without its text/);
    const [, last = ''] = /^chunks 0 to (\d+), in one piece/.exec(told) ?? [];
    const left = await slot('dinner-thoughts-text').locator('.redacted').innerText();
    expect(Number(last) > 0 && /^left out/.test(left), told);
    const fields = question('input').locator('input');
    const kinds = await fields.evaluateAll((all) => all.map((one) => one.getAttribute('type')));
    expect(new Set(kinds).size === 4, `the form has ${kinds.join(', ')}`);
    return `${Number(last) + 1} chunks of a thought, one redacted; then a question, its form made of its schema`;
  });

  await terminal.step('observer', async () => {
    await button('observe').click();
    const marker = observer.locator('.observed-marker');
    await marker.waitFor();
    const [, count, took] = /log: (\d+) events in (.*)/.exec(await marker.innerText()) ?? [];
    expect(Number(count) > 10, await marker.innerText());
    return `a second page joins late, on a line of its own: ${count} events from the log in ${took}, then live`;
  });

  await terminal.step('answer', async () => {
    await question('input').getByRole('textbox', { name: 'In whose name?' }).fill('A tab');
    await question('input').getByRole('radio', { name: 'Sea' }).check();
    const said = await answer('input', page.getByRole('button', { name: 'Answer', exact: true }));
    expect(/^host A tab, guests 6, kitchen Sea/.test(said), said);
    return said;
  });

  await terminal.step('cut', async () => {
    // The first job asks and waits; the second one always has something to say.
    await button('stock-start').click();
    await slot('stock-words')
      .filter({ hasText: /of 6 hours/ })
      .waitFor();
    await button('work-cut').click();
    await state('cut').waitFor();
    const before = await read('work-count-you');
    await slot('work-tally')
      .filter({ hasText: new RegExp(`observer has ([${AHEAD}-9]|\\d\\d+) more by now`) })
      .waitFor();
    expect((await read('work-count-you')) === before, 'something came while the network was cut');
    const [ahead] = /\d+/.exec(await read('work-tally')) ?? [];
    await button('work-cut').click();
    await state('open').waitFor();
    const [, line, took] = /^Resumed on line (\d+), (.*) after/.exec(await read('work-status')) ?? [];
    expect(line === '2', await read('work-status'));
    expect(await button('stock-start').isDisabled(), 'a second stock could be put on over the first');
    await slot('work-tally').filter({ hasText: 'None is missing, none came twice.' }).waitFor();
    return `the socket killed, the agent ${ahead} events further: resumed on another line in ${took}, none missing, none twice`;
  });

  await terminal.step('choice', async () => {
    await question('choice').waitFor();
    const choice = question('choice').getByRole('button').nth(1);
    const label = await choice.innerText();
    const said = await answer('choice', choice);
    expect(said === label, said);
    return said;
  });

  await terminal.step('lease', async () => {
    await question('permission').waitFor();
    await answer('permission', page.getByRole('button', { name: 'Grant it for 5 minutes' }));
    const lease = settled.filter({ has: page.getByText('Lease', { exact: true }) });
    await lease.waitFor();
    const stamps = await settled.locator('.stamp').allInnerTexts();
    expect(
      stamps.indexOf('Lease') === 3 && stamps[2] === 'Answered',
      `the lease before its grant: ${stamps.join(', ')}`,
    );
    return `granted for 5 minutes: the agent ${(await lease.locator('.attempt-what').innerText()).replace(/^Agent, /, '')}`;
  });

  await terminal.step('artifact', async () => {
    const told = await readWhen('dinner-verdict', /^Done/);
    expect(/Ordered\s+yes/.test(told), told);
    const ticket = page.locator('.artifact');
    const sha256 = await ticket.locator('div', { hasText: 'SHA-256' }).locator('dd').innerText();
    await ticket.getByRole('button', { name: 'Fetch it and check it' }).click();
    const save = ticket.getByRole('button', { name: 'Save it as text' });
    await save.waitFor();
    const [download] = await Promise.all([page.waitForEvent('download'), save.click()]);
    const bytes = readFileSync(await download.path());
    expect(createHash('sha256').update(bytes).digest('hex') === sha256, 'the file has another hash');
    expect(/<script>/.test(bytes.toString()) && !/ran/.test(await page.title()), 'the file was run');
    return `${bytes.length} bytes of HTML with the SHA-256 that was announced; saved as text, and not run`;
  });

  await terminal.step('regret', async () => {
    await button('stock-cancel').click();
    const told = await readWhen('stock-log', /ERR_ARCP_CANCELLED/);
    expect(/The pot is off the heat\./.test(told), told);
    const left = events.find((event) => event.name === 'job-left');
    expect(left?.why === 'cancelled', 'the tool was not told');
    const [, took] = /let go of it (.*?) later/.exec(told) ?? [];
    return `a second job, cancelled: its finally ran and said so, within ${took}`;
  });

  await terminal.step('count', async () => {
    await slot('work-tally').filter({ hasText: 'None is missing, none came twice.' }).waitFor();
    const [mine, theirs] = [await read('work-count-you'), await read('work-count-observer')];
    expect(mine === theirs && Number(mine) > 50, `${mine} here, ${theirs} there`);
    await observer.getByRole('button', { name: 'Leases' }).click();
    await observer.locator('.observed-event').nth(2).waitFor();
    const types = await observer.locator('.observed-type').allInnerTexts();
    expect(types.join(' ') === 'permission.request permission.grant lease.granted', types.join(' '));
    return `${mine} events here and ${theirs} there, the same in the same order; asked for leases, the log has 3`;
  });

  await terminal.step('outsider', async () => {
    await button('stranger').click();
    const told = await readWhen('stranger-log', /ERR_/);
    expect(/^Refused/.test(told) && /ERR_ARCP_PERMISSION_DENIED/.test(told), told);
    await button('work-open').click();
    await state('closed').waitFor();
    return 'another key asks for the same events: ERR_ARCP_PERMISSION_DENIED';
  });
}

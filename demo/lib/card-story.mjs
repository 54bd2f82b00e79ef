// @ts-check
// The part of the story that is about the card: found, verified, spoiled, signed, and called from.

import { expect, readerOf, shortDid } from './reading.mjs';

/**
 * Tells it. The page has an identity by now.
 *
 * @param {Pick<import('./story.mjs').Scene, 'page' | 'events' | 'terminal'>} scene
 * @param {string} did Name of the page.
 * @throws {import('./terminal.mjs').StepFailed} A step did not hold.
 */
export async function tellCardStory({ page, events, terminal }, did) {
  const { slot, button, read, readWhen } = readerOf(page);
  const agentDid = (await slot('did-agent').getAttribute('title')) ?? '';

  await terminal.step('find', async () => {
    await button('find').click();
    const told = await readWhen('card-verdict', /erified/);
    const [, took] = /^Verified\s+found and verified in (.*)/.exec(told) ?? [];
    const [, size, place] = /Found\s+(.*) at (.*)/.exec(told) ?? [];
    expect(took !== undefined && place !== undefined, told);
    const [skills, phones] = [await page.locator('.skills li').count(), await page.locator('.places li').count()];
    expect(skills > 0 && phones === 1, `the card shows ${skills} skills and ${phones} phones`);
    const name = await read('agent-card-name');
    return `"${name}" by its card at ${place}: ${skills} skills and a phone, ${size} in ${took}`;
  });

  await terminal.step('verify', async () => {
    const told = await read('card-verdict');
    const [, signer = ''] = /Signed by\s+(\S+)/.exec(told) ?? [];
    expect(signer === agentDid, told);
    const [, algorithm, profile] = /Signature\s+(\w+)\s+Profile\s+(\w+)/.exec(told) ?? [];
    expect(profile !== undefined && /Covered\s+Everything it says$/m.test(told), told);
    return `signed by the key that answers, ${shortDid(signer)}: ${algorithm}, profile ${profile}, all of it covered`;
  });

  await terminal.step('change', async () => {
    await button('card-change').click();
    const told = await readWhen('card-edit-verdict', /Line/);
    const change = slot('card-edit-verdict').locator('.change');
    const [removed, added] = [await change.locator('del').innerText(), await change.locator('ins').innerText()];
    expect(removed.length === 1 && added.length === 1, `"${removed}" became "${added}"`);
    expect(/^Not verified/.test(told) && /Reason\s+verification_failed/.test(told), told);
    await button('card-restore').click();
    expect(/^Verified/.test(await readWhen('card-edit-verdict', /what was signed\./)), 'put back, it does not hold');
    return `one character, ${removed} to ${added} in the phone's address: verification_failed; put back, it holds again`;
  });

  await terminal.step('add', async () => {
    await button('card-add').click();
    const told = await readWhen('card-edit-verdict', /Line/);
    const [, pointer] = /Everything but (\/\w+)$/m.exec(told) ?? [];
    expect(/^Verified/.test(told) && pointer !== undefined, told);
    await button('card-restore').click();
    return `a line nobody signed: the rest holds, ${pointer} is named and dropped`;
  });

  await terminal.step('sign', async () => {
    await page.getByRole('button', { name: 'Sign it' }).click();
    const told = await readWhen('sign-verdict', /./);
    const [, took] = /^Signed\s+in (.*)/.exec(told) ?? [];
    expect(took !== undefined && told.includes(did), told);
    return `a card of the page's own, with its own key: ${took}, and it verifies`;
  });

  await terminal.step('dial', async () => {
    const before = events.length;
    await page.getByRole('button', { name: 'Call from the card' }).click();
    const told = await readWhen('card-call-outcome', /\d/);
    const [, ready, said, echo] = /Connected in (.*?) to .*\u201c(.*)\u201d came back in (.*)\./.exec(told) ?? [];
    expect(said !== undefined, told);
    const [call] = events.slice(before);
    expect(call?.name === 'session' && call.callerDid === did, 'the agent was called by another');
    return `called with nothing but the card: ready in ${ready}, "${said}" came back in ${echo}`;
  });
}

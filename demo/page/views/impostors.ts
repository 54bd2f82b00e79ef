// Two ways to lie about a name, and what becomes of them.

import { connect, type Identity, webSocket } from 'ringline';
import type { App } from '../app.js';
import { codeOf, explain } from '../explain.js';
import { tapped } from '../tap.js';
import { control, make, onPress, slot } from '../ui/dom.js';
import { formatMs } from '../ui/format.js';
import { drawVerdict, type Verdict } from '../ui/verdict.js';

/** Brings the section `#impostors` to life. */
export function mountImpostors(app: App): void {
  onPress(control('false-agent'), () => judge('false-agent', app, callFalseAgent));
  onPress(control('false-caller'), () => judge('false-caller', app, letStrangerCall));
}

/** The two ways a lie can end; it has to be refused. */
const REFUSED = { good: true, stamp: 'Refused' };
const BELIEVED = { good: false, stamp: 'Not refused' };

async function judge(name: string, app: App, trial: (app: App, me: Identity) => Promise<Verdict>): Promise<void> {
  const me = app.identity;
  if (me === undefined) return;
  const place = slot(name);
  place.replaceChildren(make('p', 'verdict-wait', 'Trying.'));
  try {
    place.replaceChildren(...drawVerdict(await trial(app, me)));
  } catch (error) {
    place.replaceChildren(make('p', 'outcome failed', `The trial did not take place: ${explain(error)}`));
  }
}

/** We dial the agent's name at an address where somebody else answers. */
async function callFalseAgent({ directory }: App, me: Identity): Promise<Verdict> {
  let sent = 0;
  let came = 0;
  const startedAt = performance.now();
  const transport = tapped(webSocket(directory.impostor.url), (way) => {
    if (way === 'out') sent++;
    else came++;
  });
  try {
    const session = await connect({ identity: me, transport, remoteDid: directory.agent.did });
    await session.close();
    return { ...BELIEVED, why: 'The impostor was believed. This must never happen.', facts: [] };
  } catch (error) {
    if (codeOf(error) !== 'ERR_CHANNEL_IMPOSTOR') throw error;
    return {
      ...REFUSED,
      when: `at message ${sent + came}, after ${formatMs(performance.now() - startedAt)}`,
      why: `${explain(error)} It could not prove that it does, so your page hung up before it said who it is.`,
      facts: [
        ['Error', codeOf(error)],
        ['Your name and words sent', 'none'],
      ],
    };
  }
}

/** A stranger calls the agent under our name, and orders in it. */
async function letStrangerCall(app: App, me: Identity): Promise<Verdict> {
  const { agent } = app.directory;
  const before = await readLedger(app, me);
  const { callAs } = await import('../false-caller.js');
  const startedAt = performance.now();
  const { answers, closeCode } = await callAs(me.did, agent);
  const tookMs = performance.now() - startedAt;
  const after = await readLedger(app, me);
  const refusals = after.refused - before.refused;
  const handled = after.orders - before.orders;
  const refused = refusals === 1 && handled === 0 && answers === 0;
  return {
    ...(refused ? REFUSED : BELIEVED),
    when: refused ? `at message 3, after ${formatMs(tookMs)}` : '',
    why: refused
      ? 'The agent compared the key in message 3 with the name the caller claimed, and hung up. The order never reached a handler.'
      : 'The stranger was believed. This must never happen.',
    facts: [
      ["The agent's reason", after.lastRefusal],
      ['Handlers run', String(handled)],
      ['Answers sent', String(answers)],
      ['Close code', String(closeCode)],
    ],
  };
}

interface Ledger {
  readonly refused: number;
  readonly lastRefusal: string;
  readonly orders: number;
}

/** The agent's own books, over the open line or one made for the purpose. */
async function readLedger(app: App, me: Identity): Promise<Ledger> {
  if (app.session !== undefined) return (await app.ask<Ledger>('ledger', {})).result;
  const { agent } = app.directory;
  const session = await connect({ identity: me, transport: webSocket(agent.url), remoteDid: agent.did });
  try {
    return await session.call<Ledger>('ledger', {});
  } finally {
    await session.close();
  }
}

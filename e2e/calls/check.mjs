// One cell of the table: a caller against an agent. The same code in every runtime that calls.

import { equal, failure, ok, refuses } from '../suite/assert.mjs';
import { verdictOf } from '../suite/verdict.mjs';
import { claimAnotherName } from './impostors.mjs';

/**
 * An agent to call, as seen by the caller.
 *
 * @typedef {object} Target
 * @property {string} did
 * @property {() => any} dialAgent Makes a fresh dialer to the agent.
 * @property {() => any} dialImpostor The same to whoever answers in its name without its key.
 */

/**
 * Runs every check against one agent.
 *
 * @param {any} library @param {Target} target @returns {Promise<{ name: string, error?: string }[]>}
 */
export async function checkAgent(library, target) {
  const checks = { unary, stream, cancel, error: remoteErrors, 'false agent': falseAgent, 'false caller': falseCaller };
  const verdicts = [];
  for (const [name, check] of Object.entries(checks)) {
    verdicts.push({ name, ...(await verdictOf(() => check(library, target))) });
  }
  return verdicts;
}

/** Calls, hands the session to a talk, hangs up and sees that both sides agree on the end. */
async function call(library, { did, dialAgent }, talk) {
  const identity = await library.front.createIdentity();
  const handlers = { echo: (params) => params };
  const session = await library.front.connect({ identity, transport: dialAgent(), remoteDid: did, handlers });
  try {
    await talk(session, identity);
    equal(await session.call('echo', 'still here'), 'still here');
  } catch (error) {
    session.abort();
    throw error;
  }
  const info = await session.close();
  equal([info.code, info.clean], [1000, true], 'the end');
}

function unary(library, target) {
  return call(library, target, async (session, identity) => {
    const params = { text: 'Gr\u00fc\u00dfe \u{1f44b}', list: [null, true, -0.5, 1e21], nested: { a: {} } };
    equal(await session.call('echo', params), params);
    equal([session.peer.did, await session.call('who')], [target.did, identity.did]);
    const many = Array.from({ length: 100 }, (_, i) => i);
    equal(await Promise.all(many.map((n) => session.call('echo', n))), many);
    const large = 'x'.repeat(60_000);
    ok((await session.call('echo', large)) === large, 'a large one');
    equal(await session.call('back', params), params, 'called back');
  });
}

function stream(library, target) {
  return call(library, target, async (session) => {
    for (const [n, options] of [
      [1_000, { credits: 8 }],
      [5_000, {}],
    ]) {
      let next = 0;
      for await (const i of session.stream('count', { n }, options)) equal(i, next++);
      equal(next, n);
    }
    // Whoever reads one item and stops has no more made than it has asked for.
    const slow = session.stream('count', { n: 1_000 }, { credits: 8 });
    await slow.next();
    for (let times = 0; times < 3; times++) await session.call('echo', times);
    const produced = await session.call('produced');
    ok(produced <= 8, `${produced} items made for 8 credits`);
    await slow.return();
  });
}

function cancel(library, target) {
  return call(library, target, async (session) => {
    for await (const i of session.stream('forever')) if (i === 300) break;
    equal(await session.call('left', { times: 1 }), 1, 'after leaving the loop');
    const reason = new Error('enough');
    const controller = new AbortController();
    const aborted = await failure(async () => {
      for await (const i of session.stream('forever', {}, { signal: controller.signal })) {
        if (i === 20) controller.abort(reason);
      }
    });
    ok(aborted === reason, 'the reason, untouched');
    equal(await session.call('left', { times: 2 }), 2, 'after the signal');
  });
}

function remoteErrors(library, target) {
  return call(library, target, async (session) => {
    await refuses(() => session.call('nobody'), 'ERR_RPC_METHOD_NOT_FOUND');
    const refused = await failure(() => session.call('refuse'));
    equal([refused.code, refused.wireCode, refused.message], ['ERR_RPC_REMOTE', 4711, 'not today']);
    const failed = await failure(() => session.call('fail'));
    equal([failed.code, failed.wireCode], ['ERR_RPC_REMOTE', -32000]);
    ok(!failed.message.includes('swordfish'), 'the detail stayed there');
    const seen = [];
    const halfway = await failure(async () => {
      for await (const n of session.stream('half')) seen.push(n);
    });
    equal([halfway.code, seen], ['ERR_RPC_REMOTE', [1, 2]]);
  });
}

/** Somebody with another key answers: the agent itself, dialled under a wrong name, and one that plays along. */
async function falseAgent(library, { did, dialAgent, dialImpostor }) {
  const { connect, createIdentity } = library.front;
  const [identity, { did: another }] = await Promise.all([createIdentity(), createIdentity()]);
  const dialled = await failure(() => connect({ identity, transport: dialAgent(), remoteDid: another }));
  ok(['ERR_CHANNEL_REFUSED', 'ERR_CHANNEL_IMPOSTOR'].includes(dialled.code), `an honest other: ${dialled}`);
  await refuses(() => connect({ identity, transport: dialImpostor(), remoteDid: did }), 'ERR_CHANNEL_IMPOSTOR');
}

/** The name of another, claimed: the connection ends before any handler runs. */
function falseCaller(library, target) {
  return call(library, target, async (session) => {
    const victim = await library.front.createIdentity();
    const claim = { dialer: target.dialAgent(), did: target.did, victimDid: victim.did, method: 'count' };
    const { code, answers } = await claimAnotherName(library, claim);
    // Where our last message crosses the agent's goodbye, the network may drop the latter: then the end has no code.
    ok([1008, 1006].includes(code), `the connection ended with ${code}`);
    equal(answers, 0, 'answers:');
    const verdict = await session.call('refused', { did: victim.did });
    equal(verdict, { handled: 0, refusals: ['ERR_CHANNEL_IMPOSTOR'] });
  });
}

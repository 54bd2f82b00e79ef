// Our client against the runtime of another implementation. It ends its connection at the first message it cannot decode,
// so that most checks show two things: what is said, and that it was still there to say it.

import { isDeepStrictEqual } from 'node:util';
import { connect } from '../../../dist/arcp/client/index.js';
import { timestampMs } from '../../../dist/arcp/wire/timestamp.js';
import { BEARER, CLIENT, codeOf, OFFER, recording, WAIT_MS } from './common.mjs';
import { knownTypes, repeated, survives } from './raw-session.mjs';

/** @typedef {import('./common.mjs').Dial} Dial */
/** @typedef {import('./common.mjs').Results} Results */

const EXTENSIONS = ['arcpx.a.v1', 'arcpx.z.v1'];
const WHOLE_JOB = 'job.accepted job.started job.completed';
const UNAVAILABLE = 'ERR_ARCP_UNAVAILABLE';
const UNIMPLEMENTED = 'ERR_ARCP_UNIMPLEMENTED';

/** Some of the checks, so that a run that ends early is seen. */
export const RUNTIME_CHECKS = [
  'good token',
  'capabilities',
  'echo',
  'cancel',
  'every type it knows',
  'a type it does not know ends it',
  'close',
];
/**
 * Our client against its runtime.
 *
 * @param {Dial} dial
 * @param {string[]} sent Gets every message of ours.
 * @returns {Promise<Results>}
 */
export async function callRuntime(dial, sent) {
  /** @type {Results} */
  const results = new Map();
  const record = async () => recording(await dial(), sent);
  const options = { dial: record, client: CLIENT, reconnect: /** @type {const} */ (false), requestTimeoutMs: WAIT_MS };
  const refused = async (/** @type {object} */ auth, capabilities = {}) =>
    codeOf(connect({ ...options, auth, capabilities }).then((session) => session.close()));
  results.set('bad token', (await refused({ scheme: 'bearer', token: 'bad' })) === 'ERR_ARCP_UNAUTHENTICATED');
  results.set('no token', (await refused({ scheme: 'bearer' })) === 'ERR_ARCP_UNAUTHENTICATED');
  results.set('oauth2', (await refused({ scheme: 'oauth2', token: 'x' })) === 'ERR_ARCP_UNAUTHENTICATED');
  results.set('none, one side', (await refused({ scheme: 'none' })) === 'ERR_ARCP_UNAUTHENTICATED');
  const anonymous = await connect({ ...options, auth: { scheme: 'none' }, capabilities: { anonymous: true } });
  results.set('none, both sides', anonymous.capabilities.anonymous === true);
  await anonymous.close();

  const session = await connect({
    ...options,
    auth: BEARER,
    capabilities: { ...OFFER, extensions: EXTENSIONS },
  });
  const leaseMs = timestampMs(session.leaseExpiresAt ?? '') - Date.now();
  results.set(
    'good token',
    session.runtime.kind === 'arcp-rs' && session.id.startsWith('sess_') && Math.abs(leaseMs - 3_600_000) < 100_000,
  );
  results.set(
    'capabilities',
    isDeepStrictEqual(session.capabilities, {
      streaming: true,
      durable_jobs: false,
      artifacts: false,
      subscriptions: true,
      anonymous: false,
      extensions: ['arcpx.a.v1'],
    }),
  );

  const value = { a: { b: true }, é: [1, 2.5, null, '\u{1f600}'], deep: nested(100) };
  const echo = session.invoke('echo', value);
  results.set('echo', isDeepStrictEqual((await echo.result).value, value));
  const events = await listed(echo.events);
  results.set('order of events', typesOf(events) === WHOLE_JOB);
  // Text is kept as it came; a zero at its end is not written.
  results.set(
    'nanoseconds',
    events.every(({ timestamp }) => /T\d\d:\d\d:\d\d\.\d{3,9}Z$/.test(timestamp)) &&
      events.some(({ timestamp }) => /\.\d{9}Z$/.test(timestamp)),
  );
  const nothing = session.invoke('null');
  results.set('null', (await nothing.result).value === null && Object.hasOwn((await lastOf(nothing)).payload, 'value'));
  const unknown = session.invoke('nope', {});
  results.set(
    'unknown tool',
    (await codeOf(unknown.result)) === 'ERR_ARCP_NOT_FOUND' &&
      typesOf(await listed(unknown.events)) === 'job.accepted job.failed',
  );
  const failing = session.invoke('fail', {});
  const failure = await failing.result.catch((error) => error);
  results.set('failing tool', failure.code === 'ERR_ARCP_RESOURCE_EXHAUSTED' && failure.retryable === true);
  const charge = session.invoke('charge', {});
  await charge.result;
  const metric = (await listed(charge.events)).find(({ type }) => type === 'metric');
  results.set('a number as 1432.0', metric?.payload.value === 1432);

  const [slow, fast] = [session.invoke('sleep', { ms: 400 }), session.invoke('echo', 'fast')];
  const first = await Promise.race([slow.result.then(() => 'slow'), fast.result.then(() => 'fast')]);
  await slow.result;
  const ofTwo = await Promise.all(
    [slow, fast].map(async (job) => ({ id: await job.id, events: await listed(job.events) })),
  );
  results.set(
    'two jobs',
    first === 'fast' &&
      ofTwo[0]?.id !== ofTwo[1]?.id &&
      ofTwo.every(({ id, events }) => events.every(({ job_id }) => job_id === id) && typesOf(events) === WHOLE_JOB),
  );
  const priorities = /** @type {const} */ (['low', 'normal', 'high', 'critical']);
  const ranked = priorities.map((priority) => session.invoke('echo', priority, { priority }).result);
  results.set('priorities', (await Promise.all(ranked)).map((result) => result.value).join() === priorities.join());
  const decorated = {
    traceId: 't1',
    spanId: 's1',
    parentSpanId: 's0',
    extensions: { optional: true, 'arcpx.acme.billing.v1': { cost_center: 'R12' } },
  };
  results.set('optional extensions', (await session.invoke('echo', 1, decorated).result).value === 1);

  const endless = session.invoke('sleep', { ms: 60_000 });
  await endless.id;
  const answer = await endless.cancel({ reason: 'user' });
  results.set('cancel', answer.accepted && (await codeOf(endless.result)) === 'ERR_ARCP_CANCELLED');
  const refusals = await Promise.all(['job_zzz', 'zzz'].map((target) => session.cancel('job', target)));
  results.set(
    'cancel refused',
    refusals.every(({ accepted }) => !accepted),
  );
  await session.cancel('job', await echo.id);
  results.set('cancel of what has ended', isDeepStrictEqual((await echo.result).value, value));
  results.set('ping', (await session.ping()) >= 0);
  results.set('silence', (await codeOf(session.cancel('stream', 'str_1', { deadlineMs: 50 }))) === UNAVAILABLE);

  const watch = await session.subscribe({ types: ['job.completed'] });
  await session.invoke('echo', 'seen').result;
  for await (const event of watch) {
    results.set('subscription', event.type === 'job.completed' && event.payload.value === 'seen');
    break;
  }
  const bytes = new TextEncoder().encode('hi');
  results.set('artifact', (await session.artifacts.put(bytes, { mediaType: 'text/plain' })).size === 2);

  // What would end the connection is not sent, and says so.
  const withheld = [
    session.schedule({ type: 'tool.invoke', payload: { tool: 'echo', arguments: 1 } }, { after: 1 }).result,
    session.startWorkflow('nightly').result,
    session.delegate('other', 'sum').result,
    session.restoreCheckpoint('chk_1').result,
    session.createCheckpoint(await echo.id),
  ];
  results.set(
    'unknown types withheld',
    (await Promise.all(withheld.map(codeOf))).every((code) => code === UNIMPLEMENTED),
  );
  results.set('alive', session.isConnected && (await session.invoke('echo', 'alive').result).value === 'alive');

  const cut = session.invoke('sleep', { ms: 60_000 });
  await cut.id;
  await session.close({ reason: 'done' });
  results.set('close', (await lastOf(cut)).type === 'job.cancelled' && !session.isConnected);

  results.set('every type it knows', await survives(dial, knownTypes()));
  // A check of the one above: it can fail.
  results.set('a type it does not know ends it', !(await survives(dial, ['checkpoint.create'])));
  results.set('the same id twice', (await repeated(record)) === 1);
  return results;
}

/** @param {number} depth */
function nested(depth) {
  let value = /** @type {any} */ (1);
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}

/** @param {readonly { type: string }[]} events */
const typesOf = (events) => events.map(({ type }) => type).join(' ');

/** @param {AsyncIterable<any>} events @returns {Promise<any[]>} */
async function listed(events) {
  const all = [];
  for await (const event of events) all.push(event);
  return all;
}

/** @param {{ events: AsyncIterable<any> }} job */
const lastOf = async (job) => (await listed(job.events)).at(-1);

// One cell of the table of ARCP: a client and a runtime somewhere else, over a real connection, which is cut where it is to
// be. The same code in every runtime that calls.

import { ANNA, all, CAPABILITIES, CLIENT, codeOf, firstOf, nextOf, tapped } from '../suite/arcp-bench.mjs';
import { pattern, TEXTS } from '../suite/arcp-tools.mjs';
import { equal, ok, refuses } from '../suite/assert.mjs';
import { verdictOf } from '../suite/verdict.mjs';

/** What is done with each runtime, in this order. */
const CHECKS = { connect, invoke, stream, prompt, lease, artifact, cancel, observe, resume };

/** What each cell of the table does. */
export const ARCP_CHECKS = [...Object.keys(CHECKS), 'phone'];

/** A runtime to reach. @typedef {{ runtime: string, url: string, phoneUrl: string, did: string }} Target */

/**
 * A client of a runtime at a WebSocket address, and once more inside a phone session.
 *
 * @param {any} library @param {Target} target
 */
export async function checkArcp(library, target) {
  const dial = ({ signal }) => library.transport.openWebSocket(target.url, { signal });
  const verdicts = await checkOver(library, dial, target.runtime);
  return [...verdicts, { name: 'phone', ...(await verdictOf(() => insidePhone(library, target))) }];
}

/** The same without the phone, however the runtime is reached. @param {any} library @param {string} kind Who is there. */
export async function checkOver(library, dial, kind) {
  const sessions = [];
  const open = async (more = {}) => {
    const session = await library.arcp.connect({ ...OPTIONS, dial, ...more });
    sessions.push(session);
    return session;
  };
  const context = { dial, kind, open };
  const verdicts = [];
  for (const [name, check] of Object.entries(CHECKS)) {
    verdicts.push({ name, ...(await verdictOf(() => check(context))) });
  }
  await Promise.all(sessions.map((session) => session.close()));
  return verdicts;
}

const OPTIONS = {
  auth: ANNA,
  client: CLIENT,
  capabilities: CAPABILITIES,
  reconnect: { initialDelayMs: 1, maxDelayMs: 50 },
};

async function connect(context) {
  const { kind, open } = context;
  const auth = { scheme: 'bearer', token: 'token-of-nobody' };
  await refuses(() => open({ auth }), 'ERR_ARCP_UNAUTHENTICATED');
  context.session = await open();
  equal(context.session.runtime.kind, kind);
  for (const name of Object.keys(CAPABILITIES)) equal(context.session.capabilities[name], true, name);
  ok((await context.session.ping()) >= 0);
}

async function invoke({ session }) {
  const job = session.invoke('count', { n: 10, gapMs: 1 }, { traceId: 'trace-1' });
  const events = await all(job.events);
  equal((await job.result).value, 10);
  equal(
    events.map(({ type }) => type),
    ['job.accepted', 'job.started', ...Array(10).fill('job.progress'), 'job.completed'],
  );
  equal(
    events.slice(2, -1).map(({ payload }) => payload.percent),
    Array.from({ length: 10 }, (_, i) => 10 * (i + 1)),
  );
  equal([...new Set(events.map(({ trace_id }) => trace_id))], ['trace-1']);
  equal(await codeOf(session.invoke('nope')), 'NOT_FOUND');
  equal(await codeOf(session.invoke('fail', { code: 'OUT_OF_RANGE' })), 'OUT_OF_RANGE');
}

async function stream({ session }) {
  const sizes = [1, 70_001];
  const job = session.invoke('streams', { sizes });
  const heard = {};
  for await (const one of job.streams) {
    heard[one.kind] = all(one);
  }
  await job.result;
  equal(
    (await heard.text).map(({ text }) => text),
    TEXTS,
  );
  equal(
    (await heard.thought).map(({ text, redacted }) => [text, redacted]),
    [
      ['the moon is near', false],
      ['something private', true],
    ],
  );
  equal(
    (await heard.binary).map(({ bytes }) => bytes),
    sizes.map(pattern),
  );
}

async function prompt({ session }) {
  const asking = session.invoke('ask', {});
  const question = await nextOf(asking.prompts);
  await refuses(() => question.answer('high'), 'ERR_ARCP_INVALID_ARGUMENT');
  await question.answer(3);
  equal([(await asking.result).value, await question.ended], [{ answer: 3 }, 'answered']);
  const choosing = session.invoke('choose', {});
  await (await nextOf(choosing.prompts)).choose('flood');
  equal((await choosing.result).value, 'flood');
  equal((await session.invoke('ask', { expiresInMs: 30, default: 7 }).result).value, { answer: 7 });
}

async function lease({ session }) {
  equal(await codeOf(session.invoke('lease', { ask: false })), 'PERMISSION_DENIED');
  const job = session.invoke('lease', {});
  const question = await nextOf(job.prompts);
  equal([question.kind, question.resource], ['permission', '/srv/tide']);
  await question.grant(60);
  const { value } = await job.result;
  equal((await session.invoke('lease', { ask: false }).result).value, value);
  ok(Date.parse(await session.refreshLease(value, 60)) > Date.now() + 60_000);
}

async function artifact({ session }) {
  const { ref, value } = await session.invoke('artifact', { size: 70_001 }).result;
  equal([value, ref.size], [70_001, 70_001]);
  equal((await session.artifacts.fetch(ref)).bytes, pattern(70_001));
  const own = await session.artifacts.put(new TextEncoder().encode('hi'), { mediaType: 'text/plain' });
  const { value: read } = await session.invoke('read', { artifactId: own.artifact_id }).result;
  equal(read, { size: 2, mediaType: 'text/plain' });
  await session.artifacts.release(own.artifact_id);
  await refuses(() => session.artifacts.fetch(own), 'ERR_ARCP_NOT_FOUND');
}

async function cancel({ session }) {
  const job = session.invoke('wait');
  await firstOf(job.events, ({ type }) => type === 'job.progress');
  equal(await job.cancel({ reason: 'enough' }), { accepted: true });
  equal((await firstOf(job.events, ({ type }) => type === 'job.cancelled')).payload.reason, 'enough');
  equal(await job.cancel(), { accepted: false, reason: 'already_terminal' });
  const stubborn = session.invoke('stubborn');
  await firstOf(stubborn.events, ({ type }) => type === 'job.progress');
  await stubborn.cancel({ deadlineMs: 20 });
  equal(await codeOf(stubborn), 'ABORTED');
}

/** Messages of jobs, as they come in over one session's connections. */
function noting(dial, { cutAfter } = {}) {
  const ids = [];
  const links = [];
  return {
    ids,
    links,
    async dial(offer) {
      const link = tapped(await dial(offer), {
        cutAfter: links.length === 0 ? cutAfter : undefined,
        onText(text) {
          const { type, id } = JSON.parse(text);
          if (type.startsWith('job.')) ids.push(id);
        },
      });
      links.push(link);
      return link;
    },
  };
}

const JOB_TYPES = ['job.accepted', 'job.started', 'job.progress', 'job.completed'];

/** Another session looks on: at what was, from a message on, and at what goes on meanwhile. */
async function observe({ dial, open }) {
  const seen = noting(dial);
  const [session, observer] = await Promise.all([open({ dial: seen.dial }), open()]);
  await session.invoke('count', { n: 8 }).result;
  const since = seen.ids[2];
  const running = session.invoke('count', { n: 20, gapMs: 1 });
  await running.id;
  const filter = { session_id: [session.id], types: JOB_TYPES };
  const subscription = await observer.subscribe(filter, { since });
  await subscription.backfillComplete;
  await running.result;
  await session.invoke('echo', 1).result;
  equal(seen.ids.length, 11 + 23 + 3);
  equal(await idsUpTo(subscription, seen.ids.at(-1)), seen.ids.slice(3));
}

/** Ids of events, up to and with one. */
async function idsUpTo(subscription, last) {
  const ids = [];
  for await (const { id } of subscription) {
    ids.push(id);
    if (id === last) break;
  }
  return ids;
}

/** The connection is cut early and late; what the client is told is what an observer of it was told. */
async function resume({ dial, open }) {
  const observer = await open();
  for (const cutAfter of [3, 8, 21]) {
    const cut = noting(dial, { cutAfter });
    const session = await open({ dial: cut.dial });
    const subscription = await observer.subscribe({ session_id: [session.id], types: JOB_TYPES });
    const job = session.invoke('count', { n: 25, gapMs: cutAfter % 2 });
    const ids = (await all(job.events)).map(({ id }) => id);
    equal((await job.result).value, 25, `cut after ${cutAfter}:`);
    equal(cut.links.length, 2, 'connections:');
    equal([ids.length, new Set(ids).size], [28, 28]);
    equal(ids, await idsUpTo(subscription, ids.at(-1)), `cut after ${cutAfter}:`);
    await session.close();
  }
}

async function insidePhone({ arcp, arcpPhone, front }, { runtime, phoneUrl, did }) {
  const identity = await front.createIdentity();
  const { handlers, open } = arcpPhone.arcpPhone();
  const transport = front.webSocket(phoneUrl);
  const phone = await front.connect({ identity, transport, remoteDid: did, handlers });
  const dial = async () => open(phone);
  const session = await arcp.connect({ ...OPTIONS, dial, auth: { scheme: 'none' } });
  equal(session.runtime.kind, runtime);
  equal((await session.invoke('who').result).value, identity.did);
  const asking = session.invoke('ask', {});
  await (await nextOf(asking.prompts)).answer(5);
  equal((await asking.result).value, { answer: 5 });
  const { ref } = await session.invoke('artifact', { size: 100_000 }).result;
  equal((await session.artifacts.fetch(ref)).bytes, pattern(100_000));
  equal((await all(session.invoke('count', { n: 50 }).events)).length, 53);
  await session.close();
  equal((await phone.close()).clean, true);
}

// Sessions beyond their connections: the network is cut wherever it can be, the runtime is started anew, and what is lost
// for good is said to be.

import { all, BERT, codeOf, firstOf, nextOf, servicesOf, tapped, withBench } from './arcp-bench.mjs';
import { pattern, TEXTS, toolsOf } from './arcp-tools.mjs';
import { equal, failure, ok } from './assert.mjs';

/** Messages of the runtime's after which the network goes: every one of the first, then some. */
const CUTS = [1, 2, 3, 4, 5, 6, 7, 8, 11, 15, 20, 26, 33, 41];

/** @param {any} library */
export function resumeCases(library) {
  const on = (use, options) => () => withBench(library, use, options);
  return [
    { name: `ARCP: cut after each of ${CUTS.length} messages, a client loses and repeats nothing`, run: on(cuts) },
    { name: 'ARCP: over a link that says everything three times, everything happens once', run: on(repeated) },
    { name: 'ARCP: an observer that is cut hears everything once', run: on(observer) },
    { name: 'ARCP: a question outlives the connection it was asked on', run: on(prompt) },
    { name: 'ARCP: a stream of bytes outlives its connection', run: on(stream) },
    { name: 'ARCP: what the log has let go of is lost, and the client is told', run: () => lost(library) },
    { name: "ARCP: R1: a session is nobody else's to take up", run: on(foreign) },
    { name: 'ARCP: a page that comes back takes up its session by name', run: on(comesBack) },
    { name: 'ARCP: the newer connection of a session ends the older', run: on(newer) },
    { name: 'ARCP: a runtime that is started anew has its sessions and jobs again', run: () => restarted(library) },
    { name: 'ARCP: without a way back every pending promise ends', run: on(noWayBack) },
  ];
}

/** Runs jobs over a connection that is cut once. @returns What the client heard, job by job. */
async function heardBy({ connect, dial }, cutAfter) {
  let dials = 0;
  const session = await connect({
    dial: async () => (dials++ === 0 ? tapped(dial(), { cutAfter }) : dial()),
  });
  const outcomes = await Promise.all(
    Array.from({ length: 6 }, async (_, i) => {
      const job = session.invoke('count', { n: 4 });
      const [events, { value }] = await Promise.all([all(job.events), job.result]);
      equal(value, 4, `job ${i}:`);
      return { jobId: await job.id, ids: events.map(({ id }) => id), types: events.map(({ type }) => type) };
    }),
  );
  await session.close();
  return { outcomes, dials };
}

const TYPES = ['job.accepted', 'job.started', ...Array(4).fill('job.progress'), 'job.completed'];

async function cuts(bench) {
  const said = new Map();
  const stop = bench.runtime.bus.subscribe(({ direction, jobId, id }) => {
    if (direction === 'out' && jobId !== undefined) said.set(jobId, [...(said.get(jobId) ?? []), id]);
  });
  for (const cut of [Number.POSITIVE_INFINITY, ...CUTS]) {
    const { outcomes, dials } = await heardBy(bench, cut);
    equal(dials, cut === Number.POSITIVE_INFINITY ? 1 : 2, `cut after ${cut}, connections:`);
    for (const { jobId, ids, types } of outcomes) {
      equal(types, TYPES, `cut after ${cut}:`);
      equal(ids, said.get(jobId), `cut after ${cut}:`);
    }
  }
  stop();
}

async function repeated({ connect, dial, runtime }) {
  const started = [];
  const stop = runtime.bus.subscribe(({ type, id }) => {
    if (type === 'job.started') started.push(id);
  });
  const session = await connect({ dial: async () => tapped(dial(), { times: 3 }) });
  const [counting, streaming, asking] = [
    session.invoke('count', { n: 4 }),
    session.invoke('streams', { sizes: [3], thoughts: false }),
    session.invoke('ask', {}),
  ];
  await (await nextOf(asking.prompts)).answer(1);
  const items = [];
  for await (const stream of streaming.streams) items.push((await all(stream)).length);
  equal(items, [TEXTS.length, 1]);
  equal((await asking.result).value, { answer: 1 });
  const events = await all(counting.events);
  equal(
    events.map(({ type }) => type),
    TYPES,
  );
  equal(new Set(events.map(({ id }) => id)).size, events.length);
  equal(started.length, 3);
  stop();
}

async function observer({ connect, dial, runtime }) {
  const anna = await connect();
  const logged = [];
  const stop = runtime.bus.subscribe(({ type, id }) => {
    if (type === 'job.progress') logged.push(id);
  });
  let dials = 0;
  const watching = await connect({
    dial: async () => (dials++ < 3 ? tapped(dial(), { cutAfter: 7 + dials }) : dial()),
  });
  const subscription = await watching.subscribe({ types: ['job.progress'] });
  await Promise.all([1, 2, 3].map(() => anna.invoke('count', { n: 12, gapMs: 1 }).result));
  const heard = [];
  for await (const { id } of subscription) {
    heard.push(id);
    if (heard.length === 36) break;
  }
  equal(heard, logged);
  equal(dials, 4);
  stop();
}

/** A session whose connection can be cut at will. */
async function cuttable({ connect, dial }, more = {}) {
  const links = [];
  const session = await connect({
    dial: async () => {
      links.push(dial());
      return links.at(-1);
    },
    ...more,
  });
  return { session, links, cut: () => links.at(-1).abort() };
}

async function prompt(bench) {
  const { session, cut } = await cuttable(bench);
  const job = session.invoke('ask', {});
  const question = await nextOf(job.prompts);
  cut();
  await question.answer(4);
  equal((await job.result).value, { answer: 4 });
}

async function stream({ connect, dial }) {
  let dials = 0;
  const session = await connect({
    dial: async () => tapped(dial(), { cutAfter: [15, 20][dials++] }),
  });
  const sizes = Array.from({ length: 40 }, (_, i) => 100 * i);
  const job = session.invoke('streams', { sizes, thoughts: false });
  const got = [];
  for await (const one of job.streams) {
    for await (const { bytes } of one) if (one.kind === 'binary') got.push(bytes);
  }
  equal(got, sizes.map(pattern));
  equal(dials, 3, 'connections:');
}

async function lost(library) {
  const log = library.arcp.memoryLog({ maxEntries: 12 });
  await withBench(
    library,
    async (bench) => {
      let open = () => {};
      const gate = new Promise((resolve) => {
        open = resolve;
      });
      let dials = 0;
      const session = await bench.connect({
        dial: async () => {
          if (dials++ > 0) await gate;
          return dials === 1 ? tapped(bench.dial(), { cutAfter: 4 }) : bench.dial();
        },
      });
      const job = session.invoke('count', { n: 40 });
      let count = 0;
      const ended = new Promise((resolve) => {
        bench.runtime.bus.subscribe(({ type }) => type === 'job.completed' && ++count === 1 && resolve());
      });
      await ended;
      open();
      equal(await codeOf(job), 'DATA_LOSS');
      const { error } = await firstOf(session.states, ({ state }) => state === 'lost');
      equal(error.wireCode, 'DATA_LOSS');
      equal((await session.invoke('echo', 'and on').result).value, 'and on');
    },
    { log },
  );
}

async function foreign({ connect, open, raw }) {
  const anna = await connect();
  await anna.invoke('echo', 'a secret').result;
  const bert = raw();
  const accepted = await bert.open({ auth: BERT, fields: { session_id: anna.id } });
  equal(accepted.type, 'session.accepted');
  ok(accepted.payload.session_id !== anna.id, 'it was given away');
  const nack = await bert.answerTo(bert.send('resume', { after_message_id: anna.lastMessageId }));
  equal([nack.type, nack.payload.code], ['nack', 'NOT_FOUND']);
  const intruder = await open({ auth: BERT });
  const answer = await intruder.answerTo(intruder.send('ping', {}, { session_id: anna.id }));
  equal([answer.type, answer.payload.code], ['nack', 'FAILED_PRECONDITION']);
  await anna.ping();
}

async function comesBack(bench) {
  const { session, cut } = await cuttable(bench, { reconnect: false });
  const job = session.invoke('ask', {});
  const jobId = await job.id;
  await firstOf(job.events, ({ type }) => type === 'human.input.request');
  const { id, lastMessageId } = session;
  cut();
  await session.closed;
  const again = await bench.connect({ resume: { sessionId: id, afterMessageId: lastMessageId } });
  equal(again.id, id);
  const followed = again.follow(jobId);
  await again.cancel('job', jobId, { reason: 'the page was closed' });
  equal(await codeOf(followed), 'CANCELLED');
}

async function newer({ connect, dial }) {
  const first = dial();
  const session = await connect({ dial: async () => first, reconnect: false });
  const again = await connect({ resume: { sessionId: session.id, afterMessageId: session.lastMessageId } });
  equal(again.id, session.id);
  await session.closed;
  await again.ping();
}

async function restarted(library) {
  const log = library.arcp.memoryLog();
  const artifacts = library.arcpRuntime.memoryArtifacts();
  await withBench(
    library,
    async (before) => {
      let bench = before;
      const session = await before.connect({ dial: async () => bench.dial() });
      const stages = session.invoke('stages');
      const waiting = session.invoke('wait');
      await firstOf(stages.events, ({ type }) => type === 'job.progress');
      await waiting.id;
      const ref = await session.artifacts.put(pattern(9), { mediaType: 'a/b' });
      // Another program over the same log.
      const next = library.arcp.createRuntime({
        tools: toolsOf(library),
        authenticators: [library.arcp.bearerTokens({ 'token-of-anna': 'anna' })],
        services: servicesOf(library).services,
        log,
        artifacts,
      });
      bench = {
        dial() {
          const [near, far] = library.transport.memoryTransports();
          void next.accept(far);
          return near;
        },
      };
      const { id } = session;
      await before.runtime.close();
      await next.recover();
      equal((await stages.result).value, { stage: 2 });
      equal(await codeOf(waiting), 'UNAVAILABLE');
      equal([session.id, (await session.artifacts.fetch(ref)).bytes], [id, pattern(9)]);
      await session.close();
      await next.close();
    },
    { log, artifacts },
  );
}

async function noWayBack(bench) {
  const { session, cut } = await cuttable(bench, { reconnect: false });
  const job = session.invoke('wait');
  const pending = [
    job.result,
    session.invoke('ask', {}).result,
    session.request('ping', {}, ['pong']),
    session.artifacts.put(new Uint8Array(1), { mediaType: 'a/b' }),
  ];
  const subscription = await session.subscribe();
  const hearing = all(subscription);
  const settled = Promise.allSettled([...pending, hearing, all(job.prompts)]);
  cut();
  for (const { status, reason } of (await settled).slice(0, 1))
    equal([status, reason.wireCode], ['rejected', 'UNAVAILABLE']);
  equal((await failure(() => session.ping())).wireCode, 'UNAVAILABLE');
}

// Running tools: what a job says, how it ends, and what becomes of commands that are sent twice, cancelled or interrupted.

import { all, BERT, CLIENT, codeOf, firstOf, nextOf, withBench } from './arcp-bench.mjs';
import { equal, failure, ok } from './assert.mjs';

/** @param {any} library */
export function jobCases(library) {
  const on = (use, options) => () => withBench(library, use, options);
  return [
    { name: 'ARCP: a job is accepted, starts and completes, in order', run: on(echo) },
    { name: 'ARCP: a tool of nothing completes with null', run: on(nothing) },
    { name: 'ARCP: an unknown tool is accepted and fails, without a start', run: on(unknown) },
    { name: 'ARCP: what a tool fails with is told, what it throws is not', run: on(failing, { hasFaults: true }) },
    { name: 'ARCP: progress of twenty steps comes in order', run: on(progress) },
    { name: 'ARCP: logs, metrics, spans and events of a job keep its trace', run: on(telemetry) },
    { name: 'ARCP: thirty jobs at once keep their own order', run: on(atOnce) },
    { name: 'ARCP: a name like __proto__ is an own member of the arguments', run: on(ownMembers) },
    { name: 'ARCP: an idempotency key runs a tool once', run: on(idempotent) },
    { name: 'ARCP: a message id is acted on once', run: on(sameId) },
    { name: 'ARCP: a cancelled job stops, and says for what reason', run: on(cancelled) },
    { name: 'ARCP: a job that ignores its cancel is aborted after its grace', run: on(aborted) },
    { name: 'ARCP: a cancel of nothing, and of what has ended, is refused', run: on(refusedCancel) },
    { name: 'ARCP: an aborted signal cancels its job', run: on(bySignal) },
    { name: 'ARCP: an interrupted job asks, and goes on with the answer', run: on(interrupted) },
    { name: 'ARCP: a job is started anew from its checkpoint', run: on(checkpoints) },
    { name: 'ARCP: a request that nobody answers ends, and the session does not', run: () => unanswered(library) },
  ];
}

async function echo({ connect }) {
  const session = await connect();
  const job = session.invoke('echo', { a: [1, null, 'æ'] });
  const events = await all(job.events);
  equal(
    events.map(({ type }) => type),
    ['job.accepted', 'job.started', 'job.completed'],
  );
  equal(new Set(events.map(({ job_id }) => job_id)).size, 1);
  equal(new Set(events.map(({ correlation_id }) => correlation_id)).size, 1);
  equal((await job.result).value, { a: [1, null, 'æ'] });
  equal(await job.id, events[0].payload.job_id);
  for (const value of [null, false, 0, '', [], {}, 'a'.repeat(100_000)]) {
    equal((await session.invoke('echo', value).result).value, value);
  }
}

async function nothing({ open }) {
  const peer = await open();
  peer.send('tool.invoke', { tool: 'nothing', arguments: null });
  equal((await peer.until('job.completed')).payload, { value: null });
}

async function unknown({ open, connect }) {
  const peer = await open();
  const id = peer.send('tool.invoke', { tool: 'nope', arguments: {} });
  const { payload, correlation_id } = await peer.until('job.failed');
  equal([payload.code, payload.retryable, correlation_id], ['NOT_FOUND', false, id]);
  equal(
    peer.types().filter((type) => type.startsWith('job.')),
    ['job.accepted', 'job.failed'],
  );
  equal(await codeOf((await connect()).invoke('nope')), 'NOT_FOUND');
}

async function failing({ connect }) {
  const session = await connect();
  const { wireCode, retryable, retryAfterMs } = await failure(
    () => session.invoke('fail', { code: 'RESOURCE_EXHAUSTED', retryAfterSeconds: 3 }).result,
  );
  equal([wireCode, retryable, retryAfterMs], ['RESOURCE_EXHAUSTED', true, 3_000]);
  for (const code of ['FAILED_PRECONDITION', 'OUT_OF_RANGE', 'DATA_LOSS', 'UNAVAILABLE']) {
    equal(await codeOf(session.invoke('fail', { code })), code);
  }
  const job = session.invoke('boom');
  const events = await all(job.events);
  equal(
    events.map(({ type }) => type),
    ['job.accepted', 'job.started', 'job.failed'],
  );
  const { payload } = events[2];
  equal([payload.code, payload.retryable], ['INTERNAL', true]);
  ok(!JSON.stringify(payload).includes('swordfish'), JSON.stringify(payload));
}

async function progress({ connect }) {
  const session = await connect();
  const job = session.invoke('count', { n: 20 });
  const events = await all(job.events);
  const steps = events.filter(({ type }) => type === 'job.progress').map(({ payload }) => payload);
  equal(
    steps,
    Array.from({ length: 20 }, (_, i) => ({ percent: 5 * (i + 1), message: `step ${i + 1}` })),
  );
  equal((await job.result).value, 20);
  equal(job.droppedEvents, 0);
}

async function telemetry({ connect }) {
  const session = await connect();
  const job = session.invoke('telemetry', null, { traceId: 'trace-7', priority: 'high' });
  const events = await all(job.events);
  const payloadOf = (wanted) => events.find(({ type }) => type === wanted)?.payload;
  equal((await job.result).value, 'trace-7');
  equal(payloadOf('log'), { level: 'info', message: 'the tide is high', attributes: { at: 'Bergen' } });
  equal(payloadOf('metric'), { name: 'tokens.used', value: 12, unit: 'tokens', dims: { kind: 'input' } });
  equal(payloadOf('event.emit'), { name: 'tide.turned', data: { at: 'Bergen' } });
  const span = payloadOf('trace.span');
  equal([span.trace_id, span.span_id, span.name], ['trace-7', 'span-1', 'read']);
  equal(new Set(events.map(({ trace_id }) => trace_id)).size, 1);
}

async function atOnce({ connect }) {
  const session = await connect();
  const jobs = Array.from({ length: 30 }, (_, i) => session.invoke('count', { n: (i % 5) + 1 }));
  const told = await Promise.all(jobs.map(({ events }) => all(events)));
  for (const [i, events] of told.entries()) {
    const n = (i % 5) + 1;
    const due = ['job.accepted', 'job.started', ...Array(n).fill('job.progress'), 'job.completed'];
    equal(
      events.map(({ type }) => type),
      due,
      `job ${i}:`,
    );
    equal(new Set(events.map(({ id }) => id)).size, events.length);
  }
}

async function ownMembers({ open }) {
  const peer = await open();
  const args = JSON.parse('{"__proto__":{"admin":true},"constructor":1}');
  peer.send('tool.invoke', { tool: 'own', arguments: args });
  const { payload } = await peer.until('job.completed');
  equal(payload.value, [['__proto__', 'constructor'], true, true]);
}

async function idempotent({ connect, runtime }) {
  const session = await connect();
  const started = [];
  const stop = runtime.bus.subscribe(({ type }) => {
    if (type === 'job.started') started.push(type);
  });
  const call = (value, own = session) => own.invoke('echo', value, { idempotencyKey: 'tide/1' });
  const [first, second] = [call(1), call(1)];
  equal([(await first.result).value, (await second.result).value], [1, 1]);
  equal(await first.id, await second.id);
  equal(started.length, 1);
  equal(await codeOf(call(2)), 'ALREADY_EXISTS');
  equal(started.length, 1);
  equal((await call(1, await connect({ auth: BERT })).result).value, 1);
  equal(started.length, 2, 'of another principal:');
  stop();
}

async function sameId({ open }) {
  const peer = await open();
  const fields = { id: 'msg_01KDMX4Q8W7R2N5T0V9Y3B6C1Z' };
  for (let i = 0; i < 3; i++) peer.send('tool.invoke', { tool: 'echo', arguments: i }, fields);
  await peer.until('job.completed');
  await peer.demandAlive();
  equal(
    peer.types().filter((type) => type.startsWith('job.')),
    ['job.accepted', 'job.started', 'job.completed'],
  );
}

async function cancelled({ connect }) {
  const session = await connect();
  const job = session.invoke('wait');
  await firstOf(job.events, ({ type }) => type === 'job.progress');
  equal(await job.cancel({ reason: 'enough' }), { accepted: true });
  const last = await firstOf(job.events, ({ type }) => type === 'job.cancelled');
  equal(last.payload.reason, 'enough');
  equal(await codeOf(job), 'CANCELLED');
}

async function aborted({ connect }) {
  const session = await connect();
  const job = session.invoke('stubborn');
  await firstOf(job.events, ({ type }) => type === 'job.progress');
  const since = performance.now();
  equal(await job.cancel({ deadlineMs: 40 }), { accepted: true });
  const { wireCode, retryable } = await failure(() => job.result);
  equal([wireCode, retryable], ['ABORTED', true]);
  // Some engines' timers and clocks are a millisecond or two apart.
  ok(performance.now() - since >= 35, `after ${performance.now() - since} ms`);
  const terminal = (await all(job.events)).filter(({ type }) => /^job\.(?:completed|failed|cancelled)$/.test(type));
  equal(
    terminal.map(({ type }) => type),
    ['job.failed'],
  );
}

async function refusedCancel({ connect }) {
  const session = await connect();
  const job = session.invoke('echo', 1);
  await job.result;
  equal(await job.cancel(), { accepted: false, reason: 'already_terminal' });
  for (const id of ['job_zzz', 'zzz']) {
    equal(await session.cancel('job', id), { accepted: false, reason: 'not_found' });
  }
}

async function bySignal({ connect }) {
  const session = await connect();
  const controller = new AbortController();
  const job = session.invoke('wait', null, { signal: controller.signal });
  await firstOf(job.events, ({ type }) => type === 'job.progress');
  const reason = new Error('the page is going');
  controller.abort(reason);
  equal((await failure(() => job.result)) === reason, true);
  await session.ping();
}

async function interrupted({ connect }) {
  const session = await connect();
  const job = session.invoke('pauseable');
  await firstOf(job.events, ({ type }) => type === 'job.progress');
  await session.interrupt(await job.id, 'are you sure?');
  const prompt = await nextOf(job.prompts);
  equal([prompt.kind, prompt.text], ['input', 'are you sure?']);
  await prompt.answer('quite');
  equal((await job.result).value, 'quite');
}

async function checkpoints({ connect }) {
  const session = await connect();
  const job = session.invoke('stages');
  const { payload } = await firstOf(job.events, ({ type }) => type === 'job.checkpoint');
  equal(payload.data, { stage: 2 });
  await job.cancel();
  equal((await session.restoreCheckpoint(payload.checkpoint_id).result).value, { stage: 2 });
  equal(await codeOf(session.restoreCheckpoint('chk_zzz')), 'NOT_FOUND');
}

/** A runtime that opens sessions and then says no more, as one that has hung. */
async function unanswered({ arcp, transport }) {
  const dial = async () => {
    const [near, far] = transport.memoryTransports();
    far.receive((text) => {
      const { id, type } = JSON.parse(text);
      if (type === 'session.close') far.close();
      if (type !== 'session.open') return;
      const payload = { session_id: 'sess_1', runtime: { kind: 'deaf', version: '0' }, capabilities: {} };
      const answer = {
        arcp: '1.0',
        id: 'msg_1',
        timestamp: '2026-03-02T08:15:42.434537002Z',
        type: 'session.accepted',
      };
      far.send(JSON.stringify({ ...answer, session_id: 'sess_1', correlation_id: id, payload }));
    });
    return near;
  };
  const auth = { scheme: 'none' };
  const session = await arcp.connect({ dial, auth, client: CLIENT, requestTimeoutMs: 40, reconnect: false });
  equal((await failure(() => session.subscribe())).code, 'ERR_ARCP_UNAVAILABLE');
  equal(await codeOf(session.invoke('echo')), 'UNAVAILABLE');
  equal([session.isConnected, session.signal.aborted], [true, false]);
  await session.close();
}

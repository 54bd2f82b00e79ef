// What a runtime keeps: artifacts; and what it tells observers of it, from where they left off.

import { ANNA, all, BERT, codeOf, firstOf, withBench } from './arcp-bench.mjs';
import { pattern } from './arcp-tools.mjs';
import { equal, ok, refuses } from './assert.mjs';

const MAX = 4_194_304;

/** @param {any} library */
export function keptCases(library) {
  const on = (use) => () => withBench(library, use);
  return [
    { name: 'ARCP: an artifact of any size up to the limit comes back as it was put', run: on(sizes) },
    { name: 'ARCP: one byte more than the limit is refused on both sides', run: on(tooMuch) },
    { name: 'ARCP: what is not base64 to the letter, or not what its hash says, is refused', run: on(badBase64) },
    { name: 'ARCP: an artifact is gone when it was released, or its time is over', run: on(gone) },
    { name: 'ARCP: R2: artifacts are not there for anybody else', run: on(foreign) },
    { name: 'ARCP: a tool makes an artifact, and reads one', run: on(ofTools) },
    { name: 'ARCP: a subscription hears what its filter says, and nothing else', run: on(filters) },
    { name: "ARCP: R3: nobody listens to what is another principal's", run: on(foreignFilters) },
    { name: 'ARCP: an observer of everything does not hear itself', run: on(noLoop) },
    { name: 'ARCP: a backfill runs into what happens meanwhile, without gap or repetition', run: on(backfill) },
    { name: 'ARCP: a backfill from nowhere is refused', run: on(fromNowhere) },
  ];
}

const TEXT = { mediaType: 'text/plain' };
const hi = new TextEncoder().encode('hi');

async function sizes({ connect, open }) {
  const session = await connect();
  for (const size of [0, 1, 2, 3, 1_000, MAX]) {
    const bytes = size === MAX ? new Uint8Array(MAX).fill(0x5a) : pattern(size);
    const ref = await session.artifacts.put(bytes, TEXT);
    equal([ref.size, ref.media_type], [size, 'text/plain']);
    const { bytes: back } = await session.artifacts.fetch(ref);
    // Four million comparisons by name would be most of the time this takes.
    ok(back.length === size && back.every((byte, i) => byte === bytes[i]), `${size} bytes are others`);
  }
  const peer = await open();
  const { payload } = await peer.answerTo(peer.send('artifact.put', { media_type: 'text/plain', data: 'aGk=' }));
  const { artifact } = payload;
  ok(artifact.uri.startsWith('arcp://'), artifact.uri);
  equal([artifact.size, /^art_/.test(artifact.artifact_id)], [2, true]);
  equal(artifact.sha256, '8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4');
  const fetched = await peer.answerTo(peer.send('artifact.fetch', { artifact_id: artifact.artifact_id }));
  equal([fetched.type, fetched.payload.data], ['artifact.ref', 'aGk=']);
}

async function tooMuch({ connect, open }) {
  const session = await connect();
  await refuses(() => session.artifacts.put(new Uint8Array(MAX + 1), TEXT), RangeError);
  const peer = await open();
  // As long as base64 of the limit is, and no padding: one byte more.
  const data = `${'A'.repeat((MAX / 3) << 2)}`.padEnd(Math.ceil((MAX + 1) / 3) * 4, 'A');
  const { type, payload } = await peer.answerTo(peer.send('artifact.put', { media_type: 'a/b', data }));
  equal([type, payload.code], ['nack', 'INVALID_ARGUMENT']);
  await peer.demandAlive();
}

async function badBase64({ open }) {
  const peer = await open();
  const put = async (payload) => {
    const answer = await peer.answerTo(peer.send('artifact.put', { media_type: 'text/plain', ...payload }));
    return answer.type === 'nack' ? answer.payload.code : answer.type;
  };
  for (const data of [
    'not!base64!',
    'aGk',
    'aG-_',
    'aGl=',
    'aGk=\n',
    ' aGk=',
    'aGk==',
    '====',
    'aGk=aGk=',
    'aGk\u00e6',
  ]) {
    equal(await put({ data }), 'INVALID_ARGUMENT', data);
  }
  const sha256 = '8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4';
  equal(await put({ data: 'aGk=', sha256 }), 'artifact.ref');
  equal(await put({ data: 'aGk=', sha256: `sha256:${sha256}` }), 'artifact.ref');
  equal(await put({ data: 'aGk=', sha256: `0${sha256.slice(1)}` }), 'INVALID_ARGUMENT');
  equal(await put({ data: 'aGk=', sha256: sha256.slice(1) }), 'INVALID_ARGUMENT');
  equal(await put({ data: 'aGk=', media_type: 'a' }), 'INVALID_ARGUMENT');
}

async function gone(bench) {
  const { artifacts } = await bench.connect();
  const { artifact_id: released } = await artifacts.put(hi, TEXT);
  await artifacts.release(released);
  await refuses(() => artifacts.fetch(released), 'ERR_ARCP_NOT_FOUND');
  await artifacts.release(released);
  const short = await artifacts.put(hi, { ...TEXT, retainSeconds: 1 });
  ok(Math.abs(Date.parse(short.expires_at) - Date.now() - 1_000) < 30_000, short.expires_at);
  equal((await artifacts.fetch(short)).bytes, hi);
  bench.aheadMs = 60_000;
  await refuses(() => artifacts.fetch(short), 'ERR_ARCP_NOT_FOUND');
}

async function foreign({ connect }) {
  const [anna, bert] = [await connect(), await connect({ auth: BERT })];
  const ref = await anna.artifacts.put(hi, TEXT);
  await refuses(() => bert.artifacts.fetch(ref.artifact_id), 'ERR_ARCP_NOT_FOUND');
  await bert.artifacts.release(ref.artifact_id);
  equal((await anna.artifacts.fetch(ref)).bytes, hi);
  equal(await codeOf(bert.invoke('read', { artifactId: ref.artifact_id })), 'NOT_FOUND');
}

async function ofTools({ connect }) {
  const session = await connect();
  const job = session.invoke('artifact', { size: 70_001 });
  const { value, ref } = await job.result;
  equal([value, ref.size], [70_001, 70_001]);
  equal((await session.artifacts.fetch(ref)).bytes, pattern(70_001));
  const announced = (await all(job.events)).find(({ type }) => type === 'artifact.ref');
  equal(announced.payload.artifact.artifact_id, ref.artifact_id);
  const { value: read } = await session.invoke('read', { artifactId: ref.artifact_id }).result;
  equal(read, { size: 70_001, mediaType: 'application/octet-stream' });
}

async function filters({ connect }) {
  const [anna, other, observer] = await Promise.all([connect(), connect(), connect()]);
  const heard = {};
  const listen = async (name, filter) => {
    const subscription = await observer.subscribe(filter);
    heard[name] = all(subscription);
    return subscription;
  };
  const subscriptions = [
    await listen('types', { types: ['metric'] }),
    await listen('both', { types: ['log', 'metric'], session_id: [anna.id] }),
    await listen('trace', { trace_id: ['trace-a'], types: ['log'] }).catch((error) => error.code),
    await listen('priority', { min_priority: 'high', types: ['log', 'job.started'] }),
    await listen('none', { types: ['LOG', 'lo', 'log*'] }),
  ];
  equal(subscriptions[2], 'ERR_ARCP_PERMISSION_DENIED', 'a trace that nobody has:');
  await anna.invoke('telemetry', null, { traceId: 'trace-a', priority: 'high' }).result;
  await other.invoke('telemetry', null, { traceId: 'trace-b' }).result;
  const trace = await listen('trace', { trace_id: ['trace-a'], types: ['log'] });
  await anna.invoke('telemetry', null, { traceId: 'trace-a' }).result;
  await other.invoke('telemetry', null, { traceId: 'trace-a' }).result;
  await observer.ping();
  for (const one of [...subscriptions, trace]) await one.close?.();
  const told = {};
  for (const [name, events] of Object.entries(heard)) {
    if (name !== 'trace' || (await events) !== undefined) told[name] = (await events).map(({ type }) => type);
  }
  equal(told.types, ['metric', 'metric', 'metric', 'metric']);
  equal(told.both, ['log', 'metric', 'log', 'metric']);
  equal(told.trace, ['log', 'log']);
  // What a job says has the priority it was asked with.
  equal([...new Set(told.priority)], ['job.started', 'log']);
  equal(told.none, []);
}

async function foreignFilters({ connect, open }) {
  const [anna, bert] = await Promise.all([connect(), connect({ auth: BERT })]);
  const job = anna.invoke('wait', null, { traceId: 'trace-of-anna' });
  const job_id = await job.id;
  for (const filter of [
    { session_id: [anna.id] },
    { session_id: [bert.id, anna.id] },
    { job_id: [job_id] },
    { trace_id: ['trace-of-anna'] },
    { session_id: ['sess_zzz'] },
  ]) {
    await refuses(() => bert.subscribe(filter), 'ERR_ARCP_PERMISSION_DENIED', JSON.stringify(filter));
  }
  const own = await bert.subscribe();
  const heard = all(own);
  await job.cancel();
  await bert.invoke('echo', 1).result;
  await bert.ping();
  await own.close();
  equal(new Set((await heard).map(({ session_id }) => session_id)), new Set([bert.id]));
  const peer = await open({ auth: ANNA });
  const { type, payload } = await peer.answerTo(peer.send('subscribe', { filter: { session_id: anna.id } }));
  equal([type, payload.code], ['nack', 'INVALID_ARGUMENT']);
}

async function noLoop({ connect }) {
  const session = await connect();
  const [one, two] = [await session.subscribe(), await session.subscribe({})];
  const heard = [all(one), all(two)];
  await session.invoke('echo', 1).result;
  await session.ping();
  await Promise.all([one.close(), two.close()]);
  for (const events of await Promise.all(heard)) {
    const types = events.map(({ type }) => type);
    equal(
      types.filter((type) => /^(?:un)?subscribe/.test(type)),
      [],
    );
    equal(
      types.filter((type) => type.startsWith('job.')),
      ['job.accepted', 'job.started', 'job.completed'],
    );
  }
}

async function backfill({ connect, runtime }) {
  const [anna, observer] = await Promise.all([connect(), connect()]);
  const logged = [];
  const stop = runtime.bus.subscribe(({ type, id }) => {
    if (type === 'job.progress') logged.push(id);
  });
  await anna.invoke('count', { n: 10 }).result;
  const since = logged[2];
  // Jobs that go on while the backfill runs, and after it.
  const running = [1, 2].map(() => anna.invoke('count', { n: 25, gapMs: 1 }));
  await running[0].id;
  const subscription = await observer.subscribe({ types: ['job.progress'] }, { since });
  await subscription.backfillComplete;
  await anna.invoke('count', { n: 5 }).result;
  await Promise.all(running.map(({ result }) => result));
  const heard = [];
  for await (const { id } of subscription) {
    heard.push(id);
    if (heard.length === logged.length - 3) break;
  }
  equal(heard, logged.slice(3));
  equal(logged.length, 65);
  stop();
}

async function fromNowhere({ connect }) {
  const [anna, bert] = await Promise.all([connect(), connect({ auth: BERT })]);
  const job = bert.invoke('echo', 1);
  const { id } = await firstOf(job.events, ({ type }) => type === 'job.completed');
  await refuses(() => anna.subscribe({}, { since: 'msg_zzz' }), 'ERR_ARCP_NOT_FOUND');
  await refuses(() => anna.subscribe({}, { since: id }), 'ERR_ARCP_NOT_FOUND', "another principal's:");
}

// What strangers send, and what must never leave us (ARCP v1.0, section 6): every hazard of the encoding, and thousands of
// messages that were changed at random.

import { BERT, withBench } from './arcp-bench.mjs';
import { equal, ok, refuses } from './assert.mjs';

const STAMP = '2026-03-02T08:15:42Z';
const PING = { arcp: '1.0', id: 'msg_1', type: 'ping', timestamp: STAMP, payload: {} };

/** @param {any} library */
export function hazardCases(library) {
  const on = (use, options) => () => withBench(library, use, options);
  return [
    { name: 'ARCP: a message is written in one order, with nothing that is not there', run: () => written(library) },
    { name: 'ARCP: a number that JSON cannot say is refused before it is sent', run: () => numbers(library) },
    { name: 'ARCP: what is no envelope is refused by name, and the connection stays', run: on(malformed) },
    { name: 'ARCP: an envelope of an unusual shape is taken', run: on(unusual) },
    { name: 'ARCP: what is no JSON object has no answer', run: on(garbage) },
    { name: 'ARCP: twenty in a row that are none end the connection', run: on(tooMuchGarbage) },
    { name: 'ARCP: a payload of the wrong shape is refused by name', run: on(payloads) },
    { name: 'ARCP: types are told apart as core, extension, experiment and mistake', run: on(types, extension) },
    { name: 'ARCP: 128 levels are refused, 127 are not', run: on(depth) },
    { name: 'ARCP: bytes are passed over', run: on(bytes) },
    { name: 'ARCP: 3,000 texts changed at random are judged without a fault', run: () => decoded(library) },
    {
      name: 'ARCP: 600 messages changed at random disturb nobody',
      run: on(mutated, { limits: { maxBadMessages: 10_000 } }),
    },
    {
      name: 'ARCP: unknown codes of a runtime reach the caller, RATE_LIMITED by its name of today',
      run: () => codes(library),
    },
  ];
}

const extension = { extensions: { 'arcpx.acme.echo.v1': () => {} } };

function written({ arcp }) {
  const { encodeMessage } = arcp;
  const text = encodeMessage({ ...PING, priority: 'normal', source: undefined });
  equal(text, `{"arcp":"1.0","id":"msg_1","type":"ping","timestamp":"${STAMP}","payload":{}}`);
  const full = encodeMessage({ ...PING, priority: 'high', source: 'a\ud800b', payload: { nonce: '\udc00' } });
  equal(JSON.parse(full), { ...PING, priority: 'high', source: 'a\ufffdb', payload: { nonce: '\ufffd' } });
  const decoded = arcp.decodeEnvelope(full);
  equal(encodeMessage(decoded.envelope), full);
  const proto = JSON.parse('{"tool":"a","arguments":{"__proto__":{"admin":true}}}');
  const invoke = encodeMessage({ ...PING, type: 'tool.invoke', payload: proto });
  ok(invoke.includes('"__proto__":{"admin":true}'), invoke);
  equal({}.admin, undefined);
}

async function numbers({ arcp }) {
  const metric = (value) => ({ ...PING, type: 'metric', payload: { name: 'cost.usd', value, unit: 'usd' } });
  equal(JSON.parse(arcp.encodeMessage(metric(1.5))).payload.value, 1.5);
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    await refuses(() => arcp.encodeMessage(metric(value)), RangeError, String(value));
  }
  const cancel = (deadline_ms) => ({
    ...PING,
    type: 'cancel',
    payload: { target: 'job', target_id: 'job_1', deadline_ms },
  });
  for (const deadline of [-1, 1.5, 2 ** 53, 1e21]) {
    await refuses(() => arcp.encodeMessage(cancel(deadline)), RangeError, String(deadline));
  }
}

async function malformed({ open }) {
  const peer = await open();
  const { sessionId } = peer;
  const table = [
    { payload: undefined },
    { payload: null },
    { payload: [] },
    { correlation_id: 'job_1' },
    { trace_id: '' },
    { idempotency_key: '' },
    { timestamp: '2026-03-02T08:15:42' },
    { timestamp: 1_772_439_342 },
    { timestamp: '2026-03-02' },
    { timestamp: '2026-03-02T24:00:00Z' },
    { priority: 'urgent' },
    { priority: 'High' },
    { priority: null },
    { session_id: 'alice' },
    { extensions: [] },
    { type: undefined },
    { type: 7 },
    { arcp: 1 },
  ];
  for (const [i, fault] of table.entries()) {
    const id = `msg_bad${i}`;
    peer.transport.send(JSON.stringify({ ...PING, id, session_id: sessionId, ...fault }));
    const { type, payload } = await peer.answerTo(id);
    equal([type, payload.code], ['nack', 'INVALID_ARGUMENT'], JSON.stringify(fault));
    ok(typeof payload.details.path === 'string' && typeof payload.details.issue === 'string', JSON.stringify(payload));
  }
  // Twenty in a row would be the end.
  await peer.demandAlive();
  for (const id of ['01KDMX4Q8W7R2N5T0V9Y3B6C1Z', 'msg_', 'MSG_1', 7, null]) {
    peer.transport.send(JSON.stringify({ ...PING, type: 'tool.invoke', id, payload: { tool: 'echo', arguments: 1 } }));
    const { payload, correlation_id } = await peer.until('nack', (nack) => nack.correlation_id === undefined);
    equal([payload.code, correlation_id], ['INVALID_ARGUMENT', undefined], String(id));
  }
  await peer.demandAlive();
  ok(!peer.types().includes('job.accepted'), 'it was executed');
}

async function unusual({ open }) {
  const peer = await open();
  const table = [
    { timestamp: '2026-03-02T08:15:42+02:00' },
    { timestamp: '2026-03-02T08:15:42.123456789Z' },
    { timestamp: '2026-03-02t08:15:42z' },
    { timestamp: '2026-03-02 08:15:42.1234567891Z' },
    { timestamp: '2026-03-02T08:15:42-00:00' },
    { event_seq: 3, payload: { nonce: 'a', more: [1] } },
    { arcp: '1.7' },
    { session_id: undefined },
    { extensions: { optional: true, 'arcpx.acme.a.v1': 1 } },
    { priority: 'critical', trace_id: 'a', span_id: 'b', parent_span_id: 'c', source: '', target: '' },
  ];
  for (const more of table) {
    const id = peer.send('ping', more.payload ?? {}, more);
    equal((await peer.answerTo(id)).type, 'pong', JSON.stringify(more));
  }
  const { type, payload } = await peer.answerTo(peer.send('ping', {}, { arcp: '2.0' }));
  equal([type, payload.code], ['nack', 'UNIMPLEMENTED']);
}

async function garbage({ open }) {
  const peer = await open();
  const heard = peer.received.length;
  for (const text of ['[{"arcp":"1.0"}]', '{not json', '', 'null', '\ufeff{}', '"text"', '7', '{"a":1', '[]']) {
    peer.transport.send(text);
    await peer.demandAlive();
  }
  equal(peer.types().slice(heard), Array(9).fill('pong'));
}

async function tooMuchGarbage({ open }) {
  const peer = await open();
  for (let i = 0; i < 19; i++) peer.transport.send('{not json');
  await peer.demandAlive();
  for (let i = 0; i < 20; i++) peer.transport.send('{not json');
  equal((await peer.transport.closed).code, 1008);
}

async function payloads({ open }) {
  const peer = await open();
  const table = [
    ['tool.invoke', { tool: 'echo' }],
    ['tool.invoke', { arguments: 1 }],
    ['tool.invoke', { tool: 7, arguments: 1 }],
    ['cancel', {}],
    ['cancel', { target: 'subscription', target_id: 'sub_1' }],
    ['cancel', { target: 'job', target_id: 'job_1', deadline_ms: 1.5 }],
    ['cancel', { target: 'job', target_id: 'job_1', deadline_ms: -1 }],
    ['cancel', { target: 'job', target_id: 'job_1', deadline_ms: 9_007_199_254_740_992 }],
    ['artifact.fetch', { artifact_id: 'a' }],
    ['subscribe', { filter: null }],
    ['subscribe', { filter: { types: 'log' } }],
    ['job.schedule', { job: { type: 'tool.invoke', payload: {} }, when: {} }],
    ['job.schedule', { job: { type: 'tool.invoke', payload: {} }, when: { after: 1, at: STAMP } }],
    ['resume', { after_message_id: 'sess_1' }],
    ['stream.chunk', { sequence: -1, data: 'a' }],
    ['human.input.response', { value: 1, responded_by: 'a', responded_at: 'now' }],
    ['metric', { name: 'a', value: '1', unit: 'b' }],
    ['log', { level: 'warning', message: 'a' }],
  ];
  for (const [type, payload] of table) {
    const fields = { correlation_id: 'msg_1', stream_id: 'str_1' };
    const answer = await peer.answerTo(peer.send(type, payload, fields));
    equal([answer.type, answer.payload.code], ['nack', 'INVALID_ARGUMENT'], `${type} ${JSON.stringify(payload)}`);
  }
  ok(!peer.types().includes('job.accepted'), 'something was executed');
}

async function types({ open }) {
  const peer = await open({ capabilities: { extensions: ['arcpx.acme.echo.v1'] } });
  for (const [type, code, fields] of [
    ['arcpx.acme.x.v1', 'UNIMPLEMENTED'],
    ['com.acme.v1', 'UNIMPLEMENTED', { extensions: { optional: false } }],
    ['session.foo', 'UNIMPLEMENTED'],
    ['job.foo.bar.v1', 'UNIMPLEMENTED'],
    ['just-a-string', 'INVALID_ARGUMENT'],
    ['arcpx.foo', 'INVALID_ARGUMENT'],
    ['arcpx..v1', 'INVALID_ARGUMENT'],
    ['COM.acme.x.v1', 'INVALID_ARGUMENT'],
    ['com.acme.workflow', 'INVALID_ARGUMENT'],
    ['__proto__', 'INVALID_ARGUMENT'],
    ['', 'INVALID_ARGUMENT'],
  ]) {
    const answer = await peer.answerTo(peer.send(type, {}, fields));
    equal([answer.type, answer.payload.code], ['nack', code], type);
  }
  const heard = peer.received.length;
  peer.send('arcpx.acme.x.v1', {}, { extensions: { optional: true } });
  peer.send('x-debug');
  peer.send('arcpx.acme.echo.v1', { any: 'thing' });
  await peer.demandAlive();
  equal(peer.types().slice(heard), ['pong']);
}

async function depth({ open }) {
  const peer = await open();
  // The envelope and its payload are two of them.
  const nested = (levels) => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`);
  const ask = (levels) => peer.answerTo(peer.send('tool.invoke', { tool: 'echo', arguments: nested(levels) }));
  equal((await ask(125)).type, 'job.accepted');
  const { type, payload } = await ask(126);
  equal([type, payload.code], ['nack', 'INVALID_ARGUMENT']);
  // Deeper than any engine's own recursion.
  const text = JSON.stringify({ ...PING, id: 'msg_deep', payload: 0 }).replace(
    '0}',
    `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`,
  );
  peer.transport.send(text);
  await peer.demandAlive();
}

async function bytes({ open }) {
  const peer = await open();
  peer.transport.send(new TextEncoder().encode(JSON.stringify(PING)));
  await peer.demandAlive();
  equal(peer.types(), ['session.accepted', 'pong']);
}

/** The same numbers in every runtime. */
function randomOf(seed) {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const SNIPPETS = [
  'null',
  '{}',
  '[]',
  '-1',
  '1e999',
  '"__proto__"',
  '"\\ud800"',
  '\u0000',
  '"',
  '\\',
  ',',
  ':',
  '\u{1f30a}',
];

const VALUES = [
  null,
  {},
  [],
  -1,
  1.5,
  2 ** 60,
  '',
  'a',
  true,
  'a\ud800',
  '\u0000',
  'x'.repeat(2_000),
  { __proto__: null },
];

/** A message with something cut out, doubled, put in, or in the place of something else. */
function mutate(text, random) {
  if (random(2) === 0) return mutateTree(text, random);
  let changed = text;
  for (let times = 1 + random(2); times > 0; times--) {
    const at = random(changed.length + 1);
    const to = Math.min(changed.length, at + random(12));
    const put = [() => '', () => changed.slice(at, to).repeat(2), () => SNIPPETS[random(SNIPPETS.length)]][random(3)]();
    changed = changed.slice(0, at) + put + changed.slice(to);
  }
  return changed;
}

function mutateTree(text, random) {
  const envelope = JSON.parse(text);
  const whole = random(3) === 0 ? envelope : envelope.payload;
  const names = Object.keys(whole);
  const name = names[random(names.length)];
  if (random(4) === 0) delete whole[name];
  else whole[name] = VALUES[random(VALUES.length)];
  return JSON.stringify(envelope);
}

/** Messages of every family, as a client of this session would send them. */
function seedsOf(sessionId) {
  const message = (type, payload, fields) =>
    JSON.stringify({ ...PING, id: 'msg_SEED', type, session_id: sessionId, ...fields, payload });
  return [
    message(
      'tool.invoke',
      { tool: 'echo', arguments: { a: [1, 'b', null] } },
      { idempotency_key: 'k', priority: 'high' },
    ),
    message('tool.invoke', { tool: 'count', arguments: { n: 3 } }),
    message('cancel', { target: 'job', target_id: 'job_1', reason: 'a', deadline_ms: 50 }),
    message('artifact.put', { media_type: 'a/b', data: 'aGk=', retain_seconds: 5 }),
    message('artifact.fetch', { artifact_id: 'art_1' }),
    message('stream.open', { kind: 'text' }, { stream_id: 'str_1' }),
    message('stream.chunk', { sequence: 0, data: 'a' }, { stream_id: 'str_1' }),
    message('human.input.response', { value: 1, responded_by: 'a', responded_at: STAMP }, { correlation_id: 'msg_2' }),
    message('permission.grant', { permission: 'a', resource: 'b', operation: 'c', lease_seconds: 5 }),
    message('lease.refresh', { lease_id: 'lease_1', additional_seconds: 5 }),
    message('resume', { after_message_id: 'msg_3', include_open_streams: true }),
    message('job.schedule', {
      job: { type: 'tool.invoke', payload: { tool: 'a', arguments: 1 } },
      when: { every: 'FREQ=DAILY' },
    }),
    message('unsubscribe', { subscription_id: 'sub_1' }),
    message('metric', { name: 'cost.usd', value: 1.5, unit: 'usd', dims: { a: 'b' } }),
    message('interrupt', { target: 'job', target_id: 'job_1', prompt: 'why?' }),
    message('backpressure', { desired_rate_per_second: 5 }, { stream_id: 'str_1' }),
    message('event.emit', { name: 'a.b', data: [1] }, { trace_id: 't', span_id: 's', extensions: { optional: true } }),
  ];
}

function decoded({ arcp }) {
  const random = randomOf(5);
  const seeds = seedsOf('sess_1');
  const kinds = { garbage: 0, malformed: 0, envelope: 0 };
  let messages = 0;
  for (let i = 0; i < 3_000; i++) {
    const text = mutate(seeds[random(seeds.length)], random);
    const result = arcp.decodeEnvelope(text);
    kinds[result.kind]++;
    if (result.kind !== 'envelope') continue;
    // What was read, and is a message, is written so that it reads the same.
    const written = writtenBy(arcp, result.envelope);
    if (written === undefined) continue;
    messages++;
    const again = arcp.decodeEnvelope(written);
    equal([again.kind, writtenBy(arcp, again.envelope)], ['envelope', written], text);
  }
  ok(messages > 300, `${messages} messages`);
  for (const [kind, count] of Object.entries(kinds)) ok(count > 100, `${kind}: ${count}`);
}

/** The text of a message; `undefined`: its payload is not what its type says, which the caller is told. */
function writtenBy({ encodeMessage }, envelope) {
  try {
    return encodeMessage(envelope);
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) return undefined;
    throw error;
  }
}

async function mutated({ connect, open, runtime }) {
  const bert = await connect({ auth: BERT });
  const overheard = [];
  const watching = await bert.subscribe();
  const hearing = (async () => {
    for await (const { session_id } of watching) overheard.push(session_id);
  })();
  const peer = await open();
  const random = randomOf(7);
  const seeds = seedsOf(peer.sessionId);
  for (let i = 0; i < 600; i++) {
    const seed = seeds[random(seeds.length)].replace('msg_SEED', `msg_${i.toString(36)}x`);
    peer.transport.send(mutate(seed, random));
    if (i % 50 === 49) await peer.demandAlive();
  }
  equal((await bert.invoke('echo', 'undisturbed').result).value, 'undisturbed');
  await bert.ping();
  await watching.close();
  await hearing;
  equal([...new Set(overheard)], [bert.id], 'what the neighbour heard:');
  // Some asked for what was said before, which has its ids of before.
  const ends = new Map();
  for (const { type, job_id, id } of peer.received) {
    if (/^job\.(?:completed|failed|cancelled)$/.test(type)) ends.set(job_id, (ends.get(job_id) ?? new Set()).add(id));
  }
  ok(ends.size > 5, `${ends.size} jobs ran`);
  equal(Math.max(...[...ends.values()].map(({ size }) => size)), 1, 'terminal events of a job:');
  equal(runtime.sessions().length, 2);
}

/** A runtime of another kind, which answers every invocation with one code. */
async function codes({ arcp, transport }) {
  for (const [code, wireCode, ours, retryable] of [
    ['RATE_LIMITED', 'RESOURCE_EXHAUSTED', 'ERR_ARCP_RESOURCE_EXHAUSTED', true],
    ['arcpx.acme.QUOTA_EXCEEDED', 'arcpx.acme.QUOTA_EXCEEDED', 'ERR_ARCP_UNKNOWN', false],
    ['HEARTBEAT_LOST', 'HEARTBEAT_LOST', 'ERR_ARCP_HEARTBEAT_LOST', false],
  ]) {
    const dial = async () => {
      const [near, far] = transport.memoryTransports();
      let count = 0;
      const say = (type, payload, fields) =>
        far.send(JSON.stringify({ ...PING, id: `msg_${++count}`, type, session_id: 'sess_1', ...fields, payload }));
      far.receive((text) => {
        const { id, type } = JSON.parse(text);
        const fields = { correlation_id: id };
        if (type === 'session.open') {
          say(
            'session.accepted',
            { session_id: 'sess_1', runtime: { kind: 'a', version: '0' }, capabilities: {} },
            fields,
          );
        } else if (type === 'tool.invoke') {
          say('job.accepted', { job_id: 'job_1' }, { ...fields, job_id: 'job_1' });
          say('tool.error', { code, message: 'no' }, { ...fields, job_id: 'job_1' });
        } else if (type === 'session.close') far.close();
      });
      return near;
    };
    const session = await arcp.connect({ dial, auth: { scheme: 'none' }, client: { kind: 'suite', version: '1' } });
    const error = await session.invoke('any').result.then(
      () => undefined,
      (reason) => reason,
    );
    equal([error.wireCode, error.code, error.retryable], [wireCode, ours, retryable]);
    await session.close();
  }
}

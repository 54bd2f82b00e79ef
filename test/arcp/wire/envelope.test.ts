// The envelope of ARCP v1.0: what is read, what is refused, and the very bytes that are written.

import { describe, expect, it } from 'vitest';
import {
  type Decoded,
  decodeEnvelope,
  decodePayload,
  encodeMessage,
  isSpokenVersion,
  type Message,
  type RawEnvelope,
  readEnvelope,
} from '../../../src/arcp/wire/envelope.js';
import { idFactory } from '../../../src/arcp/wire/ids.js';
import { timestampOf } from '../../../src/arcp/wire/timestamp.js';
import { envelopeOf, expectRefused, messageOf, wire } from '../envelopes.js';

const decode = (value: unknown) => decodeEnvelope(JSON.stringify(value));
/** What is checked of a refusal: where, and whom to answer. */
const where = (decoded: Decoded) =>
  decoded.kind === 'malformed' ? { path: decoded.path, id: decoded.id } : { kind: decoded.kind };

describe('writing an envelope', () => {
  it('[10.1] of a fresh ping has five keys in their order and no priority', () => {
    const ids = idFactory({ now: () => 0, random: (bytes) => new Uint8Array(bytes) });
    const ping: Message<'ping'> = {
      payload: {},
      timestamp: timestampOf(1_772_439_342_120),
      type: 'ping',
      id: ids.message(),
      arcp: '1.0',
    };
    expect(encodeMessage(ping)).toBe(
      '{"arcp":"1.0","id":"msg_00000000000000000000000000","type":"ping","timestamp":"2026-03-02T08:15:42.120Z","payload":{}}',
    );
  });

  it('[10.2] leaves out the priority normal and keeps high', () => {
    const again = (priority: string) => JSON.parse(encodeMessage(envelopeOf(wire('ping', {}, { priority }))));
    expect('priority' in again('normal')).toBe(false);
    expect(again('high').priority).toBe('high');
  });

  it('writes all 19 fields in one order, whatever order they came in', () => {
    const fields = {
      source: 'a',
      target: '',
      session_id: 'sess_1',
      job_id: 'job_1',
      stream_id: 'str_1',
      subscription_id: 'sub_1',
      trace_id: 't',
      span_id: 's',
      parent_span_id: 'p',
      correlation_id: 'msg_2',
      causation_id: 'msg_3',
      idempotency_key: 'k',
      priority: 'critical',
      extensions: { optional: true, 'arcpx.acme.billing.v1': { cost_center: 'R12' } },
    };
    const text = JSON.stringify(wire('tool.invoke', { tool: 't', arguments: null }, fields));
    expect(Object.keys(JSON.parse(text))).toHaveLength(19);
    const shuffled = Object.fromEntries(Object.entries(JSON.parse(text)).reverse());
    expect(encodeMessage(envelopeOf(shuffled))).toBe(text);
  });

  it('leaves out members that are undefined, at every level', () => {
    const { id, timestamp } = envelopeOf(wire('ping'));
    const message: Message = {
      arcp: '1.0',
      id,
      timestamp,
      type: 'job.completed',
      job_id: undefined,
      priority: undefined,
      payload: { value: null, result_ref: undefined },
    };
    expect(JSON.parse(encodeMessage(message))).toEqual(wire('job.completed', { value: null }));
  });

  it.each([
    ['value', Number.NaN],
    ['value', Number.POSITIVE_INFINITY],
    ['value', Number.NEGATIVE_INFINITY],
    ['dims', { deep: [{ er: Number.NaN }] }],
  ])('[10.79] throws before a metric whose %s is %j is sent', (name, value) => {
    const payload = { name: 'latency.ms', value: 1, unit: 'ms', [name]: value };
    expect(() => encodeMessage({ ...envelopeOf(wire('metric')), payload })).toThrow(RangeError);
    const extensions = { 'arcpx.acme.x.v1': value };
    expect(() => encodeMessage({ ...envelopeOf(wire('ping')), extensions })).toThrow(
      name === 'value' || name === 'dims' ? RangeError : TypeError,
    );
  });

  it.each([
    ['job.heartbeat', { sequence: -1, state: 'running' }],
    ['job.heartbeat', { sequence: 1.5, state: 'running' }],
    ['job.heartbeat', { sequence: 2 ** 53, state: 'running' }],
    ['stream.chunk', { sequence: 1e21, data: '' }],
    ['backpressure', { desired_rate_per_second: 2 ** 32 }],
    ['artifact.ref', { artifact: { artifact_id: 'art_1', uri: '', media_type: '', size: 0.5 } }],
    [
      'session.accepted',
      { session_id: 'sess_1', runtime: { kind: '', version: '' }, capabilities: { heartbeat_interval_seconds: -1 } },
    ],
  ])('throws for a %s with a count that is none: %j', (type, payload) => {
    expect(() => encodeMessage({ ...envelopeOf(wire(type)), payload })).toThrow(RangeError);
  });

  it.each([
    ['an empty trace id', { trace_id: '' }],
    ['an id of another kind', { correlation_id: 'job_1' }],
    ['null for what is absent', { job_id: null }],
    ['a Date', { timestamp: new Date(0) }],
    ['a timestamp without an offset', { timestamp: '2026-03-02T08:15:42' }],
    ['an unknown priority', { priority: 'urgent' }],
    ['no payload', { payload: undefined }],
    ['a list for a payload', { payload: [] }],
    ['a payload its type does not take', { type: 'tool.invoke', payload: { tool: 'echo' } }],
    ['null for an absent member', { type: 'job.started', payload: { description: null } }],
    ['undefined in a list', { type: 'event.emit', payload: { name: 'n', data: [undefined] } }],
    ['a gap in a list', { type: 'event.emit', payload: { name: 'n', data: new Array(2) } }],
    ['a function', { type: 'event.emit', payload: { name: 'n', data: { f: () => 1 } } }],
    ['a bigint', { type: 'event.emit', payload: { name: 'n', data: 1n } }],
    ['a symbol', { type: 'event.emit', payload: { name: 'n', data: { s: Symbol('s') } } }],
    ['an object that writes itself', { type: 'event.emit', payload: { name: 'n', data: new Date(Number.NaN) } }],
  ])('throws for %s', (_, fields) => {
    expect(() => encodeMessage({ ...envelopeOf(wire('ping')), ...fields } as unknown as RawEnvelope)).toThrow(
      TypeError,
    );
  });

  it('throws for what bites its own tail', () => {
    const data: unknown[] = [];
    data.push(data);
    const payload = { name: 'n', data } as never;
    expect(() => encodeMessage({ ...envelopeOf(wire('event.emit')), payload })).toThrow(RangeError);
  });

  it('[10.79] makes text well formed, in values and names, and touches nothing else', () => {
    const encode = (data: unknown) =>
      JSON.parse(encodeMessage(envelopeOf(wire('event.emit', { name: 'n', data })))).payload.data;
    expect(encode('\ud800')).toBe('\ufffd');
    expect(encode('a\udc00b\ud83d')).toBe('a\ufffdb\ufffd');
    expect(encode({ '\udfff': ['\ud800'] })).toEqual({ '\ufffd': ['\ufffd'] });
    // What looks like an escape but is text, and what stands beside a real one.
    for (const data of ['\u{1f600}', '\\ud800', '\\\\ud800', '\\', '\ufffd', '"\\ud800"\n']) {
      expect(encode(data)).toBe(data);
    }
    expect(encode('\\ud800\ud800\\\udfff')).toBe('\\ud800\ufffd\\\ufffd');
    expect(encode('\ud800\ud83d\ude00')).toBe('\ufffd\u{1f600}');
  });

  it('writes one line without a byte order mark', () => {
    const text = encodeMessage(envelopeOf(wire('event.emit', { name: 'a\nb\r\u2028', data: '\ufeff' })));
    expect(text.startsWith('{')).toBe(true);
    expect(text).not.toMatch(/[\n\r]/);
  });

  it('writes members of an extension message as they are', () => {
    const value = wire('arcpx.acme.x.v1', { a: [1, { b: null }] });
    expect(encodeMessage(envelopeOf(value))).toBe(JSON.stringify(value));
  });

  it('writes what lies 127 levels deep, and throws one level below', () => {
    const invoke = (levels: number) => {
      const value = JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`);
      return { ...envelopeOf(wire('tool.invoke')), payload: { tool: 't', arguments: value } };
    };
    expect(encodeMessage(invoke(125))).toContain('[');
    expect(() => encodeMessage(invoke(126))).toThrow(RangeError);
  });
});

describe('reading an envelope', () => {
  it('takes the smallest legal message', () => {
    const text = '{"arcp":"1.0","id":"msg_1","type":"ping","timestamp":"2026-03-02T08:15:42Z","payload":{}}';
    expect(decodeEnvelope(text)).toEqual({ kind: 'envelope', envelope: JSON.parse(text) });
    expect(decodeEnvelope(`\n ${text}\t`).kind).toBe('envelope');
  });

  it('[10.3] reads the 1432.0 of a Rust peer as the number 1432', () => {
    const text = `{"arcp":"1.0","id":"msg_1","type":"metric","timestamp":"2026-03-02T08:15:42.434537002Z",
      "payload":{"name":"tokens.used","value":1432.0,"unit":"tokens"}}`;
    const decoded = decodeEnvelope(text);
    if (decoded.kind !== 'envelope') throw new Error('no envelope');
    expect(decoded.envelope.timestamp).toBe('2026-03-02T08:15:42.434537002Z');
    expect(decodePayload(decoded.envelope, 'metric').payload.value).toBe(1432);
  });

  it('[10.5] refuses a payload that is missing, null, a list or no object, and says whom to answer', () => {
    const { payload: _, ...none } = wire('ping');
    expect(where(decode(none))).toEqual({ path: 'payload', id: 'msg_1' });
    for (const payload of [null, [], '', 0, false]) {
      expect(where(decode(wire('ping', payload)))).toEqual({ path: 'payload', id: 'msg_1' });
    }
  });

  it.each([['01KDMX4Q8W7R2N5T0V9Y3B6C1Z'], ['msg_'], ['MSG_1'], ['job_1'], [''], [1], [null], [['msg_1']]])(
    '[10.6] refuses the id %j, which nobody can be answered by',
    (id) => {
      const decoded = decode(wire('ping', {}, { id }));
      expect(decoded).toMatchObject({ kind: 'malformed', path: 'id' });
      expect('id' in decoded).toBe(false);
    },
  );

  it('[10.6] takes the id msg_1, and says it is missing where it is', () => {
    expect(decode(wire('ping', {}, { id: 'msg_1' })).kind).toBe('envelope');
    expect(decode(wire('ping', {}, { id: undefined }))).toEqual({ kind: 'malformed', path: 'id', issue: 'is missing' });
  });

  it.each([
    ['correlation_id', 'job_1'],
    ['causation_id', 'sess_1'],
    ['session_id', 'job_1'],
    ['session_id', 'sess_'],
    ['job_id', 'JOB_1'],
    ['stream_id', 'stream_1'],
    ['subscription_id', 'sub-1'],
  ])('[10.7] refuses %s %s: another kind of id', (name, value) => {
    expect(where(decode(wire('ping', {}, { [name]: value })))).toEqual({ path: name, id: 'msg_1' });
  });

  it.each(['trace_id', 'span_id', 'parent_span_id', 'idempotency_key'])(
    '[10.8] refuses an empty %s, one longer than 1,024 characters, and ill-formed text',
    (name) => {
      for (const value of ['', 'x'.repeat(1_025), '\ud800', 1, null]) {
        expect(where(decode(wire('ping', {}, { [name]: value })))).toEqual({ path: name, id: 'msg_1' });
      }
      expect(decode(wire('ping', {}, { [name]: 'x'.repeat(1_024) })).kind).toBe('envelope');
    },
  );

  it.each([
    ['2026-03-02T08:15:42+02:00', true],
    ['2026-03-02T08:15:42.123456789Z', true],
    ['2026-03-02T08:15:42', false],
    [1772439342, false],
    [null, false],
  ])('[10.9] takes the timestamp %j: %s, and keeps its text', (timestamp, isTaken) => {
    const decoded = decode(wire('ping', {}, { timestamp }));
    if (decoded.kind === 'envelope') expect(decoded.envelope.timestamp).toBe(timestamp);
    else expect(where(decoded)).toEqual({ path: 'timestamp', id: 'msg_1' });
    expect(decoded.kind === 'envelope').toBe(isTaken);
  });

  it('[10.10] ignores what it does not know, at the top and in a payload', () => {
    const envelope = envelopeOf(wire('ping', { nonce: 'n', x: 1 }, { event_seq: 3, constructor: 1 }));
    expect(Object.keys(envelope).sort()).toEqual(['arcp', 'id', 'payload', 'timestamp', 'type']);
    expect(decodePayload(envelope, 'ping').payload).toEqual({ nonce: 'n' });
  });

  it.each(['urgent', 'High', 'NORMAL', '', 2, null, ['high']])('[10.11] refuses the priority %j', (priority) => {
    expect(where(decode(wire('ping', {}, { priority })))).toEqual({ path: 'priority', id: 'msg_1' });
  });

  it.each(['low', 'normal', 'high', 'critical'])('[10.11] takes the priority %s', (priority) => {
    expect(envelopeOf(wire('ping', {}, { priority })).priority).toBe(priority);
  });

  it.each([
    '[{"arcp":"1.0"}]',
    '{not json',
    '',
    ' ',
    'null',
    '"text"',
    '1',
    'true',
    '\ufeff{"arcp":"1.0","id":"msg_1","type":"ping","timestamp":"2026-03-02T08:15:42Z","payload":{}}',
    '{}{}',
    '{"a":NaN}',
    "{'a':1}",
  ])('[10.12] takes %j for garbage, which nobody is answered about', (text) => {
    expect(decodeEnvelope(text).kind).toBe('garbage');
  });

  it.each([
    ['arcp', 2],
    ['arcp', null],
    ['type', 1],
    ['type', null],
    ['type', 'x'.repeat(1_025)],
    ['source', 1],
    ['target', null],
    ['extensions', null],
    ['extensions', []],
    ['extensions', true],
  ])('refuses %s %j', (name, value) => {
    expect(where(decode(wire('ping', {}, { [name]: value })))).toEqual({ path: name, id: 'msg_1' });
  });

  it('leaves a version and a type it does not know to whoever reads on', () => {
    expect(envelopeOf(wire('', {}, { arcp: '2.0' }))).toMatchObject({ arcp: '2.0', type: '' });
    expect(['1.0', '1.1', '1.12'].every(isSpokenVersion)).toBe(true);
    expect(['1', '2.0', '1.', '1.x', '11.0', ' 1.0', '1.0\n', ''].some(isSpokenVersion)).toBe(false);
  });

  it('names no word of the peer in what it says of a fault', () => {
    const secret = 'hunter2';
    const texts = [
      decode(wire('ping', {}, { priority: secret })),
      decode(wire('ping', {}, { id: secret })),
      decodeEnvelope(`{"${secret}`),
    ];
    expect(JSON.stringify(texts)).not.toContain(secret);
    for (const payload of [
      { target: secret, target_id: 'x' },
      { target: 'job', target_id: { [secret]: 1 } },
    ]) {
      try {
        decodePayload(envelopeOf(wire('cancel', payload)), 'cancel');
        expect.unreachable();
      } catch (error) {
        expect(`${(error as Error).message} ${JSON.stringify(error)}`).not.toContain(secret);
      }
    }
  });

  it('borrows nothing from the prototype of objects, should somebody have put it there', () => {
    const prototype = Object.prototype as unknown as Record<string, unknown>;
    try {
      prototype.payload = {};
      prototype.priority = 'high';
      const { payload: _, ...none } = wire('ping');
      expect(where(decode(none))).toEqual({ path: 'payload', id: 'msg_1' });
      expect(Object.keys(envelopeOf(wire('ping')))).not.toContain('priority');
    } finally {
      delete prototype.payload;
      delete prototype.priority;
    }
  });

  it('[10.80] keeps __proto__ in free JSON as an own key, and changes no prototype', () => {
    const text = `{"arcp":"1.0","id":"msg_1","type":"tool.invoke","timestamp":"2026-03-02T08:15:42Z","__proto__":{"x":1},
      "payload":{"tool":"t","arguments":{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}}},"__proto__":{"tool":"u"}},
      "extensions":{"__proto__":{"optional":true}}}`;
    const decoded = decodeEnvelope(text);
    if (decoded.kind !== 'envelope') throw new Error('no envelope');
    const { envelope } = decoded;
    expect(Object.getPrototypeOf(envelope)).toBe(Object.prototype);
    const message = decodePayload(envelope, 'tool.invoke');
    const args = message.payload.arguments as Record<string, unknown>;
    expect(Object.getPrototypeOf(args)).toBe(Object.prototype);
    expect(Object.keys(args)).toEqual(['__proto__', 'constructor']);
    expect(args.admin).toBeUndefined();
    expect(({} as { admin?: unknown }).admin).toBeUndefined();
    expect(Object.getPrototypeOf(message.payload)).toBe(Object.prototype);
    expect(message.payload.tool).toBe('t');
    expect(envelope.extensions?.optional).toBeUndefined();
    const written = JSON.parse(encodeMessage(message));
    expect(Object.keys(written.payload.arguments)).toEqual(['__proto__', 'constructor']);
    expect(Object.keys(written.payload)).toEqual(['tool', 'arguments']);
    expect(Object.keys(written.extensions)).toEqual(['__proto__']);
  });
});

describe('limits of a message', () => {
  const sized = (bytes: number, unit: string) => {
    const empty = JSON.stringify(wire('ping', { nonce: '' }));
    const units = (bytes - empty.length) / new TextEncoder().encode(unit).length;
    return JSON.stringify(wire('ping', { nonce: unit.repeat(units) }));
  };

  it.each(['a', '\u20ac'])('count bytes of UTF-8, here of %j: one less, just as many, one more', (unit) => {
    const text = sized(1_000 - ((1_000 - JSON.stringify(wire('ping', { nonce: '' })).length) % 3), unit);
    const maxBytes = new TextEncoder().encode(text).length;
    expect(decodeEnvelope(text, { maxBytes: maxBytes + 1 }).kind).toBe('envelope');
    expect(decodeEnvelope(text, { maxBytes }).kind).toBe('envelope');
    expect(decodeEnvelope(text, { maxBytes: maxBytes - 1 }).kind).toBe('garbage');
  });

  it('let an artifact of 4 MiB through by default, and stop at 8 MiB', () => {
    const put = (characters: number) =>
      JSON.stringify(wire('artifact.put', { media_type: 'a/b', data: 'A'.repeat(characters) }));
    expect(decodeEnvelope(put(5_592_408)).kind).toBe('envelope');
    expect(decodeEnvelope(put(8_388_608)).kind).toBe('garbage');
  });

  const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
  const invoke = (levels: number) =>
    `{"arcp":"1.0","id":"msg_1","type":"tool.invoke","timestamp":"2026-03-02T08:15:42Z","payload":{"tool":"t","arguments":${nested(levels)}}}`;

  it('let arguments nest 125 levels and not 126, as version 0.1.0 of the Rust crate does', () => {
    expect(decodeEnvelope(invoke(124)).kind).toBe('envelope');
    expect(decodeEnvelope(invoke(125)).kind).toBe('envelope');
    expect(where(decodeEnvelope(invoke(126)))).toEqual({ path: 'payload', id: 'msg_1' });
    expect(where(decodeEnvelope(invoke(100_000)))).toEqual({ path: 'payload', id: 'msg_1' });
    expect(decodeEnvelope(invoke(3), { maxDepth: 5 }).kind).toBe('envelope');
    expect(decodeEnvelope(invoke(4), { maxDepth: 5 }).kind).toBe('malformed');
  });

  it('give an event the room of the message inside it, written and read', () => {
    const deep = envelopeOf(JSON.parse(invoke(125)));
    const event = { ...envelopeOf(wire('subscribe.event')), payload: { event: JSON.parse(encodeMessage(deep)) } };
    const text = encodeMessage(event);
    expect(decodeEnvelope(text).kind).toBe('envelope');
    expect(readEnvelope(JSON.parse(text).payload.event)).toEqual({ kind: 'envelope', envelope: deep });
    const wide = Object.fromEntries(Array.from({ length: 9_998 }, (_, i) => [i, i]));
    const full = envelopeOf(wire('tool.invoke', { tool: 't', arguments: wide }));
    const widest = { ...event, payload: { event: JSON.parse(encodeMessage(full)) } };
    expect(decodeEnvelope(encodeMessage(widest)).kind).toBe('envelope');
  });

  it('count members of payload and extensions together: one less, just as many, one more', () => {
    const value = wire('event.emit', { name: 'n', data: [{ a: 1, b: { c: 2 } }] }, { extensions: { optional: true } });
    for (const [maxKeys, kind] of [
      [7, 'envelope'],
      [6, 'envelope'],
      [5, 'malformed'],
    ] as const) {
      expect(decodeEnvelope(JSON.stringify(value), { maxKeys }).kind).toBe(kind);
    }
  });

  it('refuse a number that becomes Infinity wherever it stands, since nobody could pass it on', () => {
    const text = (payload: string, extensions: string) =>
      `{"arcp":"1.0","id":"msg_1","type":"metric","timestamp":"2026-03-02T08:15:42Z","payload":${payload},"extensions":${extensions}}`;
    expect(where(decodeEnvelope(text('{"a":[1e400]}', '{}')))).toEqual({ path: 'payload', id: 'msg_1' });
    expect(where(decodeEnvelope(text('{}', '{"a":-1e400}')))).toEqual({ path: 'extensions', id: 'msg_1' });
    expect(decodeEnvelope(text('{"a":1e308}', '{}')).kind).toBe('envelope');
  });

  it.each([{ maxBytes: 0 }, { maxBytes: 1.5 }, { maxDepth: 0 }, { maxDepth: 1_001 }, { maxKeys: -1 }])(
    'cannot be %j',
    (limits) => {
      expect(() => decodeEnvelope(JSON.stringify(wire('ping')), limits)).toThrow(RangeError);
    },
  );
});

describe('checking a payload', () => {
  it('[10.31] refuses tool.invoke without arguments, and takes null and scalars for them', () => {
    expectRefused('tool.invoke', { tool: 'echo' }, 'payload.arguments');
    for (const value of [null, 0, '', false, [], {}]) {
      expect(messageOf('tool.invoke', { tool: 'echo', arguments: value }).payload.arguments).toEqual(value);
    }
  });

  it('[10.42] refuses a cancel of a subscription, of nothing, and of an id that is no text', () => {
    expectRefused('cancel', { target: 'subscription', target_id: 'sub_1' }, 'payload.target');
    expectRefused('cancel', {}, 'payload.target');
    expectRefused('cancel', { target: 'job' }, 'payload.target_id');
    expectRefused('cancel', { target: 'job', target_id: 1 }, 'payload.target_id');
    expect(messageOf('cancel', { target: 'job', target_id: 'zzz' }).payload.target_id).toBe('zzz');
  });

  it('[10.57] takes a stream kind nobody knows for event, but no kind that is no text', () => {
    expect(messageOf('stream.open', { kind: 'video' }).payload.kind).toBe('event');
    expect(messageOf('stream.open', { kind: 'Text' }).payload.kind).toBe('event');
    for (const kind of ['text', 'binary', 'event', 'log', 'metric', 'thought']) {
      expect(messageOf('stream.open', { kind }).payload.kind).toBe(kind);
    }
    expectRefused('stream.open', { kind: null }, 'payload.kind');
  });

  it.each([
    ['cancel', { target: 'job', target_id: 'j' }, 'deadline_ms'],
    ['job.heartbeat', { state: 'running' }, 'sequence'],
    ['job.heartbeat', { state: 'running', sequence: 1 }, 'deadline_ms'],
    ['stream.chunk', { data: null }, 'sequence'],
    ['stream.close', {}, 'final_sequence'],
    ['backpressure', {}, 'desired_rate_per_second'],
    ['backpressure', {}, 'buffer_remaining_bytes'],
    ['permission.request', { permission: 'p', resource: 'r', operation: 'o' }, 'requested_lease_seconds'],
    ['permission.grant', { permission: 'p', resource: 'r', operation: 'o' }, 'lease_seconds'],
    ['lease.refresh', { lease_id: 'lease_1' }, 'additional_seconds'],
    ['artifact.put', { media_type: 'm', data: '' }, 'retain_seconds'],
  ])('[10.81] refuses in %s %j a %s that is negative, fractional, too large or no number', (type, rest, name) => {
    for (const value of [-1, 0.5, 2 ** 53, 1e21, '1', null, true]) {
      expectRefused(type, { ...rest, [name]: value }, `payload.${name}`);
    }
    const most = name === 'desired_rate_per_second' ? 2 ** 32 - 1 : Number.MAX_SAFE_INTEGER;
    for (const value of [0, 1, most]) {
      const { payload } = messageOf(type as 'stream.close', { ...rest, [name]: value });
      expect((payload as Record<string, unknown>)[name]).toBe(value);
    }
  });

  it('[10.81] refuses such a count deep inside a payload, and names the way there', () => {
    const ref = { artifact_id: 'art_1', uri: 'u', media_type: 'm', size: -1 };
    expectRefused('job.completed', { result_ref: ref }, 'payload.result_ref.size');
    expectRefused('artifact.ref', { artifact: ref }, 'payload.artifact.size');
    expectRefused('job.schedule', { job: { type: 't', payload: {} }, when: { after: 0.5 } }, 'payload.when.after');
    expectRefused('backpressure', { desired_rate_per_second: 2 ** 32 }, 'payload.desired_rate_per_second');
  });

  it('refuses a number that is none', () => {
    for (const value of ['1432', null, true]) {
      expectRefused('metric', { name: 'n', value, unit: 'u' }, 'payload.value');
      expectRefused('job.progress', { percent: value }, 'payload.percent');
    }
    expect(messageOf('job.progress', { percent: 250.5 }).payload.percent).toBe(250.5);
  });

  it.each([
    ['log', { message: '' }, 'level', ['trace', 'debug', 'info', 'warn', 'error', 'critical'], 'warning'],
    [
      'job.heartbeat',
      { sequence: 1 },
      'state',
      ['accepted', 'queued', 'running', 'blocked', 'paused', 'completed', 'failed', 'cancelled'],
      'Running',
    ],
    ['interrupt', { target_id: 'j', prompt: '' }, 'target', ['job', 'stream', 'session'], 'Job'],
    ['session.close', {}, 'jobs', ['cancel', 'detach'], 'finish'],
  ])('takes of %s %j the words of %s, letter for letter', (type, rest, name, words, wrong) => {
    for (const word of words) {
      const { payload } = messageOf(type as 'log', { ...rest, [name]: word });
      expect(payload).toEqual({ ...rest, [name]: word });
    }
    expectRefused(type, { ...rest, [name]: wrong }, `payload.${name}`);
  });

  it('takes the five schemes of authentication, letter for letter', () => {
    const open = (scheme: string) => ({ auth: { scheme }, client: { kind: 'k', version: 'v' } });
    for (const scheme of ['bearer', 'signed_jwt', 'none', 'mtls', 'oauth2']) {
      expect(messageOf('session.open', open(scheme)).payload.auth.scheme).toBe(scheme);
    }
    for (const scheme of ['Bearer', 'basic', '', 'toString']) {
      expectRefused('session.open', open(scheme), 'payload.auth.scheme');
    }
  });

  it('takes exactly one time for a scheduled job', () => {
    const job = { type: 'tool.invoke', payload: {} };
    for (const when of [
      { at: '2026-03-02T08:15:42Z' },
      { every: 'FREQ=DAILY' },
      { after: 0 },
      { after: 1, later: 2 },
    ]) {
      const { later: _, ...expected } = when as { later?: unknown };
      expect(messageOf('job.schedule', { job, when }).payload.when).toEqual(expected);
    }
    const twice = { at: '2026-03-02T08:15:42Z', after: 1 };
    for (const when of [{}, { later: 1 }, twice, { every: 'FREQ=DAILY', after: 1 }, [], null]) {
      expectRefused('job.schedule', { job, when }, 'payload.when');
    }
    expectRefused('job.schedule', { job, when: { at: 'tomorrow' } }, 'payload.when.at');
    expectRefused('job.schedule', { job: { type: 't', payload: [] }, when: { after: 1 } }, 'payload.job.payload');
  });

  it('keeps of a handoff whatever names the runtime, and refuses one that names none', () => {
    const runtime = { kind: 'k', version: 'v', uri: 'wss://b.example', more: { x: [1] } };
    expect(messageOf('agent.handoff', { runtime }).payload.runtime).toEqual(runtime);
    for (const wrong of ['k', {}, { kind: 'k' }, { kind: 'k', version: 1 }, []]) {
      expectRefused('agent.handoff', { runtime: wrong }, 'payload.runtime');
    }
  });

  it('takes any code that is a text, so that no job stays without its end', () => {
    for (const code of ['ABORTED', 'arcpx.acme.QUOTA_EXCEEDED', 'NEWER_CODE', 'toString']) {
      expect(messageOf('job.failed', { code, message: '' }).payload.code).toBe(code);
    }
    for (const code of ['', 1, null]) expectRefused('job.failed', { code, message: '' }, 'payload.code');
    expectRefused('nack', { code: 'ABORTED', message: '', cause: { code: 'INTERNAL' } }, 'payload.cause.message');
    expectRefused('nack', { code: 'ABORTED', message: '', cause: [] }, 'payload.cause');
  });

  it('refuses ids of another kind, also inside', () => {
    expectRefused('job.accepted', { job_id: 'sess_1' }, 'payload.job_id');
    expectRefused('unsubscribe', { subscription_id: 'job_1' }, 'payload.subscription_id');
    expectRefused('artifact.fetch', { artifact_id: 'ART_1' }, 'payload.artifact_id');
    expectRefused('lease.revoked', { lease_id: 'lease_', reason: '' }, 'payload.lease_id');
    expectRefused('resume', { after_message_id: 'chk_1' }, 'payload.after_message_id');
  });

  it('refuses a list where an object must stand, though all its members may be missing', () => {
    expectRefused('subscribe', { since: [] }, 'payload.since');
    expectRefused('agent.delegate', { target: 't', task: 't', context: [] }, 'payload.context');
    expectRefused('human.choice.request', { prompt: '', options: {}, expires_at: '' }, 'payload.options');
    expectRefused(
      'human.choice.request',
      { prompt: '', options: [[]], expires_at: '2026-03-02T08:15:42Z' },
      'payload.options.0',
    );
  });
});

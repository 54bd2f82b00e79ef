// Rows S9 to S12 and S16, findings F21 to F24: what the content of a frame may do. Decoding by itself is held to its
// table in ../frame.test.ts; here the same bytes reach a session.

import * as v from 'valibot';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { encodeUtf8 } from '../../../src/bytes/utf8.js';
import { MAX_PLAINTEXT_BYTES } from '../../../src/channel/contract.js';
import { defineContract } from '../../../src/phone/contract.js';
import { rpcError } from '../../../src/phone/wire-errors.js';
import { consoleLines } from '../../support/console-lines.js';
import { FramePeer, sessionAgainst, sessionPair, settle } from '../../support/frame-peer.js';
import { securePair } from '../../support/secure-pair.js';
import { allTextOf } from '../../support/text-of.js';

// Any few letters of it give it away: engines quote a piece of what they could not parse.
const SECRET = 'zqzqzqzqzqzqzqzqzqzqzqzq';
const TRACE = 'zqz';

test('S9: a plaintext of exactly the largest size is taken, and an echo of it answered', async () => {
  const { session, peer } = sessionAgainst('responder', { handlers: { length: (text: string) => text.length } });
  const frame = (length: number) =>
    `{"method":"length","params":"${'x'.repeat(length)}","seq":0,"stream_id":1,"type":"req"}`;
  const room = MAX_PLAINTEXT_BYTES - frame(0).length;
  peer.send(frame(room));
  expect(await peer.until(1)).toMatchObject([{ type: 'res', result: room }]);
  await session.close();
});

test.each([
  ['of 65,536 bytes', new Uint8Array(65_536), 'ERR_CHANNEL_PROTOCOL'],
  ['of 65,535 bytes that open to nothing', new Uint8Array(65_535), 'ERR_NOISE_DECRYPT'],
  ['of 16 bytes that open to nothing', new Uint8Array(16), 'ERR_NOISE_DECRYPT'],
  ['of 15 bytes', new Uint8Array(15), 'ERR_CHANNEL_PROTOCOL'],
  ['of none', new Uint8Array(0), 'ERR_CHANNEL_PROTOCOL'],
  ['of text', 'text', 'ERR_CHANNEL_PROTOCOL'],
])('S9: a frame %s ends the session before anybody parses it', async (_, frame, code) => {
  const { callee, caller, transports } = await securePair();
  transports.caller.send(frame);
  expect(await callee.closed).toMatchObject({ code: 1002, error: { code } });
  expect(await caller.closed).toMatchObject({ code: 1002, reason: '' });
});

test('S9: the largest frame passes the real channel both ways', async () => {
  const { caller } = await securePair({ handlers: { echo: (value) => value } });
  const room = MAX_PLAINTEXT_BYTES - '{"method":"echo","params":"","seq":0,"stream_id":1,"type":"req"}'.length;
  const text = 'x'.repeat(room);
  expect(await caller.call('echo', text)).toBe(text);
  await expect(caller.call('echo', `${text}x`)).rejects.toMatchObject({ limit: 'maxFrameBytes', seen: 65_520 });
  await caller.close();
});

test('S9: 20,000 levels in a member nobody asked for do no harm', async () => {
  const { session, peer } = sessionAgainst('responder', { handlers: { echo: (value) => value } });
  const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
  peer.send(`{"x":${deep},"method":"echo","params":1,"seq":0,"stream_id":1,"type":"req"}`);
  expect(await peer.until(1)).toMatchObject([{ type: 'res', result: 1 }]);
  await session.close();
});

test.each([
  ['params', `{"method":"m","params":DEEP,"seq":0,"stream_id":1,"type":"req"}`],
  ['params of an unknown method', `{"type":"req","method":"nope","params":DEEP,"seq":0,"stream_id":1}`],
])('S9: 20,000 levels in %s close before any handler', async (_, text) => {
  const handler = vi.fn();
  const { session, peer } = sessionAgainst('responder', { handlers: { m: handler } });
  peer.send(text.replace('DEEP', `${'['.repeat(20_000)}${']'.repeat(20_000)}`));
  expect(await session.closed).toMatchObject({ code: 1008, error: { limit: 'maxJsonDepth' } });
  expect(handler).not.toHaveBeenCalled();
});

test('S9: 20,000 levels in a result, and in a chunk, close', async () => {
  const deep = `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`;
  for (const frame of [
    `{"result":${deep},"seq":0,"stream_id":1,"type":"res"}`,
    `{"result":${deep},"seq":0,"stream_id":3,"type":"stream_chunk"}`,
  ]) {
    const { session, peer } = sessionAgainst('initiator');
    const call = session.call('m').catch((error) => error);
    const step = session
      .stream('s')
      .next()
      .catch((error) => error);
    await peer.until(2);
    peer.send(frame);
    expect(await session.closed).toMatchObject({ code: 1008, error: { limit: 'maxJsonDepth' } });
    for (const settled of [call, step]) expect(await settled).toMatchObject({ delivery: 'sent' });
  }
});

test('S10: prototype members in params arrive as plain data, a copy of them changes nothing', async () => {
  const copies: Record<string, unknown>[] = [];
  const { session, peer } = sessionAgainst('responder', {
    handlers: {
      // The naive copy of F22.
      copy: (params: Record<string, unknown>) => {
        const copy: Record<string, unknown> = {};
        for (const key in params) copy[key] = params[key];
        copies.push(params);
        return [Object.keys(params), ({} as { isAdmin?: unknown }).isAdmin === undefined];
      },
    },
  });
  const params = '{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}},"toString":1}';
  peer.send(`{"method":"copy","params":${params},"seq":0,"stream_id":1,"type":"req"}`);
  peer.send(`{"seq":0,"type":"req","stream_id":3,"method":"copy","params":${params}}`);
  const own = [['__proto__', 'constructor', 'toString'], true];
  expect(await peer.until(2)).toMatchObject([{ result: own }, { result: own }]);
  for (const copy of copies) expect(Object.getPrototypeOf(copy)).toBe(Object.prototype);
  await session.close();
});

test.each(['toString', '__proto__', 'constructor', 'hasOwnProperty', 'valueOf', ''])(
  'S10: a method named %j is not found unless it was given',
  async (method) => {
    const { caller } = sessionPair({ handlers: { echo: (value) => value } });
    await expect(caller.call(method)).rejects.toMatchObject({ code: 'ERR_RPC_METHOD_NOT_FOUND' });
    const given = sessionPair({ handlers: Object.fromEntries([[method, () => 'given']]) });
    expect(await given.caller.call(method)).toBe('given');
  },
);

test('S10: members lent by a polluted Object.prototype are not read', async () => {
  const { session, peer } = sessionAgainst('responder', { handlers: { echo: (value) => value === undefined } });
  const lend = (name: string, value: unknown) =>
    Object.defineProperty(Object.prototype, name, { value, configurable: true, enumerable: false });
  const lent = { credits: 5, params: 'lent', method: 'lent', error: {}, reason: 'lent' };
  try {
    for (const [name, value] of Object.entries(lent)) lend(name, value);
    // In an order that the short way does not know.
    peer.send('{"type":"req","method":"echo","seq":0,"stream_id":1}');
    peer.send('{"type":"cancel","seq":0,"stream_id":1}');
    await settle(1);
    const [answer] = peer.frames;
    peer.send('{"type":"req","seq":0,"stream_id":3}');
    await settle(1);
    for (const name of Object.keys(lent)) delete (Object.prototype as unknown as Record<string, unknown>)[name];
    expect(answer).toEqual({ type: 'res', stream_id: 1, seq: 0, result: true });
    expect(await session.closed).toMatchObject({ code: 1002 });
  } finally {
    for (const name of Object.keys(lent)) delete (Object.prototype as unknown as Record<string, unknown>)[name];
  }
});

const REFUSED: Record<string, string | Uint8Array> = {
  'bytes that are not UTF-8': new Uint8Array([0x22, 0xff, 0xfe, 0x22]),
  'an overlong encoding': new Uint8Array([...encodeUtf8('{"seq":0,"stream_id":1,"type":"cancel","x":"'), 0xc0, 0xaf]),
  'a surrogate in UTF-8': new Uint8Array([...encodeUtf8('{"x":"'), 0xed, 0xa0, 0x80, ...encodeUtf8('"}')]),
  'a byte order mark': '\ufeff{"seq":0,"stream_id":1,"type":"cancel"}',
  'an array': '[{"seq":0,"stream_id":1,"type":"cancel"}]',
  'two objects': '{"seq":0,"stream_id":1,"type":"cancel"}{"seq":0,"stream_id":3,"type":"cancel"}',
  'nothing at all': '',
  'a known member twice': '{"method":"a","seq":0,"seq":0,"stream_id":1,"type":"req"}',
  'a known member twice, once escaped': '{"method":"a","\\u006dethod":"b","seq":0,"stream_id":1,"type":"req"}',
  'req without method (F24)': '{"seq":0,"stream_id":1,"type":"req"}',
  'error without error (F24)': '{"seq":0,"stream_id":1,"type":"error"}',
  'stream_id 1e300 (F24)': '{"method":"a","seq":0,"stream_id":1e300,"type":"req"}',
  'a type of Object.prototype': '{"seq":0,"stream_id":1,"type":"constructor"}',
};

test.each(Object.entries(REFUSED))('S11: %s closes with 1002 and no detail', async (_, bytes) => {
  const { session, peer } = sessionAgainst('responder', { handlers: { a: () => 1 } });
  peer.send(bytes);
  expect(await session.closed).toMatchObject({ code: 1002, reason: '' });
  await settle();
  expect(peer.frames).toEqual([]);
  expect(await peer.channel.closed).toEqual({ code: 1002, reason: '', clean: true });
});

test('S11: unknown members, also twice, and duplicates inside params are tolerated', async () => {
  const { session, peer } = sessionAgainst('responder', { handlers: { echo: (value) => value } });
  peer.send('{"x":1,"x":2,"method":"echo","params":{"seq":1,"seq":2},"seq":0,"stream_id":1,"type":"req"}');
  peer.send(' {"stream_id":3,\n"type":"req","seq":7, "method":"echo","params":{"a":1,"a":2}}\t');
  expect(await peer.until(2)).toMatchObject([{ result: { seq: 2 } }, { result: { a: 2 } }]);
  await session.close();
});

test('S12: no trace of a secret in what crosses the wire, all of it at home', async () => {
  const faults: unknown[] = [];
  const { session, peer } = sessionAgainst('responder', {
    onFault: (fault) => faults.push(fault),
    handlers: {
      sync: () => {
        throw new Error(SECRET);
      },
      async: async () => {
        throw Object.assign(new TypeError(SECRET), { code: SECRET, wireCode: -32050 });
      },
      async *stream() {
        yield 1;
        throw SECRET;
      },
      unsayable: () => ({ [SECRET]: () => {} }),
      huge: () => SECRET.repeat(5_000),
    },
    authorize: ({ params }) => {
      if (params === 'refuse') throw new Error(SECRET);
      return true;
    },
  });
  for (const [index, method] of ['sync', 'async', 'stream', 'unsayable', 'huge'].entries()) {
    peer.req(2 * index + 1, method, method === 'stream' ? { credits: 8 } : {});
  }
  peer.req(11, 'sync', { params: 'refuse' });
  const frames = await peer.until(8);
  const errors = frames.filter(({ type }) => type === 'error');
  expect(errors).toHaveLength(6);
  for (const { error } of errors) expect(error).toMatchObject({ code: -32000 });
  expect(JSON.stringify(frames)).not.toContain(TRACE);
  expect(faults).toHaveLength(6);
  expect(faults[0]).toMatchObject({ message: SECRET });
  await session.close();
});

test('S12: each fault has a number of its own, under which it can be found at home', async () => {
  const ids: string[] = [];
  const { caller } = sessionPair({
    onFault: (_, { correlationId, method }) => ids.push(`${method} ${correlationId}`),
    handlers: {
      fails: () => {
        throw new Error(SECRET);
      },
    },
  });
  const texts = await Promise.all(
    Array.from({ length: 20 }, () => caller.call('fails').catch((error: Error) => error.message)),
  );
  expect(new Set(texts).size).toBe(20);
  for (const [index, text] of texts.entries()) expect(text).toContain(ids[index]?.split(' ')[1]);
});

test('S12: an RpcError thrown on purpose crosses with code and text, its cause does not', async () => {
  const { session, peer } = sessionAgainst('responder', {
    handlers: {
      told: () => {
        throw rpcError(-32050, 'sold out', { cause: new Error(SECRET) });
      },
    },
  });
  peer.req(1, 'told');
  expect(await peer.until(1)).toMatchObject([{ error: { code: -32050, message: 'sold out' } }]);
  expect(JSON.stringify(peer.frames)).not.toContain(TRACE);
  await session.close();
});

test('S12: what a peer further up said to a handler is not passed on to the one who called it', async () => {
  const upstream = sessionPair({
    handlers: {
      tells: () => {
        throw rpcError(-32601, SECRET);
      },
      async *streams() {
        yield 1;
        throw rpcError(-32003, SECRET);
      },
      wrongKind: () => 1,
    },
  });
  const contract = defineContract({ tells: { result: v.string() }, count: { result: v.string() } });
  const faults: unknown[] = [];
  const { caller } = sessionPair({
    onFault: (fault) => faults.push(fault),
    handlers: {
      asks: () => upstream.caller.call('tells'),
      async reads() {
        for await (const _ of upstream.caller.stream('streams'));
      },
      async *relays() {
        yield* upstream.caller.stream('streams');
      },
      mistakes: () => upstream.caller.stream('wrongKind').next(),
      checks: () => upstream.caller.use(contract).tells(),
      // On purpose, and in its own words.
      explains: async () => {
        await upstream.caller.call('tells').catch((cause: unknown) => {
          throw rpcError(-32050, 'the supplier said no', { cause });
        });
      },
    },
  });
  for (const method of ['asks', 'reads', 'mistakes', 'checks']) {
    const error = await caller.call(method).catch((reason: unknown) => reason);
    expect(error, method).toMatchObject({ code: 'ERR_RPC_REMOTE', wireCode: -32000 });
    expect((error as Error).message, method).not.toContain(TRACE);
  }
  const items = caller.stream('relays');
  expect(await items.next()).toMatchObject({ value: 1 });
  await expect(items.next()).rejects.toMatchObject({ code: 'ERR_RPC_REMOTE', wireCode: -32000 });
  await expect(caller.call('explains')).rejects.toMatchObject({ wireCode: -32050, message: 'the supplier said no' });
  // At home the whole of it is known.
  expect(faults).toHaveLength(5);
  expect(faults[0]).toMatchObject({ wireCode: -32601, message: SECRET });
});

let logged: unknown[][];
beforeEach(() => {
  logged = consoleLines();
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** Every session that ends by a fault of the peer's, with the secret in the very frame that ends it. */
const ENDINGS: Record<string, string> = {
  'no JSON': SECRET,
  'broken JSON': `{"result":"${SECRET}"`,
  'JSON with a bad letter behind the secret': `{"result":"${SECRET}",seq:0}`,
  'no object': `"${SECRET}"`,
  'an unknown type': `{"seq":0,"stream_id":1,"type":"${SECRET}"}`,
  'a member twice': `{"result":"${SECRET}","result":"${SECRET}","seq":0,"stream_id":1,"type":"res"}`,
  'an id as text': `{"seq":0,"stream_id":"${SECRET}","type":"res"}`,
  'an error of another shape': `{"error":"${SECRET}","seq":0,"stream_id":1,"type":"error"}`,
  'a method that is no text': `{"method":["${SECRET}"],"seq":0,"stream_id":2,"type":"req"}`,
  'a request with an id of ours': `{"method":"${SECRET}","seq":0,"stream_id":1,"type":"req"}`,
  'a chunk out of order': `{"result":"${SECRET}","seq":5,"stream_id":3,"type":"stream_chunk"}`,
  'a chunk for a call we answer': `{"result":"${SECRET}","seq":0,"stream_id":2,"type":"stream_chunk"}`,
  'too deep': `{"result":${'['.repeat(65)}"${SECRET}"${']'.repeat(65)},"seq":0,"stream_id":1,"type":"res"}`,
};

test.each(Object.entries(ENDINGS))('S16: no plaintext in errors or logs when the peer sends %s', async (_, text) => {
  const { session, peer } = sessionAgainst('initiator', { handlers: { hang: () => new Promise(() => {}) } });
  const errors: unknown[] = [];
  const call = session.call('m', { password: SECRET }).catch((error) => errors.push(error));
  const step = session
    .stream('s', { password: SECRET })
    .next()
    .catch((error) => errors.push(error));
  await peer.until(2);
  peer.req(2, 'hang');
  peer.send(text);
  const { error } = await session.closed;
  await Promise.all([call, step]);
  expect(error).toBeDefined();
  for (const one of [error, ...errors]) expect(allTextOf(one)).not.toContain(TRACE);
  expect(logged).toEqual([]);
});

test('S16: no plaintext in the error of a call whose answer is of another kind', async () => {
  const { session, peer } = sessionAgainst('initiator');
  const call = session.call('m').catch((error) => error);
  await peer.until(1);
  peer.send({ type: 'stream_chunk', stream_id: 1, seq: 0, result: SECRET });
  const error = await call;
  expect(error).toMatchObject({ code: 'ERR_RPC_UNEXPECTED_FRAME' });
  expect(allTextOf(error)).not.toContain(TRACE);
  await session.close();
});

test('S16: no values in the errors of params that cannot be sent', async () => {
  const { session } = sessionAgainst('initiator');
  const cycle: Record<string, unknown> = { password: SECRET };
  cycle.self = cycle;
  for (const params of [
    cycle,
    { password: SECRET, when: 1n },
    [`${SECRET}\ud800`],
    `${SECRET}\udfff`,
    [SECRET, Number.NaN],
  ]) {
    const error = await session.call('m', params).catch((reason) => reason);
    expect(error).toBeInstanceOf(TypeError);
    expect(allTextOf(error)).not.toContain(TRACE);
  }
  const tooLong = await session.call('m', SECRET.repeat(5_000)).catch((reason) => reason);
  expect(tooLong).toMatchObject({ code: 'ERR_LIMIT_EXCEEDED', limit: 'maxFrameBytes' });
  expect(allTextOf(tooLong)).not.toContain(TRACE);
  await session.close();
});

test('S16: a whole life of a session, faults included, logs nothing', async () => {
  const { caller, callee } = sessionPair({
    handlers: {
      echo: (value) => value,
      fails: () => {
        throw new Error(SECRET);
      },
      async *count() {
        yield* [1, 2, 3];
      },
    },
  });
  await caller.call('echo', SECRET);
  await caller.call('fails').catch(() => {});
  await caller.call('nope').catch(() => {});
  for await (const _ of caller.stream('count')) break;
  await callee.close();
  await caller.call('echo').catch(() => {});
  const { peer, session } = sessionAgainst('responder');
  expect(peer).toBeInstanceOf(FramePeer);
  session.abort();
  await settle();
  expect(logged).toEqual([]);
});

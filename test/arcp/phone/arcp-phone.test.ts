// ARCP inside phone sessions: between two of ours, and with a peer that calls the method as it likes.

import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ConnectionPeer } from '../../../src/arcp/acceptor.js';
import { type ArcpPhoneOptions, arcpPhone } from '../../../src/arcp/phone/arcp-phone.js';
import { ARCP_METHOD } from '../../../src/arcp/phone/parts.js';
import { createIdentity } from '../../../src/identity/seed-identity.js';
import { connect } from '../../../src/phone/connect.js';
import { serve } from '../../../src/phone/serve.js';
import type { SessionOptions } from '../../../src/phone/session-options.js';
import type { Transport } from '../../../src/transport/contract.js';
import { memoryPair } from '../../../src/transport/memory.js';
import { phoneSessions } from '../../support/phone-sessions.js';
import { unhandledDuring } from '../../support/unhandled.js';

/** A runtime that notes what comes, and answers each message with itself. */
function echoRuntime() {
  const peers: (ConnectionPeer | undefined)[] = [];
  const transports: Transport[] = [];
  const got: unknown[] = [];
  return {
    peers,
    transports,
    got,
    async accept(transport: Transport, peer?: ConnectionPeer) {
      peers.push(peer);
      transports.push(transport);
      transport.receive((message) => {
        got.push(message);
        transport.send(message);
      });
      await transport.closed;
    },
  };
}

/** A caller that opens, and a callee with a runtime. */
function pair(options: ArcpPhoneOptions = {}, answering: Partial<SessionOptions> = {}) {
  const runtime = echoRuntime();
  const ours = arcpPhone(options);
  const theirs = arcpPhone({ ...options, runtime });
  const sessions = phoneSessions({ handlers: ours.handlers }, { handlers: theirs.handlers, ...answering });
  return { ...sessions, runtime, ours, theirs };
}

/** A peer that calls the method by hand, and a callee with a runtime. */
function byHand(options: ArcpPhoneOptions = {}, answering: Partial<SessionOptions> = {}) {
  const runtime = echoRuntime();
  const heard: unknown[] = [];
  const handlers = { [ARCP_METHOD]: (params: unknown) => void heard.push(params) };
  const theirs = arcpPhone({ ...options, runtime });
  const sessions = phoneSessions({ handlers }, { handlers: theirs.handlers, ...answering });
  const say = (part: unknown, last?: unknown, text?: unknown, more?: object) =>
    sessions.caller.call(ARCP_METHOD, last === undefined ? part : { part, last, text, ...more });
  return { ...sessions, runtime, heard, say, theirs };
}

function nextOf(transport: Transport, count: number): Promise<unknown[]> {
  const got: unknown[] = [];
  return new Promise((resolve) => {
    transport.receive((message) => {
      got.push(message);
      if (got.length === count) resolve(got);
    });
  });
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const INVALID = { code: 'ERR_RPC_INVALID_PARAMS' };
const DENIED = { code: 'ERR_RPC_DENIED' };

afterEach(() => {
  vi.restoreAllMocks();
});

describe('a connection inside a session', () => {
  it('makes the DID the peer has proved the principal, and carries megabytes from its first moment on', async () => {
    const [alice, bob] = await Promise.all([createIdentity(), createIdentity()]);
    const [near, far] = memoryPair();
    const runtime = echoRuntime();
    const server = serve({ identity: bob, transport: far, handlers: arcpPhone({ runtime }).handlers });
    const arcp = arcpPhone();
    const session = await connect({
      identity: alice,
      transport: near,
      remoteDid: bob.did,
      handlers: arcp.handlers,
    });
    const transport = arcp.open(session);
    const answers = nextOf(transport, 2);
    transport.send('{"arcp":"1.0"}');
    transport.send(`{"long":"${'\u20ac'.repeat(500_000)}"}`);
    expect((await answers).map((answer) => String(answer).length)).toEqual([14, 500_011]);
    expect(runtime.peers).toEqual([{ principal: alice.did }]);
    await session.close();
    await transport.closed;
    await server.close();
  });

  it('tells the address where the host knows it', async () => {
    const { say, runtime, callee } = byHand();
    await say(0, true, '{}');
    expect(runtime.peers).toEqual([{ principal: callee.peer.did, remoteAddress: '203.0.113.9' }]);
  });

  it('leaves the other calls of the session alone, also after its end', async () => {
    const runtime = echoRuntime();
    const ours = arcpPhone();
    const theirs = arcpPhone({ runtime });
    const { caller } = phoneSessions(
      { handlers: ours.handlers },
      { handlers: { ...theirs.handlers, echo: (params: unknown) => params } },
    );
    const transport = ours.open(caller);
    transport.send('{"big":1}'.padEnd(1_000_000, ' '));
    expect(await caller.call('echo', 1)).toBe(1);
    transport.close();
    expect(await transport.closed).toEqual({ code: 1000, reason: '', clean: true });
    expect(await caller.call('echo', 2)).toBe(2);
  });

  it('may be followed by another, from either end of the session', async () => {
    const { caller, ours, runtime } = pair();
    for (let i = 1; i <= 3; i++) {
      const transport = ours.open(caller);
      const answers = nextOf(transport, 1);
      transport.send(`{"n":${i}}`);
      expect(await answers).toEqual([`{"n":${i}}`]);
      const ender = i === 2 ? (runtime.transports.at(-1) as Transport) : transport;
      ender.close();
      expect(await transport.closed).toMatchObject({ clean: true });
      expect(await runtime.transports.at(-1)?.closed).toMatchObject({ clean: true });
    }
    expect(runtime.transports).toHaveLength(3);
  });

  it('may be followed by another at once after an abort, which gets nothing that was meant for the first', async () => {
    const { caller, ours, runtime } = pair();
    const first = ours.open(caller);
    first.receive(() => {});
    first.send('{"first":1}');
    first.send(`{"cut off":"${'x'.repeat(500_000)}"}`);
    await turn();
    first.abort();
    const second = ours.open(caller);
    const answers = nextOf(second, 1);
    second.send('{"second":1}');
    expect(await answers).toEqual(['{"second":1}']);
    expect(await runtime.transports[0]?.closed).toMatchObject({ clean: false });
    expect(runtime.got.at(-1)).toBe('{"second":1}');
  });

  it('can be begun by the side that answered the phone: a page may be the runtime', async () => {
    const runtime = echoRuntime();
    const page = arcpPhone({ runtime });
    const hub = arcpPhone();
    const { callee } = phoneSessions({ handlers: page.handlers }, { handlers: hub.handlers });
    const transport = hub.open(callee);
    const answers = nextOf(transport, 1);
    transport.send('{"from":"the hub"}');
    expect(await answers).toEqual(['{"from":"the hub"}']);
  });

  it('is one at a time', async () => {
    const { caller, callee, ours, theirs, runtime } = pair();
    const transport = ours.open(caller);
    expect(() => ours.open(caller)).toThrow(expect.objectContaining({ code: 'ERR_CHANNEL_REFUSED' }));
    transport.send('{}');
    await turn();
    expect(runtime.transports).toHaveLength(1);
    expect(() => theirs.open(callee)).toThrow(expect.objectContaining({ code: 'ERR_CHANNEL_REFUSED' }));
  });

  it('replaces a lone surrogate, which no frame can carry', async () => {
    const { caller, ours, runtime } = pair();
    ours.open(caller).send('{"a":"\ud800"}');
    await turn();
    expect(runtime.got).toEqual(['{"a":"\ufffd"}']);
  });
});

describe('the end of the session below', () => {
  it.each([
    ['closed by the caller', 'caller', 'close', { code: 1000, clean: true }],
    ['closed by the callee', 'callee', 'close', { code: 1000, clean: true }],
    ['lost', 'callee', 'abort', { code: 1006, clean: false }],
  ] as const)('ends the connection: %s', async (_name, who, how, info) => {
    const { caller, callee, ours, runtime } = pair();
    const transport = ours.open(caller);
    const answers = nextOf(transport, 1);
    transport.send('{}');
    await answers;
    void { caller, callee }[who][how]();
    expect(await transport.closed).toMatchObject(info);
    expect(await runtime.transports[0]?.closed).toMatchObject(info);
    expect(() => transport.send('{}')).toThrow(expect.objectContaining({ code: 'ERR_CHANNEL_CLOSED' }));
  });

  it('in the middle of a message loses it: nothing of it is delivered', async () => {
    const { caller, callee, ours, runtime } = pair();
    const transport = ours.open(caller);
    transport.send(`{"long":"${'x'.repeat(3_000_000)}"}`);
    while (runtime.transports.length === 0) await Promise.resolve();
    callee.abort();
    expect(await transport.closed).toMatchObject({ clean: false });
    expect(runtime.got).toEqual([]);
    expect(transport.bufferedBytes).toBe(0);
  });

  it('before the connection begins ends it at once', async () => {
    const { caller, ours } = pair();
    await caller.close();
    expect(await ours.open(caller).closed).toMatchObject({ clean: true });
  });
});

describe('a peer that cannot, or will not', () => {
  it('does not speak ARCP: the connection is lost, and says why', async () => {
    const ours = arcpPhone();
    const { caller } = phoneSessions({ handlers: ours.handlers }, { handlers: {} });
    const transport = ours.open(caller);
    transport.send('{}');
    expect(await transport.closed).toMatchObject({ clean: false, cause: { code: 'ERR_RPC_METHOD_NOT_FOUND' } });
  });

  it('has no runtime: the connection is refused', async () => {
    const [ours, theirs] = [arcpPhone(), arcpPhone()];
    const { caller } = phoneSessions({ handlers: ours.handlers }, { handlers: theirs.handlers });
    const transport = ours.open(caller);
    transport.send('{}');
    expect(await transport.closed).toMatchObject({ clean: false, cause: DENIED });
    // The refusal is of this connection, not of the peer.
    expect(() => theirs.open(caller)).not.toThrow();
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    [
      'rejects',
      async () => {
        throw new Error('no');
      },
    ],
  ])('has a runtime that %s: the connection is cut, and nothing is left unhandled', async (_name, accept) => {
    const unhandled = await unhandledDuring(async () => {
      const [ours, theirs] = [arcpPhone(), arcpPhone({ runtime: { accept } })];
      const { caller } = phoneSessions({ handlers: ours.handlers }, { handlers: theirs.handlers });
      const transport = ours.open(caller);
      transport.send('{}');
      expect(await transport.closed).toMatchObject({ clean: false });
    });
    expect(unhandled).toEqual([]);
  });

  it('never answers: what it has not answered counts as buffered, and little of it is under way', async () => {
    const ours = arcpPhone();
    let calls = 0;
    const handlers = {
      [ARCP_METHOD]: () => {
        calls++;
        return new Promise(() => {});
      },
    };
    const { caller } = phoneSessions({ handlers: ours.handlers }, { handlers });
    const transport = ours.open(caller);
    const line = 'x'.repeat(40_000);
    for (let i = 0; i < 100; i++) transport.send(line);
    await turn();
    expect(transport.bufferedBytes).toBe(8_000_000);
    expect(calls).toBe(4);
    let drained = false;
    void transport.drained({ belowBytes: 7_999_999 }).then(() => {
      drained = true;
    });
    await turn();
    expect(drained).toBe(false);
    transport.abort();
    await turn();
    expect([drained, transport.bufferedBytes]).toEqual([true, 0]);
  });

  it('never answers: the connection is cut when more waits than may', async () => {
    const ours = arcpPhone({ maxBufferedBytes: 1_000_000 });
    const { caller } = phoneSessions(
      { handlers: ours.handlers },
      { handlers: { [ARCP_METHOD]: () => new Promise(() => {}) } },
    );
    const transport = ours.open(caller);
    for (let i = 0; i < 12; i++) transport.send('x'.repeat(40_000));
    expect(transport.bufferedBytes).toBe(960_000);
    transport.send('x'.repeat(40_000));
    expect(await transport.closed).toMatchObject({ cause: { limit: 'maxBufferedBytes' } });
  });

  it('drains as it answers', async () => {
    const { caller, ours } = pair();
    const transport = ours.open(caller);
    transport.receive(() => {});
    for (let i = 0; i < 100; i++) transport.send('x'.repeat(40_000));
    await transport.drained({ belowBytes: 1_000_000 });
    expect(transport.bufferedBytes).toBeLessThanOrEqual(1_000_000);
    await transport.drained({ belowBytes: 0 });
    expect(transport.bufferedBytes).toBe(0);
  });
});

describe('calls made by hand', () => {
  it('need no count', async () => {
    const { say, runtime, heard } = byHand();
    await say(0, false, '{"a":');
    await say(1, true, '1}');
    await say(0, true, '{"b":2}');
    expect(runtime.got).toEqual(['{"a":1}', '{"b":2}']);
    await turn();
    expect(heard).toEqual([
      { part: 0, last: true, text: '{"a":1}', seq: 0 },
      { part: 0, last: true, text: '{"b":2}', seq: 1 },
    ]);
  });

  it.each([
    ['text that is no string', [[0, true, 5]]],
    ['params that are no object', [['{}']]],
    [
      'a part that is missing',
      [
        [0, false, 'x'],
        [2, true, 'y'],
      ],
    ],
    [
      'parts in the wrong order',
      [
        [0, false, 'x'],
        [2, false, 'z'],
        [1, true, 'y'],
      ],
    ],
    [
      'a second message inside the first',
      [
        [0, false, '{"a":'],
        [0, true, '{}'],
      ],
    ],
    [
      'a part after the last',
      [
        [0, true, '{}'],
        [1, true, '{}'],
      ],
    ],
    ['a part that begins in the middle', [[1, true, '{}']]],
  ] as [string, unknown[][]][])('are refused, and the connection ends: %s', async (_name, calls) => {
    const unhandled = await unhandledDuring(async () => {
      const { say, caller, runtime, theirs, callee } = byHand();
      const last = calls.at(-1) as unknown[];
      for (const [part, isLast, text] of calls.slice(0, -1)) await say(part, isLast, text).catch(() => {});
      await expect(say(last[0], last[1], last[2])).rejects.toMatchObject(calls.length === 3 ? DENIED : INVALID);
      for (const transport of runtime.transports) {
        expect(await transport.closed).toMatchObject({ clean: false, cause: { code: 'ERR_CHANNEL_PROTOCOL' } });
      }
      // Nothing more is taken, nor begun, on this session; which goes on.
      await expect(say(0, true, '{}')).rejects.toMatchObject(DENIED);
      expect(() => theirs.open(callee)).toThrow(expect.objectContaining({ code: 'ERR_CHANNEL_REFUSED' }));
      await expect(caller.call('nope')).rejects.toMatchObject({ code: 'ERR_RPC_METHOD_NOT_FOUND' });
      expect(runtime.got.every((message) => typeof message === 'string')).toBe(true);
    });
    expect(unhandled).toEqual([]);
  });

  it('a message that never ends is refused at 8 MiB', async () => {
    const { say, runtime } = byHand();
    const text = 'x'.repeat(48_000);
    let part = 0;
    const flood = async () => {
      for (; part < 1_000; part++) await say(part, false, text);
    };
    await expect(flood()).rejects.toMatchObject(INVALID);
    expect(part).toBe(Math.floor(8_388_608 / 48_000));
    expect(await runtime.transports[0]?.closed).toMatchObject({
      cause: { limit: 'maxMessageBytes', allowed: 8_388_608 },
    });
    expect(runtime.got).toEqual([]);
  });

  it('a message of just the limit passes', async () => {
    const { say, runtime } = byHand({ maxMessageBytes: 100_000 });
    for (const length of [99_999, 100_000]) {
      for (let part = 0; part * 40_000 < length; part++) {
        const left = length - part * 40_000;
        await say(part, left <= 40_000, 'x'.repeat(Math.min(40_000, left)));
      }
    }
    expect(runtime.got.map((message) => String(message).length)).toEqual([99_999, 100_000]);
    await say(0, false, 'x'.repeat(40_000));
    await say(1, false, 'x'.repeat(40_000));
    await expect(say(2, true, 'x'.repeat(20_001))).rejects.toMatchObject(INVALID);
  });

  it('a flood of parts is answered part by part, and costs no memory', async () => {
    const { say, runtime } = byHand();
    runtime.got.push = () => 0;
    const calls = Array.from({ length: 4_000 }, (_, i) => say(0, true, `{"n":${i}}`));
    await Promise.all(calls);
    expect(runtime.transports).toHaveLength(1);
  });

  it('the sign of the end, where nothing has begun, does nothing', async () => {
    const { say, runtime } = byHand();
    await say(0, true, '');
    await say(0, false, '');
    expect(runtime.transports).toEqual([]);
    await say(0, true, '{}');
    expect(runtime.transports).toHaveLength(1);
  });

  it('the sign of an abort in the middle of a message ends the connection, and the next one is clean', async () => {
    const { say, runtime } = byHand();
    await say(0, false, '{"a":');
    await say(0, false, '');
    expect(await runtime.transports[0]?.closed).toMatchObject({ clean: false });
    await say(0, true, '{"b":1}');
    expect(runtime.got).toEqual(['{"b":1}']);
  });
});

describe('parts that overtake one another', () => {
  it('are put in order by their count, and answered when they have been used', async () => {
    const { say, runtime } = byHand();
    const settled: number[] = [];
    const calls = [3, 1, 2, 0].map(async (seq) => {
      await say(0, true, `{"n":${seq}}`, { seq });
      settled.push(seq);
    });
    await Promise.all(calls);
    expect(runtime.got).toEqual(['{"n":0}', '{"n":1}', '{"n":2}', '{"n":3}']);
    expect(settled).toContain(3);
  });

  it('because a hook of ours takes longer for some of them, arrive in order', async () => {
    let asked = 0;
    const authorize = async () => {
      // The first waits longest.
      for (let i = (40 - asked++) % 7; i > 0; i--) await turn();
      return true;
    };
    const { caller, ours, runtime } = pair({}, { authorize });
    const transport = ours.open(caller);
    const sent = Array.from({ length: 100 }, (_, i) => (i % 10 === 0 ? `${i}${'x'.repeat(100_000)}` : `${i}`));
    const answers = nextOf(transport, sent.length);
    for (const message of sent) transport.send(message);
    expect(await answers).toEqual(sent);
    expect(runtime.got).toEqual(sent);
    transport.close();
    expect(await transport.closed).toMatchObject({ clean: true });
  });

  it.each([
    ['comes twice', [0, 0]],
    ['comes twice while it waits', [2, 2]],
    ['is far ahead', [64]],
    ['has come already', [0, 1, 0]],
  ])('a part whose count %s is refused', async (_name, counts) => {
    const { say } = byHand();
    const answers = await Promise.allSettled(counts.map((seq) => say(0, true, '{}', { seq })));
    expect(answers.at(-1)).toMatchObject({ status: 'rejected', reason: INVALID });
  });

  it('a part that waits for one that never comes is let go at the end', async () => {
    const { say, runtime } = byHand();
    const waiting = say(0, true, '{}', { seq: 5 });
    await turn();
    runtime.transports[0]?.abort();
    await waiting;
    expect(runtime.got).toEqual([]);
  });
});

describe('arcpPhone, arguments', () => {
  it.each([
    [{ runtime: {} }, TypeError],
    [{ maxMessageBytes: 0 }, RangeError],
    [{ maxBufferedBytes: '1' }, TypeError],
  ])('%j is refused', (options, kind) => {
    expect(() => arcpPhone(options as never)).toThrow(kind);
  });
});

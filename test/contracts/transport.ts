// What every transport adapter promises, as cases any runner can run: no test framework and no host's API in here.
// An adapter's own test file makes the connections and hands the cases to its runner.

import { fakeClock } from '../../src/testing/fake-clock.js';
import type { Acceptor, Dialer, Message, Transport } from '../../src/transport/contract.js';
import type { TransportOptions } from '../../src/transport/core.js';

/** Two sides of a connection that nobody has opened yet. */
export interface TransportEnds {
  readonly dialer: Dialer;
  readonly acceptor: Acceptor;
  /** Frees what `open` took: servers, sockets, ports. */
  dispose(): Promise<void>;
}

/** What the suite needs to know of an adapter whose connections begin without an offer. */
export interface LinkSetup {
  readonly name: string;
  /**
   * Whether a message is a line of text: no bytes, nothing empty, no line breaks; and whether ends have neither code nor
   * reason, as streams have none.
   */
  readonly linesOnly?: boolean;
  /** Whether an abort looks like a polite end from the other side, as the end of a pipe does. */
  readonly abortLooksPolite?: boolean;
  /** Makes a fresh connection. `options` go to both sides. */
  open(options?: TransportOptions): Promise<LinkEnds>;
  /** An open transport whose peer never answers a close. Absent where that cannot be. */
  openDeaf?(options: TransportOptions): Promise<{ readonly transport: Transport; dispose(): Promise<void> }>;
}

/** Two sides of an open connection: `near` asked for it. */
export interface LinkEnds {
  readonly near: Transport;
  readonly far: Transport;
  /** Frees what `open` took: servers, sockets, ports. */
  dispose(): Promise<void>;
}

/** What the suite needs to know of an adapter that passes on who calls. */
export interface TransportSetup extends Pick<LinkSetup, 'name' | 'openDeaf'> {
  /** Whether the dialler can be used once only. */
  readonly singleUse: boolean;
  /** Makes a fresh connection. `options` go to both sides. */
  open(options?: TransportOptions): Promise<TransportEnds>;
  /** Lets a stranger speak first: the acceptor's side, and a way to send it raw messages. Absent where a URL says it. */
  openRaw?(): Promise<{ readonly acceptor: Acceptor; send(message: Message): void; dispose(): Promise<void> }>;
}

/** One promise, ready to run. */
export interface TransportCase {
  readonly name: string;
  run(): Promise<void>;
}

const SUBPROTOCOL = 'agent-phone.v1';
const DID = 'did:key:z6MkehRgf7yJbgaGfYsdoAsKdBPE3dj2CYhowQdcjqSJgvVd';
const OFFER = { subprotocol: SUBPROTOCOL, callerDid: DID };

/** What holds of every open connection. */
export function linkCases(setup: LinkSetup): TransportCase[] {
  const { linesOnly = false, abortLooksPolite = false } = setup;
  const cases: TransportCase[] = [];
  const add = (name: string, run: () => Promise<void>) => cases.push({ name, run });
  /** A case over an open connection. */
  const connected = (
    name: string,
    run: (near: Transport, far: Transport) => Promise<void>,
    options?: TransportOptions,
  ) =>
    add(name, async () => {
      const { near, far, dispose } = await setup.open(options);
      try {
        await run(near, far);
      } finally {
        await dispose();
      }
    });
  /** A message that counts for so many bytes, an even number. */
  const load = (bytes: number): Message => (linesOnly ? 'x'.repeat(bytes / 2) : new Uint8Array(bytes));
  const small = (i: number): Message => (linesOnly ? `{"n":${i}}` : numbered(i));
  /** The other side has seen an abort. */
  const sawAbort = async (other: Transport) => equal((await other.closed).clean, abortLooksPolite);
  /** What `closed` says of an end with this code and reason. */
  const ending = (code: number, reason: string) => (linesOnly ? { code: 1000, reason: '' } : { code, reason });

  connected('keeps order, boundaries and kind under load, both ways at once', async (near, far) => {
    const sent = Array.from({ length: 2000 }, (_, i) => (i % 3 === 0 ? `text ${i}` : small(i)));
    const arrivals = [collect(near, sent.length), collect(far, sent.length)];
    for (const message of sent) {
      near.send(message);
      far.send(message);
    }
    for (const arrived of await Promise.all(arrivals)) {
      equal(arrived.length, sent.length);
      arrived.forEach((message, i) => {
        sameMessage(message, sent[i] as Message);
      });
    }
  });

  const extremes = linesOnly ? 'one character and 65,535' : 'empty messages and one of 65,535 bytes';
  connected(`carries ${extremes}`, async (near, far) => {
    const large = Uint8Array.from({ length: 65_535 }, (_, i) => i * 7);
    const texts = ['z'.repeat(65_535), 'Gr\u00fc\u00dfe \u{1f44b}', '"\\\u0000\u2028'.repeat(9_000)];
    const sent: Message[] = linesOnly ? ['0', ...texts] : ['', new Uint8Array(0), large, ...texts];
    const arrived = collect(far, sent.length);
    for (const message of sent) near.send(message);
    (await arrived).forEach((message, i) => {
      sameMessage(message, sent[i] as Message);
    });
  });

  for (const sender of linesOnly ? [] : (['dialler', 'acceptor'] as const)) {
    connected(`lets the ${sender} reuse its buffer at once, and the receiver keep what came`, async (near, far) => {
      const [from, to] = sender === 'dialler' ? [near, far] : [far, near];
      // So large that no socket takes it all in one go.
      const buffer = new Uint8Array(1_000_000);
      const arrived = collect(to, 12);
      for (let i = 0; i < 12; i++) {
        buffer.fill(i + 1);
        from.send(buffer);
      }
      buffer.fill(0xff);
      const kept = (await arrived) as Uint8Array[];
      kept[0]?.fill(0xee);
      kept.slice(1).forEach((message, i) => {
        equal(message.length, buffer.length);
        // Each 97th byte: what overwrites does so in long runs.
        for (let at = 0; at < message.length; at += 97) equal(message[at], i + 2);
      });
    });
  }

  connected('says whether it carries text alone', async (near, far) => {
    for (const transport of [near, far]) equal(transport.textOnly === true, linesOnly);
  });

  if (linesOnly) {
    connected('refuses what is no line, and goes on', async (near, far) => {
      const arrived = collect(far, 2);
      near.send('before');
      throws(() => near.send(Uint8Array.of(0x7b, 0x7d)), TypeError);
      for (const message of ['', ' ', ' \t ', 'a\nb', 'a\r\n', '\n']) throws(() => near.send(message), RangeError);
      near.send('after');
      equal((await arrived).join(), 'before,after');
    });
  } else {
    connected('sends the part of a larger buffer that was meant', async (near, far) => {
      const arrived = collect(far, 1);
      near.send(Uint8Array.of(0, 1, 2, 3, 4, 5).subarray(2, 4));
      sameMessage((await arrived)[0] as Message, Uint8Array.of(2, 3));
    });
  }

  connected('keeps messages that come before anybody listens', async (near, far) => {
    near.send('one');
    near.send(small(2));
    const reply = collect(near, 1);
    far.send('both have arrived by the time this is answered');
    await reply;
    near.send('three');
    const arrived = await collect(far, 3);
    equal(arrived[0], 'one');
    sameMessage(arrived[1] as Message, small(2));
    equal(arrived[2], 'three');
  });

  connected(
    'aborts when more comes early than may wait',
    async (near, far) => {
      near.send(load(1000));
      near.send(load(2));
      const info = await far.closed;
      equal(info.clean, false);
      equal((info.cause as { code?: string } | undefined)?.code, 'ERR_LIMIT_EXCEEDED');
      await sawAbort(near);
      throws(() => far.send('x'), 'ERR_CHANNEL_CLOSED');
      const arrived: Message[] = [];
      far.receive((message) => arrived.push(message));
      equal(arrived.length, 0);
    },
    { maxEarlyBytes: 1000 },
  );

  connected(
    'keeps just as much early as may wait',
    async (near, far) => {
      near.send(load(998));
      near.send(load(2));
      near.close();
      const arrived = await collect(far, 2);
      equal(arrived.length, 2);
      equal((await far.closed).clean, true);
    },
    { maxEarlyBytes: 1000 },
  );

  connected('aborts when a flood of the shortest messages comes early', async (near, far) => {
    for (let i = 0; i <= 4096; i++) near.send(linesOnly ? '0' : '');
    const info = await far.closed;
    equal(info.clean, false);
    equal((info.cause as { code?: string } | undefined)?.code, 'ERR_LIMIT_EXCEEDED');
  });

  connected(
    'aborts when the sender buffers without end',
    async (near) => {
      near.send(load(1_000_002));
      const info = await near.closed;
      equal(info.clean, false);
      equal((info.cause as { code?: string } | undefined)?.code, 'ERR_LIMIT_EXCEEDED');
      equal(near.bufferedBytes, 0);
    },
    { maxBufferedBytes: 1_000_000 },
  );

  for (const closer of ['dialler', 'acceptor'] as const) {
    connected(`ends politely when the ${closer} closes`, async (near, far) => {
      const [first, second] = closer === 'dialler' ? [near, far] : [far, near];
      const arrived: Message[] = [];
      let settled = false;
      second.receive((message) => {
        ok(!settled, 'a message after closed');
        arrived.push(message);
      });
      void second.closed.then(() => {
        settled = true;
      });
      for (let i = 0; i < 100; i++) first.send(small(i));
      first.close(4001, 'enough');
      throws(() => first.send('x'), 'ERR_CHANNEL_CLOSED');
      const infos = await Promise.all([first.closed, second.closed]);
      const { code, reason } = ending(4001, 'enough');
      for (const info of infos) {
        equal(info.code, code);
        equal(info.reason, reason);
        equal(info.clean, true);
      }
      equal(arrived.length, 100);
      throws(() => second.send('x'), 'ERR_CHANNEL_CLOSED');
    });
  }

  connected('takes 1000 for a close without a code', async (near, far) => {
    near.close();
    const infos = await Promise.all([near.closed, far.closed]);
    for (const info of infos) {
      equal(info.code, 1000);
      equal(info.reason, '');
    }
  });

  connected('says 1002 as itself, or as 4002 where the runtime keeps it', async (near, far) => {
    near.close(1002, 'protocol');
    const { code, clean } = await far.closed;
    ok(code === ending(1002, '').code || code === 4002, `code ${code}`);
    equal(clean, true);
  });

  connected('ends when both sides close at once', async (near, far) => {
    near.close(4001);
    far.close(4002);
    const infos = await Promise.all([near.closed, far.closed]);
    for (const info of infos) {
      equal(info.clean, true);
      ok(info.code === ending(4001, '').code || info.code === 4002, `code ${info.code}`);
    }
  });

  connected('is closed once, however often it is told', async (near, far) => {
    near.close(4001, 'first');
    near.close(4002, 'second');
    const first = await Promise.all([near.closed, far.closed]);
    for (const transport of [near, far]) {
      transport.close(4003);
      transport.abort();
    }
    const again = await Promise.all([near.closed, far.closed]);
    for (const info of [...first, ...again]) equal(info.code, ending(4001, '').code);
  });

  connected('delivers nothing after its own close', async (near, far) => {
    const arrived: Message[] = [];
    near.receive((message) => {
      arrived.push(message);
      near.close();
    });
    for (let i = 0; i < 10; i++) far.send(`${i}`);
    await near.closed;
    equal(arrived.join(), '0');
  });

  connected('ends at once when aborted, on both sides', async (near, far) => {
    far.receive(() => {});
    near.send(load(100));
    near.abort();
    equal(near.bufferedBytes, 0);
    throws(() => near.send('x'), 'ERR_CHANNEL_CLOSED');
    const mine = await near.closed;
    equal(mine.clean, false);
    equal(mine.code, 1006);
    await sawAbort(far);
  });

  connected('refuses a second listener, and one that is no function', async (near) => {
    throws(() => near.receive('x' as never), TypeError);
    near.receive(() => {});
    throws(() => near.receive(() => {}), TypeError);
  });

  connected('is aborted by a listener that throws, and the host hears nothing of it', async (near, far) => {
    far.receive(() => {
      throw new Error('listener');
    });
    near.send('x');
    const info = await far.closed;
    equal(info.clean, false);
    equal((info.cause as Error).message, 'listener');
    await sawAbort(near);
  });

  connected('lets a listener send, and keeps the order', async (near, far) => {
    const echoed = collect(near, 200);
    far.receive((message) => {
      far.send(message);
      far.send('and');
    });
    for (let i = 0; i < 100; i++) near.send(`${i}`);
    equal((await echoed).join(' '), Array.from({ length: 100 }, (_, i) => `${i} and`).join(' '));
  });

  connected('lets a listener close, with what it has just said going out first', async (near, far) => {
    const answers = collect(near, 1);
    far.receive(() => {
      far.send('bye');
      far.close(4003);
    });
    near.send('x');
    equal((await answers)[0], 'bye');
    equal((await near.closed).code, ending(4003, '').code);
    equal((await far.closed).clean, true);
  });

  connected('drains down to nothing', async (near, far) => {
    const arrived = collect(far, 32);
    for (let i = 0; i < 32; i++) near.send(load(65_536));
    ok(near.bufferedBytes > 0, 'nothing is buffered');
    await near.drained({ belowBytes: 1_000_000 });
    await near.drained({ belowBytes: 0 });
    equal(near.bufferedBytes, 0);
    equal((await arrived).length, 32);
    await near.drained({ belowBytes: 0 });
  });

  connected('lets go of those who wait for room when it ends', async (near) => {
    near.send(load(4_000_000));
    const waits = [near.drained({ belowBytes: 0 }), near.drained({ belowBytes: 1 })];
    near.abort();
    await Promise.all(waits);
    await near.drained({ belowBytes: 0 });
  });

  connected('ends a wait for room by signal, with its reason and without a trace', async (near) => {
    const spy = spySignal();
    near.send(load(4_000_000));
    const wait = near.drained({ belowBytes: 0, signal: spy.signal });
    spy.abort('enough');
    equal(await rejection(wait), 'enough');
    equal(spy.listeners(), 0);
    equal(await rejection(near.drained({ belowBytes: 0, signal: spy.signal })), 'enough');
  });

  connected('leaves no listener on a signal when the wait succeeds', async (near, far) => {
    const spy = spySignal();
    far.receive(() => {});
    near.send(load(100_000));
    await near.drained({ belowBytes: 0, signal: spy.signal });
    equal(spy.listeners(), 0);
  });

  connected('checks what it is given', async (near) => {
    throws(() => near.send(1 as never), TypeError);
    throws(() => near.send(new ArrayBuffer(1) as never), TypeError);
    for (const code of [999, 1015, 2999, 5000, 1000.5]) throws(() => near.close(code), RangeError);
    throws(() => near.close('1000' as never), TypeError);
    throws(() => near.close(1000, 1 as never), TypeError);
    throws(() => near.close(1000, 'x'.repeat(124)), RangeError);
    throws(() => near.close(1000, '\u00fc'.repeat(62)), RangeError);
    ok((await rejection(near.drained({ belowBytes: -1 }))) instanceof RangeError, 'belowBytes -1');
    ok((await rejection(near.drained({ belowBytes: 0, signal: 1 as never }))) instanceof TypeError, 'signal 1');
    near.close(1000, 'x'.repeat(123));
    equal((await near.closed).clean, true);
  });

  const { openDeaf } = setup;
  if (openDeaf !== undefined) {
    add('gives up after 3 s on a peer that never answers a close', async () => {
      const clock = fakeClock();
      const deaf = await openDeaf({ clock });
      try {
        let settled = false;
        void deaf.transport.closed.then(() => {
          settled = true;
        });
        deaf.transport.close();
        clock.advance(2999);
        await turn();
        equal(settled, false);
        clock.advance(1);
        const info = await deaf.transport.closed;
        equal(info.clean, false);
        equal(info.code, 1006);
      } finally {
        await deaf.dispose();
      }
    });
  }

  return cases;
}

/** The suite for an adapter that passes on who calls: what holds of every connection, and of the offer before it. */
export function transportCases(setup: TransportSetup): TransportCase[] {
  const cases: TransportCase[] = [];
  const add = (name: string, run: () => Promise<void>) => cases.push({ name, run });

  add('passes on who calls and in which protocol', async () => {
    const ends = await setup.open();
    try {
      const accepted = ends.acceptor.accept({ subprotocol: SUBPROTOCOL });
      const [, call] = await Promise.all([ends.dialer.dial(OFFER), accepted]);
      equal(call.callerDid, DID);
      equal(call.subprotocol, SUBPROTOCOL);
    } finally {
      await ends.dispose();
    }
  });

  const { name, openDeaf } = setup;
  const link: LinkSetup = {
    name,
    ...(openDeaf !== undefined && { openDeaf }),
    async open(options) {
      const ends = await setup.open(options);
      const accepted = ends.acceptor.accept({ subprotocol: SUBPROTOCOL });
      const [near, call] = await Promise.all([ends.dialer.dial(OFFER), accepted]);
      return { near, far: call.transport, dispose: () => ends.dispose() };
    },
  };
  cases.push(...linkCases(link));

  add('ends a dial by signal, with its reason', async () => {
    const ends = await setup.open();
    try {
      const spy = spySignal();
      const early = new AbortController();
      early.abort('before');
      equal(await rejection(ends.dialer.dial({ ...OFFER, signal: early.signal })), 'before');
      const near = await ends.dialer.dial({ ...OFFER, signal: spy.signal });
      equal(spy.listeners(), 0);
      spy.abort('too late');
      near.send('still open');
      near.abort();
    } finally {
      await ends.dispose();
    }
  });

  add('ends an accept by signal, with its reason and without a trace', async () => {
    const ends = await setup.open();
    try {
      const spy = spySignal();
      const wait = ends.acceptor.accept({ subprotocol: SUBPROTOCOL, signal: spy.signal });
      spy.abort('enough');
      equal(await rejection(wait), 'enough');
      equal(spy.listeners(), 0);
    } finally {
      await ends.dispose();
    }
  });

  add('leaves no listener on a signal when the offer was there already', async () => {
    const ends = await setup.open();
    try {
      const near = await ends.dialer.dial(OFFER);
      // What a WebSocket or a port has on the way takes a turn or two; nothing hangs on how many.
      for (let i = 0; i < 10; i++) await turn();
      const spy = spySignal();
      const { transport } = await ends.acceptor.accept({ subprotocol: SUBPROTOCOL, signal: spy.signal });
      equal(spy.listeners(), 0);
      const arrived = collect(transport, 1);
      near.send('x');
      equal((await arrived)[0], 'x');
    } finally {
      await ends.dispose();
    }
  });

  add('refuses a caller that speaks another protocol', async () => {
    const ends = await setup.open();
    try {
      const dialled = ends.dialer.dial({ subprotocol: 'evil.v9', callerDid: DID });
      if (setup.singleUse) {
        const accepted = ends.acceptor.accept({ subprotocol: SUBPROTOCOL });
        equal(codeOf(await rejection(accepted)), 'ERR_CHANNEL_PROTOCOL');
        await (await dialled).closed;
      } else {
        equal(codeOf(await rejection(dialled)), 'ERR_CHANNEL_REFUSED');
      }
    } finally {
      await ends.dispose();
    }
  });

  if (setup.singleUse) {
    add('dials or accepts once only', async () => {
      const ends = await setup.open();
      try {
        const [near, call] = await Promise.all([
          ends.dialer.dial(OFFER),
          ends.acceptor.accept({ subprotocol: SUBPROTOCOL }),
        ]);
        ok((await rejection(ends.dialer.dial(OFFER))) instanceof TypeError, 'second dial');
        ok((await rejection(ends.acceptor.accept({ subprotocol: SUBPROTOCOL }))) instanceof TypeError, 'second accept');
        const arrived = collect(call.transport, 1);
        near.send('unharmed');
        equal((await arrived)[0], 'unharmed');
      } finally {
        await ends.dispose();
      }
    });

    add('checks the offer before it is sent', async () => {
      const ends = await setup.open();
      try {
        const dial = (subprotocol: unknown, callerDid: unknown) =>
          rejection(ends.dialer.dial({ subprotocol, callerDid } as never));
        ok((await dial(1, DID)) instanceof TypeError, 'subprotocol 1');
        ok((await dial(SUBPROTOCOL, undefined)) instanceof TypeError, 'no DID');
        ok((await dial('', DID)) instanceof RangeError, 'empty subprotocol');
        ok((await dial(SUBPROTOCOL, 'did:key:z 1')) instanceof RangeError, 'a space');
        ok((await dial(SUBPROTOCOL, 'x'.repeat(286))) instanceof RangeError, '301 bytes');
        const accepted = ends.acceptor.accept({ subprotocol: SUBPROTOCOL });
        await ends.dialer.dial({ subprotocol: SUBPROTOCOL, callerDid: 'x'.repeat(285) });
        equal((await accepted).callerDid.length, 285);
      } finally {
        await ends.dispose();
      }
    });
  }

  const { openRaw } = setup;
  if (openRaw !== undefined) {
    const preambles: [what: string, preamble: Message][] = [
      ['empty', ''],
      ['only the protocol', SUBPROTOCOL],
      ['only the protocol and a space', `${SUBPROTOCOL} `],
      ['two spaces', `${SUBPROTOCOL}  ${DID}`],
      ['a space in front', ` ${SUBPROTOCOL} ${DID}`],
      ['a space behind', `${SUBPROTOCOL} ${DID} `],
      ['a line break behind', `${SUBPROTOCOL} ${DID}\n`],
      ['a third word', `${SUBPROTOCOL} ${DID} x`],
      ['a tab for the space', `${SUBPROTOCOL}\t${DID}`],
      ['a no-break space', `${SUBPROTOCOL}\u00a0${DID}`],
      ['a letter that is not ASCII', `${SUBPROTOCOL} ${DID}\u00e9`],
      ['a NUL', `${SUBPROTOCOL} ${DID}\u0000`],
      ['another case', `Agent-Phone.v1 ${DID}`],
      ['another version', `agent-phone.v2 ${DID}`],
      ['301 bytes', `${SUBPROTOCOL} ${'x'.repeat(286)}`],
      ['a megabyte', 'x'.repeat(500_000)],
      ['bytes', new TextEncoder().encode(`${SUBPROTOCOL} ${DID}`)],
      ['the first handshake message', new Uint8Array(48)],
    ];
    for (const [what, preamble] of preambles) {
      add(`refuses a preamble that is not one: ${what}`, async () => {
        const raw = await openRaw();
        try {
          const accepted = raw.acceptor.accept({ subprotocol: SUBPROTOCOL });
          raw.send(preamble);
          equal(codeOf(await rejection(accepted)), 'ERR_CHANNEL_PROTOCOL');
        } finally {
          await raw.dispose();
        }
      });
    }
  }

  return cases;
}

/** The next so many messages of a transport, in order. Fewer if it ends before. */
function collect(transport: Transport, count: number): Promise<Message[]> {
  const arrived: Message[] = [];
  return new Promise((resolve) => {
    transport.receive((message) => {
      arrived.push(message);
      if (arrived.length === count) resolve(arrived);
    });
    void transport.closed.then(() => resolve(arrived));
  });
}

/** One turn of the event loop: whatever was going to happen by itself has begun to. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/** A signal that knows how many listen to it. */
function spySignal(): { signal: AbortSignal; abort(reason: unknown): void; listeners(): number } {
  const controller = new AbortController();
  const { signal } = controller;
  const listeners = new Set<unknown>();
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  Object.assign(signal, {
    addEventListener(type: string, listener: () => void, options?: AddEventListenerOptions) {
      listeners.add(listener);
      add(type, listener, options);
      // The runtime removes such a listener by itself, after it was called.
      if (options?.once) add(type, () => listeners.delete(listener), { once: true });
    },
    removeEventListener(type: string, listener: () => void) {
      listeners.delete(listener);
      remove(type, listener);
    },
  });
  return { signal, abort: (reason) => controller.abort(reason), listeners: () => listeners.size };
}

function numbered(i: number): Uint8Array {
  return Uint8Array.of(i & 0xff, i >> 8, ...Array.from({ length: i % 50 }, (_, j) => (i * j) & 0xff));
}

function equal(actual: unknown, expected: unknown): void {
  if (!Object.is(actual, expected)) throw new Error(`${String(actual)} instead of ${String(expected)}`);
}

function ok(value: boolean, what: string): void {
  if (!value) throw new Error(what);
}

function sameMessage(actual: Message, expected: Message): void {
  if (typeof expected === 'string') {
    equal(actual, expected);
    return;
  }
  ok(actual instanceof Uint8Array, `${typeof actual} instead of bytes`);
  equal(actual.length, expected.length);
  ok(
    (actual as Uint8Array).every((byte, i) => byte === expected[i]),
    'other bytes',
  );
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | undefined)?.code;
}

function throws(run: () => void, expected: string | (new (...args: never[]) => Error)): void {
  try {
    run();
  } catch (error) {
    if (typeof expected === 'string') equal(codeOf(error), expected);
    else ok(error instanceof expected, `${String(error)} instead of ${expected.name}`);
    return;
  }
  throw new Error('nothing thrown');
}

async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('nothing rejected');
}

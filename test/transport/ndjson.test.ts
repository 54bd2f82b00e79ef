// Lines over streams whose other end the test holds: what is written, and what comes of peers that do not play along.

import { describe, expect, it } from 'vitest';
import { fakeClock } from '../../src/testing/fake-clock.js';
import { type NdjsonOptions, ndjson } from '../../src/transport/ndjson.js';

const encoder = new TextEncoder();

/** A transport, and the peer's ends of its streams. */
function open(options: NdjsonOptions = {}) {
  const [there, back] = [new TransformStream<Uint8Array>(), new TransformStream<Uint8Array>()];
  const transport = ndjson({ readable: there.readable, writable: back.writable }, options);
  const got: unknown[] = [];
  const input = there.writable.getWriter();
  const output = back.readable.getReader();
  // What a peer writes to a transport that has ended fails, and that is not what is tested.
  const say = (bytes: string | Uint8Array) =>
    input.write(typeof bytes === 'string' ? encoder.encode(bytes) : bytes).catch(() => {});
  return {
    transport,
    got,
    input,
    output,
    say,
    listen: () => transport.receive((message) => got.push(message)),
    /** The next bytes written. */
    async written(): Promise<string | undefined> {
      const { value } = await output.read();
      return value && new TextDecoder('utf-8', { ignoreBOM: true }).decode(value);
    },
  };
}

/** Whatever was going to happen by itself has happened. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('ndjson, reading', () => {
  it('[10.74] takes CR LF, and skips blank lines', async () => {
    const { got, say, listen } = open();
    listen();
    await say('{"a":1}\r\n\r\n\n   \n\t\r\n{"b":2}\n');
    await turn();
    expect(got).toEqual(['{"a":1}', '{"b":2}']);
  });

  it('joins what comes in pieces, a character cut in two included', async () => {
    const { got, say, listen } = open();
    listen();
    const line = encoder.encode('{"wave":"\u{1f44b}"}\n');
    for (const byte of line) await say(Uint8Array.of(byte));
    await turn();
    expect(got).toEqual(['{"wave":"\u{1f44b}"}']);
  });

  it('hands on a byte order mark and a NUL as they are, for whoever decodes to refuse', async () => {
    const { got, say, listen } = open();
    listen();
    await say('\ufeff{}\n{"a":\0}\n');
    await turn();
    expect(got).toEqual(['\ufeff{}', '{"a":\0}']);
  });

  it.each([
    ['a line over the limit', `${'x'.repeat(101)}\n{}\n`],
    ['a line without an end', 'x'.repeat(102)],
  ])('ends at %s, and takes nothing after it', async (_name, input) => {
    const { transport, got, say, listen, output } = open({ maxMessageBytes: 100 });
    listen();
    void say(`${'y'.repeat(100)}\n`);
    void say(input);
    expect(await transport.closed).toMatchObject({ code: 1006, clean: false, cause: { limit: 'maxMessageBytes' } });
    expect(got).toEqual(['y'.repeat(100)]);
    await expect(output.read()).rejects.toMatchObject({ code: 'ERR_CHANNEL_CLOSED' });
  });

  it('an endless line of single bytes ends, by what has come and not by how many pieces', async () => {
    const { transport, say, listen } = open({ maxMessageBytes: 5_000 });
    listen();
    let ended = false;
    void transport.closed.then(() => {
      ended = true;
    });
    let sent = 0;
    for (; !ended && sent < 20_000; sent++) {
      void say(Uint8Array.of(0x78));
      await turn();
    }
    expect(sent).toBeLessThan(5_010);
    expect(await transport.closed).toMatchObject({ cause: { code: 'ERR_LIMIT_EXCEEDED' } });
  });

  it.each([
    ['a byte that begins nothing', Uint8Array.of(0x22, 0xff, 0x22, 0x0a)],
    ['half a character', Uint8Array.of(0x22, 0xf0, 0x9f, 0x22, 0x0a)],
    ['a surrogate', Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22, 0x0a)],
  ])('ends at what is no UTF-8, as a WebSocket does: %s', async (_name, bytes) => {
    const { transport, got, say, listen } = open();
    listen();
    void say(bytes);
    expect(await transport.closed).toMatchObject({ clean: false, cause: { code: 'ERR_CODEC_UTF8' } });
    expect(got).toEqual([]);
  });

  it('is lost when the input ends in the middle of a line, which is not delivered', async () => {
    const { transport, got, say, listen, input } = open();
    listen();
    await say('{"whole":1}\n{"half":');
    await input.close();
    expect(await transport.closed).toMatchObject({ clean: false, cause: { code: 'ERR_CHANNEL_LOST' } });
    expect(got).toEqual(['{"whole":1}']);
  });

  it('is lost when the input fails', async () => {
    const { transport, input, listen } = open();
    listen();
    const cause = new Error('EIO');
    void input.abort(cause);
    expect(await transport.closed).toEqual({ code: 1006, reason: '', clean: false, cause });
  });

  it('is lost when the stream is one of text', async () => {
    const readable = new ReadableStream({ start: (controller) => controller.enqueue('{}\n') });
    const transport = ndjson({ readable, writable: new WritableStream() });
    expect(await transport.closed).toMatchObject({ clean: false, cause: expect.any(TypeError) });
  });

  it('takes nothing more in the middle of a chunk when the listener has ended it', async () => {
    const { transport, say } = open();
    const got: unknown[] = [];
    transport.receive((message) => {
      got.push(message);
      transport.abort();
    });
    await say('1\n2\n3\n');
    await turn();
    expect(got).toEqual(['1']);
  });
});

describe('ndjson, writing', () => {
  it('[10.74] ends each line with LF, writes no blank one, and writes what one turn sends in one piece', async () => {
    const { transport, written } = open();
    for (const line of ['{"a":1}', '{"b":2}', '{"c":3}']) transport.send(line);
    expect(await written()).toBe('{"a":1}\n{"b":2}\n{"c":3}\n');
    transport.send('{"d":4}');
    expect(await written()).toBe('{"d":4}\n');
    for (const blank of ['', ' ', '\t']) expect(() => transport.send(blank)).toThrow(RangeError);
  });

  it('counts what waits until the stream has taken it, with a peer that never reads', async () => {
    const { transport, output } = open();
    const line = 'x'.repeat(50_000);
    for (let i = 0; i < 20; i++) transport.send(line);
    expect(transport.bufferedBytes).toBe(2_000_000);
    let drained = false;
    const wait = transport.drained({ belowBytes: 500_000 }).then(() => {
      drained = true;
    });
    await turn();
    expect(drained).toBe(false);
    expect(transport.bufferedBytes).toBeGreaterThan(1_700_000);
    while (!drained) {
      await output.read();
      await turn();
    }
    await wait;
    expect(transport.bufferedBytes).toBeLessThanOrEqual(500_000);
  });

  it('is cut when more waits than may, with a peer that never reads', async () => {
    const { transport } = open({ maxBufferedBytes: 1_000 });
    for (let i = 0; i < 10; i++) transport.send('x'.repeat(50));
    transport.send('y');
    expect(await transport.closed).toMatchObject({ clean: false, cause: { limit: 'maxBufferedBytes' } });
  });

  it('is lost when the peer stops reading, though nothing is being written', async () => {
    const { transport, output } = open();
    void output.cancel(new Error('EPIPE'));
    expect(await transport.closed).toMatchObject({ code: 1006, clean: false });
  });
});

describe('ndjson, ending', () => {
  it('answers the end of the input with its own, after what was said before', async () => {
    const { transport, input, listen, written } = open();
    listen();
    transport.send('{"last":1}');
    void input.close();
    expect(await transport.closed).toEqual({ code: 1000, reason: '', clean: true });
    expect(await written()).toBe('{"last":1}\n');
    expect(await written()).toBeUndefined();
  });

  it('lets go of a peer that has ended its side and reads no more, after 3 s', async () => {
    const clock = fakeClock();
    const { transport, input, listen, output } = open({ clock });
    listen();
    transport.send('{"unread":1}');
    void input.close();
    await transport.closed;
    await turn();
    expect(clock.pendingTimers).toBe(1);
    clock.advance(3_000);
    await expect(output.read()).rejects.toMatchObject({ code: 'ERR_CHANNEL_CLOSED' });
  });

  it('leaves no timer behind when the peer has read everything', async () => {
    const clock = fakeClock();
    const { transport, input, listen, written } = open({ clock });
    listen();
    void input.close();
    await transport.closed;
    expect(await written()).toBeUndefined();
    await turn();
    expect(clock.pendingTimers).toBe(0);
  });
});

describe('ndjson, arguments', () => {
  it('takes two streams that nobody uses', () => {
    const streams = () => new TransformStream<Uint8Array>();
    for (const value of [{}, { readable: streams().readable }, { readable: 1, writable: 1 }]) {
      expect(() => ndjson(value as never)).toThrow(TypeError);
    }
    const used = streams();
    used.readable.getReader();
    expect(() => ndjson({ readable: used.readable, writable: streams().writable })).toThrow(TypeError);
  });

  it('leaves the streams unlocked when an option is wrong', () => {
    const streams = new TransformStream<Uint8Array>();
    for (const options of [{ maxMessageBytes: 0 }, { maxBufferedBytes: 0 }, { maxEarlyBytes: -1 }]) {
      expect(() => ndjson(streams, options)).toThrow(RangeError);
    }
    expect([streams.readable.locked, streams.writable.locked]).toEqual([false, false]);
  });
});

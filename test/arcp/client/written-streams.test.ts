// Streams that a client writes, read by tools of the runtime of this package.

import { describe, expect, it } from 'vitest';
import type { ClientSession } from '../../../src/arcp/client/session.js';
import { arcpError } from '../../../src/arcp/errors.js';
import type { RuntimeOptions } from '../../../src/arcp/runtime/runtime.js';
import { streamService } from '../../../src/arcp/runtime/streams/streams-service.js';
import type { ToolContext } from '../../../src/arcp/runtime/tool-context.js';
import type { StreamItem } from '../../../src/arcp/streams/chunk.js';
import type { StreamReader } from '../../../src/arcp/streams/reader.js';
import type { StreamWriter } from '../../../src/arcp/streams/writer.js';
import type { JobId } from '../../../src/arcp/wire/ids.js';
import type { JsonValue } from '../../../src/codec/json-value.js';
import type { Transport } from '../../../src/transport/contract.js';
import { memoryTransports } from '../../../src/transport/memory.js';
import { unhandledDuring } from '../../support/unhandled.js';
import { LiveRuntime } from './live-runtime.js';
import { all, codeOf, settle, until } from './scripted-runtime.js';

/** A runtime whose one tool, `run`, is what the test says. */
function bench(run: (context: ToolContext) => Promise<JsonValue>, options: RuntimeOptions = {}): LiveRuntime {
  return new LiveRuntime([{ name: 'run', handler: (_args, context) => run(context) }], options);
}

const texts = (items: readonly StreamItem[]) => items.map(({ text }) => text ?? '');

/** Reads one stream to its end: its texts, and what it ended with. */
async function readText(reader: StreamReader): Promise<{ texts: string[]; code: unknown }> {
  const read: string[] = [];
  const code = await codeOf(
    (async () => {
      for await (const { text = '' } of reader) read.push(text);
    })(),
  );
  return { texts: read, code };
}

/** How many chunks the runtime has been sent, by stream. */
async function arrived({ log }: LiveRuntime, writer: StreamWriter): Promise<number> {
  const types = ['stream.chunk'];
  const entries = await log.read({ after: 0, limit: 10_000, direction: 'in', types });
  return entries.filter(({ streamId }) => streamId === writer.id).length;
}

const reasonOf = (writer: StreamWriter) => (writer.signal.reason as { code?: string } | undefined)?.code;

describe('a stream that a client writes to a job', () => {
  it('arrives in order, whatever its kind', async () => {
    const read: Record<string, unknown[]> = {};
    const live = bench(async ({ acceptStream }) => {
      for (let i = 0; i < 6; i++) {
        const stream = await acceptStream();
        const items = await all(stream);
        read[stream.kind] = items.map(({ bytes, text, data }) => bytes ?? text ?? data);
        expect(items.map(({ sequence }) => sequence)).toEqual([0, 1]);
      }
      return 'read';
    });
    const session = await live.connect();
    const job = session.invoke('run');
    const wrote = {
      text: ['one', '\u{1f600}'],
      thought: ['hm', 'ah'],
      binary: [Uint8Array.of(0, 255), new Uint8Array()],
      event: [{ a: 1 }, { b: [null] }],
      log: [
        { level: 'info', message: 'x' },
        { level: 'warn', message: 'y' },
      ],
      metric: [
        { name: 'n', value: 1, unit: 'By' },
        { name: 'n', value: 2.5, unit: 'By' },
      ],
    } as const;
    const write = async (writer: StreamWriter, data: readonly unknown[]) => {
      for (const one of data) await writer.write(one as never);
      await writer.close();
    };
    for (const kind of ['text', 'thought', 'event', 'log', 'metric'] as const) {
      await write((await job.openStream(kind)) as unknown as StreamWriter, wrote[kind]);
    }
    const binary = await job.openStream('binary', { contentType: 'application/octet-stream' });
    await write(binary as unknown as StreamWriter, wrote.binary);
    expect((await job.result).value).toBe('read');
    expect(read).toEqual(wrote);
  });

  it('[10.56] slows down to the rate of who reads it, others do not, and nothing of it is lost', async () => {
    let read = () => {};
    const mayRead = new Promise<void>((resolve) => {
      read = resolve;
    });
    const live = bench(async ({ acceptStream }) => {
      const slow = await acceptStream();
      const other = await acceptStream();
      const quick = all(other);
      await mayRead;
      return [texts(await all(slow)).join(), texts(await quick).join()];
    });
    const session = await live.connect();
    const job = session.invoke('run');
    const slow = await job.openStream('text');
    const other = await job.openStream('text');
    const lines = Array.from({ length: 200 }, (_, i) => `${i}`);
    // Half of the 256 that may wait are there before the runtime asks for less.
    let sent = 0;
    const writing = (async () => {
      for (const line of lines) {
        await slow.write(line);
        sent++;
        // What the runtime says of it is heard before the next.
        await settle(1);
      }
      await slow.close();
    })();
    await until(() => slow.state === 'backpressured');
    await settle();
    const before = await arrived(live, slow);
    expect(before).toBeGreaterThanOrEqual(128);
    expect(before).toBeLessThan(140);
    expect(sent).toBe(before);
    for (let second = 1; second <= 3; second++) {
      live.clock.advance(999);
      await settle();
      expect(await arrived(live, slow)).toBe(before + second - 1);
      live.clock.advance(1);
      await settle();
      expect(await arrived(live, slow)).toBe(before + second);
    }
    for (const line of lines) await other.write(line);
    await other.close();
    await settle();
    expect(await arrived(live, other)).toBe(200);
    expect(slow.state).toBe('backpressured');
    // Once it is read, it goes on without a limit: no time passes any more.
    read();
    await writing;
    expect((await job.result).value).toEqual([lines.join(), lines.join()]);
    expect(slow.signal.aborted).toBe(false);
  });

  it('ends with an error where more is written than the reader asks for, and the session goes on', async () => {
    const live = bench(async ({ acceptStream, signal }) => {
      const stream = await acceptStream();
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return (await readText(stream)).code as string;
    });
    const session = await live.connect({ limits: { maxChunks: 8 } });
    const job = session.invoke('run');
    const writer = await job.openStream('text');
    const writes: Promise<void>[] = [];
    for (let i = 0; i < 300 && !writer.signal.aborted; i++) {
      writes.push(writer.write('x'));
      await settle(1);
    }
    expect(reasonOf(writer)).toBe('ERR_ARCP_BACKPRESSURE_OVERFLOW');
    const codes = await Promise.all(writes.map(codeOf));
    expect(codes.slice(-8)).toEqual(Array(8).fill('ERR_ARCP_BACKPRESSURE_OVERFLOW'));
    expect(codes.filter((code) => code === 'resolved').length).toBe(await arrived(live, writer));
    expect(await session.ping()).toBe(0);
    await job.cancel();
  });

  it('waits for a connection that takes nothing, and not for one that is gone', async () => {
    const live = bench(async ({ acceptStream }) => texts(await all(await acceptStream())).join());
    let bufferedBytes = 0;
    let drain = () => {};
    let waiting: AbortSignal | undefined;
    const session = await live.connect({
      dial: async () => {
        const [near, far] = memoryTransports();
        live.links.push(far);
        void live.runtime.accept(far);
        const drained: Transport['drained'] = ({ signal }) => {
          waiting = signal;
          return new Promise((resolve) => {
            drain = resolve;
          });
        };
        return new Proxy(near, {
          get(target, name) {
            if (name === 'bufferedBytes') return bufferedBytes;
            if (name === 'drained') return drained;
            const value = Reflect.get(target, name, target);
            return typeof value === 'function' ? value.bind(target) : value;
          },
        });
      },
    });
    const job = session.invoke('run');
    const writer = await job.openStream('text');
    await writer.write('a');
    bufferedBytes = 2_000_000;
    let isWritten = false;
    const writing = writer.write('b').then(() => {
      isWritten = true;
    });
    await settle();
    expect([isWritten, await arrived(live, writer)]).toEqual([false, 1]);
    bufferedBytes = 0;
    drain();
    await writing;
    await writer.close();
    expect((await job.result).value).toBe('a,b');
    const second = await session.invoke('run').openStream('text');
    bufferedBytes = 2_000_000;
    const lost = codeOf(second.write('c'));
    await settle();
    live.cut();
    expect(await lost).toBe('ERR_ARCP_UNAVAILABLE');
    // Nobody listens to that connection any more.
    expect(waiting?.aborted).toBe(true);
    await session.close();
  });

  it('ends with its job, and what is still written of it disturbs nobody', async () => {
    const unhandled = await unhandledDuring(async () => {
      const live = bench(async ({ acceptStream }) => {
        await acceptStream();
        return 'enough';
      });
      const session = await live.connect();
      const job = session.invoke('run');
      const writer = await job.openStream('text');
      void writer.write('nobody reads it');
      expect((await job.result).value).toBe('enough');
      await until(() => writer.signal.aborted);
      expect(reasonOf(writer)).toBe('ERR_ARCP_CANCELLED');
      expect(await codeOf(writer.write('late'))).toBe('ERR_ARCP_CANCELLED');
      await writer.close();
      expect(await codeOf(job.openStream('text'))).toBe('ERR_ARCP_NOT_FOUND');
      expect(await session.ping()).toBe(0);
      await session.close();
    });
    expect(unhandled).toEqual([]);
  });

  it('ends for the job too where the caller gives the job up, though that cannot be cancelled', async () => {
    let end: unknown;
    const live = bench(async ({ acceptStream }) => {
      end = await readText(await acceptStream());
      return null;
    });
    const session = await live.connect();
    const given = new AbortController();
    const job = session.invoke('run', null, { signal: given.signal });
    const writer = await job.openStream('text');
    await writer.write('one');
    // Of the cancel nothing arrives.
    live.says = (text) => !text.includes('"cancel"');
    given.abort(new Error('enough'));
    await expect(job.result).rejects.toThrow('enough');
    expect(reasonOf(writer)).toBe('ERR_ARCP_CANCELLED');
    await until(() => end !== undefined);
    expect(end).toEqual({ texts: ['one'], code: 'ERR_ARCP_CANCELLED' });
  });

  it('carries errors both ways', async () => {
    const seen: unknown[] = [];
    const live = bench(async ({ acceptStream }) => {
      seen.push(await readText(await acceptStream()));
      for await (const { text } of await acceptStream()) {
        seen.push(text);
        break;
      }
      const third = await acceptStream();
      await settle();
      third.cancel('no more');
      seen.push(await readText(await acceptStream()));
      return 'done';
    });
    const session = await live.connect();
    const job = session.invoke('run');
    const failing = await job.openStream('text');
    await failing.write('a');
    failing.fail(arcpError('ABORTED', 'broken here'));
    const left = await job.openStream('text');
    await left.write('b');
    await until(() => left.signal.aborted);
    const cancelled = await job.openStream('text');
    await until(() => cancelled.signal.aborted);
    expect([reasonOf(failing), reasonOf(left), reasonOf(cancelled)]).toEqual([
      'ERR_ARCP_ABORTED',
      'ERR_ARCP_CANCELLED',
      'ERR_ARCP_CANCELLED',
    ]);
    // And by a command of the session's.
    const last = await job.openStream('text');
    expect(await session.cancel('stream', last.id)).toEqual({ accepted: true });
    await until(() => last.signal.aborted);
    expect(reasonOf(last)).toBe('ERR_ARCP_CANCELLED');
    expect((await job.result).value).toBe('done');
    expect(seen).toEqual([{ texts: ['a'], code: 'ERR_ARCP_ABORTED' }, 'b', { texts: [], code: 'ERR_ARCP_CANCELLED' }]);
  });
});

describe('a stream that a client writes outside of any job', () => {
  it('goes to the host, which may end it', async () => {
    const read: StreamReader[] = [];
    const services = [streamService({ onStream: (_session, stream) => void read.push(stream) })];
    const session = await bench(async () => null, { services }).connect({ capabilities: { streaming: true } });
    const writer = await session.openStream('event');
    await writer.write({ a: 1 });
    await writer.close();
    expect((await all(read[0] as StreamReader)).map(({ data }) => data)).toEqual([{ a: 1 }]);
    const refused = await session.openStream('text');
    read[1]?.cancel();
    await until(() => refused.signal.aborted);
    expect(await codeOf(refused.write('x'))).toBe('ERR_ARCP_CANCELLED');
  });

  it('is refused where it was not negotiated, and where there are too many', async () => {
    const services = [streamService()];
    const live = bench(async () => null, { services, limits: { maxStreams: 2 } });
    const plain = await live.connect({ capabilities: {} });
    expect(await codeOf(plain.openStream('text'))).toBe('ERR_ARCP_UNIMPLEMENTED');
    const session = await live.connect({ capabilities: { streaming: true } });
    const binary = session.openStream('binary', { contentType: 'x/y' });
    expect(await codeOf(binary)).toBe('ERR_ARCP_UNIMPLEMENTED');
    const first = await session.openStream('text');
    await session.openStream('text');
    expect(await codeOf(session.openStream('text'))).toBe('ERR_ARCP_RESOURCE_EXHAUSTED');
    await first.close();
    await settle();
    expect(await codeOf(session.openStream('text'))).toBe('resolved');
  });
});

describe('a stream that a client writes, when the network is cut', () => {
  /** Runs one job with streams one after the other until one came whole, the network cut once: after so many messages. */
  async function run(cutAfter: number, which: 'hears' | 'says') {
    const read: { texts: string[]; code: unknown }[] = [];
    const live = bench(async ({ acceptStream }) => {
      do read.push(await readText(await acceptStream()));
      while (read.at(-1)?.code !== 'resolved');
      return read.length;
    });
    let passed = 0;
    live[which] = () => ++passed !== cutAfter + 1;
    const session: ClientSession = await live.connect();
    const job = session.invoke('run');
    const jobId: Promise<JobId> = job.id;
    const wrote: unknown[] = [];
    let isDone = false;
    const writing = (async () => {
      await jobId;
      for (;;) {
        const code = await codeOf(
          (async () => {
            const writer = await job.openStream('text');
            for (let i = 0; i < 6; i++) await writer.write(`${i}`);
            await writer.close();
            if (writer.signal.aborted) throw writer.signal.reason;
          })(),
        );
        wrote.push(code);
        if (code === 'resolved') return;
        await until(() => session.isConnected || session.signal.aborted);
      }
    })();
    const ended = Promise.all([job.result, writing]).finally(() => {
      isDone = true;
    });
    ended.catch(() => {});
    for (let i = 0; i < 200 && !isDone; i++) {
      await settle();
      if (!session.isConnected) live.clock.advance(1_000);
    }
    return { live, session, read, wrote, passed, result: isDone ? (await job.result).value : 'it hangs' };
  }

  it.each(['hears', 'says'] as const)(
    '[10.69] is read without gap and repetition, and told to be over, wherever what the client %s stops',
    async (which) => {
      const uncut = await run(Number.POSITIVE_INFINITY, which);
      expect(uncut.read).toEqual([{ texts: ['0', '1', '2', '3', '4', '5'], code: 'resolved' }]);
      expect(uncut.passed).toBeGreaterThan(4);
      let cut = 0;
      for (let after = 1; after < uncut.passed; after++) {
        const { read, wrote, result } = await run(after, which);
        const whole = read.at(-1);
        expect([after, whole]).toEqual([after, uncut.read[0]]);
        for (const { texts: some, code } of read.slice(0, -1)) {
          expect(some).toEqual(uncut.read[0]?.texts.slice(0, some.length));
          expect(code).toMatch(/^ERR_ARCP_(UNAVAILABLE|CANCELLED)$/);
        }
        expect([after, result]).toEqual([after, read.length]);
        if (wrote.length > 1) cut++;
      }
      expect(cut).toBeGreaterThan(0);
    },
    30_000,
  );
});

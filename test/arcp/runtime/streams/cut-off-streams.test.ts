// Streams that a restart of the runtime cut off: each still has its one end, and whoever reads it is told.

import { describe, expect, test } from 'vitest';
import { connect } from '../../../../src/arcp/client/connect.js';
import { streamService } from '../../../../src/arcp/runtime/streams/streams-service.js';
import type { Tool } from '../../../../src/arcp/runtime/tools.js';
import type { StreamWriter } from '../../../../src/arcp/streams/writer.js';
import { memoryTransports } from '../../../../src/transport/memory.js';
import { settle, testRuntime } from '../../support/raw-peer.js';

/** Writes to three streams and ends the first; then waits. */
function writing(restartable: boolean) {
  const ids: string[][] = [];
  const tool: Tool = {
    name: 'write',
    restartable,
    async handler(_args, { stream }) {
      const writers = [stream('text'), stream('text'), stream('text')] as StreamWriter<'text'>[];
      ids.push(writers.map(({ id }) => id));
      for (const writer of writers) await writer.write('a');
      await writers[0]?.close();
      await new Promise(() => {});
    },
  };
  return { tool, ids };
}

describe('a restart of the runtime', () => {
  test.each([
    ['runs again', true],
    ['fails', false],
  ] as const)('ends the open streams of a job that %s, once, with UNAVAILABLE', async (_title, restartable) => {
    const { tool, ids } = writing(restartable);
    const first = testRuntime({ tools: [tool], services: [streamService()] });
    const peer = await first.session();
    peer.send('tool.invoke', { tool: 'write', arguments: null });
    await peer.until('stream.close');
    const [closed, cancelled, open] = ids[0] as string[];
    peer.send('cancel', { target: 'stream', target_id: cancelled as string });
    const failed = await peer.until('stream.error');
    const second = await first.restart({ services: [streamService()] });
    const again = second.connect();
    await again.open({ session_id: peer.sessionId });
    again.send('resume', { after_message_id: failed.id });
    await settle();
    const [end, next] = again.since().filter(({ type }) => type !== 'ack');
    expect(end).toMatchObject({
      type: 'stream.error',
      stream_id: open,
      job_id: failed.job_id,
      correlation_id: failed.correlation_id,
      payload: { code: 'UNAVAILABLE' },
    });
    expect(next?.type).toBe(restartable ? 'stream.open' : 'job.failed');
    const ends = (await second.log.read({ after: 0, limit: 1_000, types: ['stream.close', 'stream.error'] })).map(
      ({ streamId }) => streamId,
    );
    expect(ends.filter((id) => ids[0]?.includes(id as string))).toEqual([closed, cancelled, open]);
    // Another restart does not say it again.
    const third = await second.restart({ services: [streamService()] });
    const more = await third.log.read({ after: 0, limit: 1_000, streamIds: [open as string] });
    expect(more.map(({ type }) => type)).toEqual(['stream.open', 'stream.chunk', 'stream.error']);
  });

  test('says nothing of them to a client that no longer speaks of streams', async () => {
    const { tool } = writing(true);
    const first = testRuntime({ tools: [tool], services: [streamService()] });
    const peer = await first.session();
    peer.send('tool.invoke', { tool: 'write', arguments: null });
    const closed = await peer.until('stream.close');
    await peer.drop();
    const plain = first.connect();
    await plain.open({ session_id: peer.sessionId, capabilities: {} });
    const second = await first.restart({ services: [streamService()] });
    const again = second.connect();
    await again.open({ session_id: peer.sessionId, capabilities: {} });
    again.send('resume', { after_message_id: closed.id });
    await settle();
    expect(again.types()).not.toContain('stream.error');
  });

  test('settles the reader of a client that comes back', async () => {
    const runs: StreamWriter<'text'>[] = [];
    const tool: Tool = {
      name: 'write',
      restartable: true,
      async handler(_args, { stream }) {
        const writer = stream('text');
        runs.push(writer);
        await writer.write(`run ${runs.length}`);
        if (runs.length === 1) await new Promise(() => {});
        await writer.close();
        return runs.length;
      },
    };
    const make = () => ({ tools: [tool], services: [streamService()] });
    let bench = testRuntime(make());
    let cut = () => {};
    const session = await connect({
      dial: async () => {
        const [near, far] = memoryTransports();
        void bench.runtime.accept(far);
        cut = () => far.abort();
        return near;
      },
      auth: { scheme: 'bearer', token: 'tok-alice' },
      client: { kind: 'reader', version: '1' },
      capabilities: { streaming: true },
      clock: bench.clock,
    });
    const job = session.invoke('write', null);
    const read: (readonly [string[], unknown])[] = [];
    for await (const stream of job.streams) {
      const texts: string[] = [];
      let end: unknown;
      try {
        for await (const { text } of stream) {
          texts.push(String(text));
          if (runs.length === 1) {
            bench = await bench.restart(make());
            cut();
            await settle();
            session.reconnectNow();
          }
        }
      } catch (error) {
        end = error;
      }
      read.push([texts, end]);
    }
    expect(read).toEqual([
      [['run 1'], expect.objectContaining({ code: 'ERR_ARCP_UNAVAILABLE' })],
      [['run 2'], undefined],
    ]);
    expect((await job.result).value).toBe(2);
    await session.close();
  });
});

// `bench`, with measurements of a few milliseconds: what it measures and shows, not how fast.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readArgs } from '../../src/cli/args.js';
import { bench, benchmark, benchTable } from '../../src/cli/bench.js';
import { quantile } from '../../src/cli/measure.js';
import { builtInMethods } from '../../src/cli/methods.js';
import { ProgressBar } from '../../src/cli/progress.js';
import { run } from '../../src/cli/run.js';
import { type NodeHost, nodeHost } from '../../src/host/node.js';
import { createIdentity } from '../../src/identity/seed-identity.js';
import type { Handlers } from '../../src/phone/handlers.js';
import { type PhoneServer, serve } from '../../src/phone/serve.js';
import { MemoryIo } from './memory-io.js';

let server: PhoneServer;
let host: NodeHost;

async function listen(handlers: Handlers) {
  server = serve({ identity: await createIdentity(), handlers });
  host = await nodeHost(server);
}

beforeEach(() => listen(builtInMethods));
afterEach(async () => {
  await server.close();
  await host.close();
});

const measure = (io: MemoryIo) => benchmark(readArgs(bench, [host.url, server.did]), io, 20);

describe('bench', () => {
  it('measures connecting, echoes and streams, and says goodbye', async () => {
    const io = new MemoryIo({ errIsTerminal: true });
    const result = await measure(io);
    expect(result).toMatchObject({ url: host.url, did: server.did });
    const { connectMs, echo, echo64, count, blob } = result;
    for (const figure of [
      connectMs,
      echo.callsPerSecond,
      echo.medianMs,
      echo.p99Ms,
      echo64.callsPerSecond,
      count?.itemsPerSecond,
      blob?.bytesPerSecond,
    ]) {
      expect(figure).toBeGreaterThan(0);
    }
    expect(echo.p99Ms).toBeGreaterThanOrEqual(echo.medianMs);
    const table = benchTable(result);
    expect(table.split('\n')).toHaveLength(6);
    expect(table).toMatch(/^connect .* ms .*\necho, one by one .*calls\/s/);
    expect(io.errText).toContain('] stream of 32 KiB');
    expect(io.errText.endsWith('\r\u001b[K')).toBe(true);
    await Promise.all(Array.from(server.sessions, (session) => session.closed));
    expect(server.sessions.size).toBe(0);
  });

  it('shows no bar where no person looks', async () => {
    const io = new MemoryIo();
    await measure(io);
    expect(io.errText).toBe('');
  });

  it('does without the methods a peer does not offer, but not without echo', async () => {
    await server.close();
    await host.close();
    await listen({ echo: (params) => params });
    const result = await measure(new MemoryIo());
    expect(result).toMatchObject({ count: null, blob: null });
    expect(benchTable(result).match(/not offered/g)).toHaveLength(2);

    await server.close();
    await host.close();
    await listen({});
    await expect(measure(new MemoryIo())).rejects.toMatchObject({ code: 'ERR_RPC_METHOD_NOT_FOUND' });
  });

  it('ends with 130 on Ctrl-C', async () => {
    const io = new MemoryIo({ errIsTerminal: true });
    const ended = run(['bench', host.url, server.did, '--seconds', '60'], io);
    // While the second measurement runs.
    while (!io.errText.includes('echo, one by one')) await new Promise((resolve) => setImmediate(resolve));
    io.stop();
    expect(await ended).toBe(130);
    expect(io.outText).toBe('');
  });
});

describe('quantile', () => {
  it.each([
    [[], 0.5, 0],
    [[7], 0.99, 7],
    [[1, 2, 3, 4, 5], 0.5, 3],
    [[1, 2, 3, 4, 5], 1, 5],
  ])('of %j at %d is %d', (sorted, share, expected) => {
    expect(quantile(sorted, share)).toBe(expected);
  });
});

describe('progress bar', () => {
  it('draws only what changed, and takes itself away', () => {
    const io = new MemoryIo({ errIsTerminal: true });
    const bar = new ProgressBar(io);
    bar.show(0.5, 'half');
    bar.show(0.501, 'half');
    bar.show(2, 'over');
    bar.clear();
    bar.clear();
    expect(io.errText.split('\r\u001b[K')).toEqual([
      '',
      `[${'#'.repeat(12)}${'.'.repeat(12)}] half`,
      `[${'#'.repeat(24)}] over`,
      '',
    ]);
  });
});

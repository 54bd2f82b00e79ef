// How many sessions a principal may have, and which of them goes for a new one.

import { describe, expect, test } from 'vitest';
import type { Tool } from '../../../../src/arcp/runtime/tools.js';
import { type RawPeer, settle, testRuntime } from '../../support/raw-peer.js';
import { slowLog } from '../../support/slow-log.js';

const deaf: Tool = { name: 'deaf', handler: () => new Promise(() => {}) };

function open(peer: RawPeer): void {
  peer.send('session.open', {
    auth: { scheme: 'bearer', token: 'tok-alice' },
    client: { kind: 'raw', version: '1' },
  });
}

describe('the sessions of a principal', () => {
  test('are not more while those that make room end: their last words wait for the log', async () => {
    const slow = slowLog();
    const bench = testRuntime({ tools: [deaf], log: slow.log, limits: { maxSessionsPerPrincipal: 2 } });
    for (let i = 0; i < 2; i++) {
      const peer = await bench.session();
      peer.send('tool.invoke', { tool: 'deaf', arguments: 1 });
      await peer.until('job.started');
      await peer.drop();
    }
    // A commit that is tried again in a while.
    slow.failCommits(1);
    await bench.session({ auth: { scheme: 'bearer', token: 'tok-bob' } }).catch(() => undefined);
    const peers = Array.from({ length: 5 }, () => bench.connect());
    for (const peer of peers) open(peer);
    await settle(1);
    expect(bench.runtime.sessions().filter(({ principal }) => principal === 'alice')).toHaveLength(4);
    bench.clock.advance(1_000);
    await settle();
    const answers = peers.map((peer) => peer.received[0]?.type);
    expect(answers).toEqual([
      'session.accepted',
      'session.accepted',
      'session.rejected',
      'session.rejected',
      'session.rejected',
    ]);
  });

  test('make room in the order in which they lost their connections, also after they had one again', async () => {
    const bench = testRuntime({ limits: { maxSessionsPerPrincipal: 3 } });
    const peers = [await bench.session(), await bench.session(), await bench.session()] as const;
    for (const peer of peers) {
      await peer.drop();
      bench.clock.advance(1_000);
    }
    const again = await bench.session({ session_id: peers[0].sessionId });
    await again.drop();
    await bench.session();
    const left = bench.runtime.sessions().map(({ id }) => id);
    expect(left).not.toContain(peers[1].sessionId);
    expect(left).toContain(peers[0].sessionId);
    expect(left).toContain(peers[2].sessionId);
  });
});

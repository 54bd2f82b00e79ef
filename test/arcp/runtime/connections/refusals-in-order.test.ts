// Commands to which nothing says yes: a client takes them for accepted when the answer to a ping behind them comes first.

import { describe, expect, test } from 'vitest';
import { memoryArtifacts } from '../../../../src/arcp/artifacts/memory.js';
import { artifactService } from '../../../../src/arcp/runtime/artifacts/artifacts-service.js';
import type { RuntimeOptions } from '../../../../src/arcp/runtime/runtime.js';
import { subscriptionService } from '../../../../src/arcp/runtime/subscriptions/subscriptions-service.js';
import type { JsonObject } from '../../../../src/codec/json-value.js';
import { type RawFields, type RawPeer, settle, testRuntime } from '../../support/raw-peer.js';
import { slowLog } from '../../support/slow-log.js';

const FOREIGN = { job_id: 'job_01ARZ3NDEKTSV4RRFFQ69G5FAV' };
const nobody = () => new Promise<never>(() => {});

function bench(get: () => Promise<never>, options: RuntimeOptions = {}) {
  const artifacts = { ...memoryArtifacts(), get };
  return testRuntime({
    log: slowLog().log,
    artifacts,
    services: [subscriptionService(), artifactService()],
    ...options,
  });
}

/** Types of what answers some messages, in order. */
function answers(peer: RawPeer, ids: readonly string[]): readonly string[] {
  return peer.received.filter(({ correlation_id }) => ids.includes(correlation_id ?? '')).map(({ type }) => type);
}

describe('where the log and the store take their time', () => {
  test.each<readonly [string, JsonObject, RawFields]>([
    ['event.emit', { name: 'a.b' }, FOREIGN],
    ['log', { level: 'info', message: 'x' }, FOREIGN],
    ['metric', { name: 'x.y', value: 1, unit: 'count' }, FOREIGN],
    ['artifact.release', { artifact_id: 'art_1' }, {}],
  ])('the refusal of %s comes before the answer to the ping behind it', async (type, payload, fields) => {
    const peer = await bench(() => Promise.reject(new Error('disk'))).session();
    const refused = peer.send(type, payload, fields);
    const pings = [peer.send('ping'), peer.send('ping')];
    await settle(9);
    expect(answers(peer, [refused, ...pings])).toEqual(['nack', 'pong', 'pong']);
  });

  test('a ping with nothing before it that may be refused is answered at once', async () => {
    const peer = await bench(nobody).session();
    const ids = [peer.send('artifact.fetch', { artifact_id: 'art_1' }), peer.send('ping')];
    await settle(9);
    expect(answers(peer, ids)).toEqual(['pong']);
  });

  test('a store that never answers holds a ping up for five seconds, and leaves no timer behind', async () => {
    const { session, clock } = bench(nobody);
    const peer = await session();
    const before = clock.pendingTimers;
    const ids = [peer.send('artifact.release', { artifact_id: 'art_1' }), peer.send('ping')];
    await settle(9);
    expect(answers(peer, ids)).toEqual([]);
    clock.advance(5_000);
    await settle(9);
    expect(answers(peer, ids)).toEqual(['pong']);
    expect(clock.pendingTimers).toBe(before);
  });
});

// Handoff over the wire, either way.

import { describe, expect, test } from 'vitest';
import { onAbort } from '../../../../src/abort.js';
import { ArcpError } from '../../../../src/arcp/errors.js';
import {
  type HandoffOptions,
  type HandoffRequest,
  handoffService,
} from '../../../../src/arcp/runtime/delegation/handoff.js';
import type { Tool } from '../../../../src/arcp/runtime/tools.js';
import { ALL_CAPABILITIES, type RawPeer, settle, testRuntime } from '../../support/raw-peer.js';

const sleep: Tool = {
  name: 'sleep',
  handler: (_args, { signal }) => new Promise((_resolve, reject) => onAbort(signal, reject)),
};

const runtime = { kind: 'elsewhere', version: '2.0.0', url: 'wss://elsewhere.example' };

function handing(move: HandoffOptions['move']) {
  const handoffs = handoffService({ move });
  return { handoffs, ...testRuntime({ tools: [sleep], services: [handoffs] }) };
}

async function running(peer: RawPeer): Promise<string> {
  peer.send('tool.invoke', { tool: 'sleep', arguments: null });
  return (await peer.until('job.started')).job_id as string;
}

describe('agent.handoff by a client', () => {
  test('moves a job when the application has moved it: ack, then the job is over here', async () => {
    const seen: HandoffRequest[] = [];
    let done: () => void = () => {};
    const { session } = handing((request) => {
      seen.push(request);
      return new Promise((resolve) => {
        done = resolve;
      });
    });
    const peer = await session();
    const job_id = await running(peer);
    const id = peer.send('agent.handoff', { runtime, reason: 'nearer' }, { job_id });
    await settle();
    expect(seen[0]).toMatchObject({ runtime, reason: 'nearer', job: { id: job_id, state: 'running' } });
    expect(seen[0]?.session.principal).toBe('alice');
    expect(peer.types()).not.toContain('ack');
    done();
    expect((await peer.until('ack')).correlation_id).toBe(id);
    expect(await peer.until('job.cancelled')).toMatchObject({ job_id, payload: { reason: 'handed off' } });
  });

  test('moves the session, and everything in it', async () => {
    const { session, runtime: local } = handing(() => {});
    const peer = await session();
    const job_id = await running(peer);
    peer.send('agent.handoff', { runtime });
    await peer.until('ack');
    expect((await peer.until('job.cancelled')).job_id).toBe(job_id);
    expect((await peer.until('session.evicted')).payload).toEqual({ code: 'CANCELLED', reason: 'handed off' });
    await peer.closed;
    expect(local.sessions()).toEqual([]);
  });

  test('is refused where the application says no, and what should move goes on', async () => {
    const { session } = handing(() => {
      throw new ArcpError('PERMISSION_DENIED', 'not there');
    });
    const peer = await session();
    const job_id = await running(peer);
    const id = peer.send('agent.handoff', { runtime }, { job_id });
    expect(await peer.until('nack')).toMatchObject({ correlation_id: id, payload: { code: 'PERMISSION_DENIED' } });
    peer.send('ping', {});
    await peer.until('pong');
    expect(peer.types()).not.toContain('job.cancelled');
  });

  test('tells nothing of what the application threw', async () => {
    const { session, faults } = handing(() => Promise.reject(new Error('password hunter2')));
    const peer = await session();
    peer.send('agent.handoff', { runtime });
    const { payload } = await peer.until('nack');
    expect(payload.code).toBe('INTERNAL');
    expect(JSON.stringify(payload)).not.toContain('hunter2');
    expect(faults).toHaveLength(1);
  });

  test('does not move twice what is on the move', async () => {
    const { session } = handing(() => new Promise(() => {}));
    const peer = await session();
    const job_id = await running(peer);
    peer.send('agent.handoff', { runtime }, { job_id });
    peer.send('agent.handoff', { runtime }, { job_id });
    expect((await peer.until('nack')).payload.code).toBe('FAILED_PRECONDITION');
  });

  test("of a job that is none, or another principal's, is refused and never shown to the application", async () => {
    let asked = 0;
    const { session } = handing(() => {
      asked++;
    });
    const peer = await session();
    const job_id = await running(peer);
    const bob = await session({ auth: { scheme: 'bearer', token: 'tok-bob' } });
    for (const id of ['job_zzz', job_id]) {
      bob.send('agent.handoff', { runtime }, { job_id: id });
      expect((await bob.until('nack')).payload.code).toBe('NOT_FOUND');
    }
    expect(asked).toBe(0);
  });

  test('that names no runtime is INVALID_ARGUMENT', async () => {
    const peer = await handing(() => {}).session();
    for (const payload of [{}, { runtime: 'elsewhere' }, { runtime: { kind: 'x' } }]) {
      peer.send('agent.handoff', payload);
      expect((await peer.until('nack')).payload.code).toBe('INVALID_ARGUMENT');
    }
  });

  test('is UNIMPLEMENTED where it was not negotiated, or the runtime has none', async () => {
    const without = await handing(() => {}).session({ capabilities: { ...ALL_CAPABILITIES, agent_handoff: false } });
    const missing = await testRuntime().session();
    for (const peer of [without, missing]) {
      peer.send('agent.handoff', { runtime });
      expect((await peer.until('nack')).payload.code).toBe('UNIMPLEMENTED');
    }
  });
});

describe('agent.handoff by the host', () => {
  test('of a job ends it here when the client agrees', async () => {
    const { session, handoffs } = handing(() => {});
    const peer = await session();
    const job_id = await running(peer);
    const moved = handoffs.offer(peer.sessionId, { runtime, jobId: job_id, reason: 'we close' });
    const offer = await peer.until('agent.handoff');
    expect(offer).toMatchObject({ job_id, payload: { runtime, reason: 'we close' } });
    peer.send('ack', {}, { correlation_id: offer.id });
    await moved;
    expect((await peer.until('job.cancelled')).payload.reason).toBe('handed off');
  });

  test('of a session ends it here when the client agrees', async () => {
    const { session, handoffs } = handing(() => {});
    const peer = await session();
    const moved = handoffs.offer(peer.sessionId, { runtime });
    peer.send('ack', {}, { correlation_id: (await peer.until('agent.handoff')).id });
    await moved;
    await peer.until('session.evicted');
  });

  test('rejects with what the client refused it with, and nothing ends', async () => {
    const { session, handoffs } = handing(() => {});
    const peer = await session();
    const moved = handoffs.offer(peer.sessionId, { runtime });
    const { id } = await peer.until('agent.handoff');
    peer.send('nack', { code: 'UNIMPLEMENTED', message: 'no' }, { correlation_id: id });
    await expect(moved).rejects.toMatchObject({ code: 'ERR_ARCP_UNIMPLEMENTED' });
    peer.send('ping', {});
    await peer.until('pong');
  });

  test('is not answered by another session', async () => {
    const { session, handoffs, clock } = handing(() => {});
    const peer = await session();
    const other = await session();
    const moved = handoffs.offer(peer.sessionId, { runtime });
    const { id } = await peer.until('agent.handoff');
    other.send('ack', {}, { correlation_id: id });
    await settle();
    clock.advance(30_000);
    await expect(moved).rejects.toMatchObject({ code: 'ERR_ARCP_DEADLINE_EXCEEDED' });
    expect(peer.types()).not.toContain('session.evicted');
  });

  test('rejects when the session or the runtime ends', async () => {
    const { session, handoffs, runtime: local } = handing(() => {});
    const first = await session();
    const gone = handoffs.offer(first.sessionId, { runtime });
    await first.until('agent.handoff');
    first.send('session.close', {});
    await expect(gone).rejects.toMatchObject({ code: 'ERR_ARCP_CANCELLED' });
    const second = await session();
    const closed = handoffs.offer(second.sessionId, { runtime });
    await second.until('agent.handoff');
    void local.close();
    await expect(closed).rejects.toMatchObject({ code: 'ERR_ARCP_CANCELLED' });
  });

  test('of what is not there, or cannot be told, rejects', async () => {
    const { session, handoffs } = handing(() => {});
    await expect(handoffs.offer('sess_1', { runtime })).rejects.toMatchObject({ code: 'ERR_ARCP_NOT_FOUND' });
    const peer = await session();
    await expect(handoffs.offer(peer.sessionId, { runtime, jobId: 'job_1' })).rejects.toMatchObject({
      code: 'ERR_ARCP_NOT_FOUND',
    });
    await expect(handoffs.offer(peer.sessionId, { runtime, timeoutMs: 0 })).rejects.toThrow(RangeError);
    const plain = await session({ capabilities: {} });
    await expect(handoffs.offer(plain.sessionId, { runtime })).rejects.toMatchObject({
      code: 'ERR_ARCP_UNIMPLEMENTED',
    });
    // And it may be tried again: nothing is on the move.
    await expect(handoffs.offer(plain.sessionId, { runtime })).rejects.toMatchObject({
      code: 'ERR_ARCP_UNIMPLEMENTED',
    });
  });
});

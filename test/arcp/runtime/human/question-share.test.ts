// How many questions may be open at once: of one job, and of one principal.

import { beforeAll, describe, expect, test } from 'vitest';
import type { ArcpError } from '../../../../src/arcp/errors.js';
import { permissionService } from '../../../../src/arcp/runtime/human/permissions.js';
import { promptService } from '../../../../src/arcp/runtime/human/prompts.js';
import type { RuntimeOptions } from '../../../../src/arcp/runtime/runtime.js';
import type { Tool } from '../../../../src/arcp/runtime/tools.js';
import { compileSchema } from '../../../../src/arcp/schema/json-schema.js';
import { type RawPeer, settle, testRuntime } from '../../support/raw-peer.js';

const BOB = { auth: { scheme: 'bearer', token: 'tok-bob' } };
const AT = '2026-03-02T08:15:50Z';
const input = { prompt: 'Well?', schema: true } as const;
const scopeOf = (n: number) => ({ permission: 'filesystem.read', resource: `/srv/${n}`, operation: 'read' });

/** Asks as many questions as it is told to, half of them for leave, and tells how many were refused once all have ended. */
const ask: Tool = {
  name: 'ask',
  handler: async (args, { requestInput, requestPermission }) => {
    const asked = Array.from({ length: args as number }, (_, n) =>
      n % 2 === 0 ? requestInput(input) : requestPermission(scopeOf(n)),
    );
    const ends = await Promise.allSettled(asked);
    return ends.filter((end) => end.status === 'rejected').map(({ reason }) => (reason as ArcpError).code);
  },
};

const bench = (options: RuntimeOptions = {}) =>
  testRuntime({ tools: [ask], services: [promptService(), permissionService()], ...options });

const isQuestion = (type: string) => type === 'human.input.request' || type === 'permission.request';
const openOf = (peer: RawPeer, jobId?: string) =>
  peer.received.filter(({ type, job_id }) => isQuestion(type) && (jobId ?? job_id) === job_id);

async function start(peer: RawPeer, count: number): Promise<string> {
  const accepted = await peer.answerTo(peer.send('tool.invoke', { tool: 'ask', arguments: count }));
  await settle(4);
  return accepted.job_id as string;
}

function answerAll(peer: RawPeer, jobId?: string): void {
  for (const { type, id, payload } of openOf(peer, jobId)) {
    if (type === 'permission.request') {
      peer.send('permission.deny', { permission: payload.permission, reason: 'no' }, { correlation_id: id });
    } else {
      peer.send('human.input.response', { value: 1, responded_by: 'web', responded_at: AT }, { correlation_id: id });
    }
  }
}

// The first schema of all loads the validator, which takes a while.
beforeAll(() => compileSchema(true));

describe('R5: the share of one job', () => {
  test('is 16 questions, prompts and permissions together; the 17th is RESOURCE_EXHAUSTED', async () => {
    const peer = await bench().session();
    const full = await start(peer, 16);
    expect(openOf(peer, full)).toHaveLength(16);
    const over = await start(peer, 17);
    expect(openOf(peer, over)).toHaveLength(16);
    answerAll(peer, over);
    const done = await peer.until('job.completed', ({ job_id }) => job_id === over);
    expect(done.payload.value.filter((code: string) => code === 'ERR_ARCP_RESOURCE_EXHAUSTED')).toHaveLength(1);
  });

  test('leaves the other jobs of its principal theirs', async () => {
    const peer = await bench().session();
    const greedy = await start(peer, 100);
    const modest = await start(peer, 16);
    expect(openOf(peer, greedy)).toHaveLength(16);
    expect(openOf(peer, modest)).toHaveLength(16);
  });
});

describe('R5: the share of one principal', () => {
  test('is 1,024 questions over all its sessions; one more is RESOURCE_EXHAUSTED, and nobody else’s share shrinks', async () => {
    const { session } = bench({ limits: { maxOpenPrompts: 128 } });
    const [one, two, bob] = [await session(), await session(), await session(BOB)];
    for (let i = 0; i < 7; i++) await start(one, 128);
    const last = await start(two, 127);
    expect(openOf(one).length + openOf(two).length).toBe(1_023);
    const edge = await start(two, 2);
    expect(openOf(two, edge)).toHaveLength(1);
    expect(openOf(bob, await start(bob, 128))).toHaveLength(128);
    answerAll(two, edge);
    const done = await two.until('job.completed', ({ job_id }) => job_id === edge);
    expect(done.payload.value).toEqual(['ERR_ARCP_RESOURCE_EXHAUSTED']);
    // What has ended gives its place back, however it ended.
    two.send('cancel', { target: 'job', target_id: last });
    await two.until('job.completed', ({ job_id }) => job_id === last);
    expect(openOf(two, await start(two, 128))).toHaveLength(128);
  });
});

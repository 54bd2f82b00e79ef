// Records in the log over one that takes its time: what is said last of a thing is what is kept of it.

import { expect, test } from 'vitest';
import { scheduleService } from '../../../../src/arcp/runtime/schedules/schedule.js';
import type { Tool } from '../../../../src/arcp/runtime/tools.js';
import { settle, testRuntime } from '../../support/raw-peer.js';
import { slowLog } from '../../support/slow-log.js';
import { slowTransport } from '../../support/slow-transport.js';

test('a session that loses its connection before the log has it ends in time, also over a restart', async () => {
  const slow = slowLog();
  const bench = testRuntime({ log: slow.log, limits: { sessionRetentionMs: 10_000 } });
  const other = await bench.session();
  slow.failCommits(1);
  other.send('ping');
  await settle(1);
  const peer = bench.connect();
  peer.send('session.open', {
    auth: { scheme: 'bearer', token: 'tok-alice' },
    client: { kind: 'raw', version: '1' },
  });
  await settle(1);
  await peer.drop();
  bench.clock.advance(50);
  await settle();
  const records = await bench.log.records('session', { limit: 10 });
  expect(records.map(({ value }) => typeof (value as { awaySinceMs?: number }).awaySinceMs)).toEqual([
    'number',
    'number',
  ]);
});

test('a scheduled job is in the log before it runs, also where the connection takes nothing', async () => {
  const unkept: boolean[] = [];
  const tool: Tool = {
    name: 'look',
    async handler(_args, { jobId }) {
      const kept = await bench.log.read({ after: 0, limit: 9, jobIds: [jobId], types: ['job.accepted'] });
      const record = await bench.log.record('job', jobId);
      unkept.push(kept.length !== 1 || (record as { isHeld?: boolean } | undefined)?.isHeld === true);
      return null;
    },
  };
  const bench = testRuntime({ tools: [tool], services: [scheduleService()], limits: { maxBufferedBytes: 1_000 } });
  const slow = slowTransport();
  void bench.runtime.accept(slow.transport);
  const say = (id: string, type: string, payload: unknown) =>
    slow.receive(JSON.stringify({ arcp: '1.0', id, type, timestamp: '2026-03-02T08:15:42Z', payload }));
  say('msg_open', 'session.open', {
    auth: { scheme: 'bearer', token: 'tok-alice' },
    client: { kind: 'slow', version: '1' },
    capabilities: { scheduled_jobs: true },
  });
  await settle();
  slow.pause();
  say('msg_ping', 'ping', { nonce: 'x'.repeat(1_000) });
  await settle();
  say('msg_schedule', 'job.schedule', {
    job: { type: 'tool.invoke', payload: { tool: 'look', arguments: 1 } },
    when: { after: 1 },
  });
  await settle();
  bench.clock.advance(1_000);
  await settle();
  expect(unkept).toEqual([false]);
});

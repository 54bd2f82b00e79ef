// Workflows over the wire.

import { describe, expect, test } from 'vitest';
import { onAbort } from '../../../src/abort.js';
import { ArcpError } from '../../../src/arcp/errors.js';
import { artifactService } from '../../../src/arcp/runtime/artifacts/artifacts-service.js';
import { scheduleService } from '../../../src/arcp/runtime/schedules/schedule.js';
import { resultRef } from '../../../src/arcp/runtime/tools.js';
import { type Workflow, type WorkflowOptions, workflowService } from '../../../src/arcp/runtime/workflow.js';
import { settle, testRuntime } from '../support/raw-peer.js';

const sum: Workflow = {
  name: 'sum',
  handler: (args, { progress }) => {
    progress(50, 'half way');
    return (args as readonly number[]).reduce((a, b) => a + b, 0);
  },
};
const sleep: Workflow = {
  name: 'sleep',
  handler: (_args, { signal }) => new Promise((_resolve, reject) => onAbort(signal, reject)),
};
const nothing: Workflow = { name: 'nothing', handler: (args) => ({ args }) };

function working(options: Partial<WorkflowOptions> = {}) {
  const workflows = workflowService({ workflows: [sum, sleep, nothing], ...options });
  return testRuntime({ services: [workflows, scheduleService({ commands: [workflows.command] }), artifactService()] });
}

describe('workflow.start', () => {
  test('runs a workflow as a job, with everything a tool has', async () => {
    const peer = await working().session();
    const id = peer.send('workflow.start', { workflow: 'sum', arguments: [1, 2, 3] }, { trace_id: 'trace-7' });
    await peer.until('job.completed');
    expect(peer.types()).toEqual(['job.accepted', 'job.started', 'job.progress', 'job.completed']);
    for (const message of peer.since()) expect(message).toMatchObject({ correlation_id: id, trace_id: 'trace-7' });
    expect(peer.since().at(-1)?.payload).toEqual({ value: 6 });
  });

  test('without arguments gets null', async () => {
    const peer = await working().session();
    peer.send('workflow.start', { workflow: 'nothing' });
    expect((await peer.until('job.completed')).payload).toEqual({ value: { args: null } });
  });

  test('says workflow.complete before the terminal event where the host wants it, and never after', async () => {
    const ref: Workflow = {
      name: 'ref',
      handler: async (_args, { artifact }) =>
        resultRef(await artifact(new Uint8Array(2), { mediaType: 'text/plain', announce: false })),
    };
    const bad: Workflow = {
      name: 'bad',
      handler: () => {
        throw new ArcpError('ABORTED', 'no');
      },
    };
    const peer = await working({ workflows: [sum, sleep, ref, bad], sayComplete: true }).session();
    peer.send('workflow.start', { workflow: 'sum', arguments: [4] });
    await peer.until('job.completed');
    expect(peer.types().slice(-2)).toEqual(['workflow.complete', 'job.completed']);
    expect(peer.since().at(-2)?.payload).toEqual({ value: 4 });
    peer.forget();
    // An artifact is no value, and what failed or was cancelled is not complete.
    peer.send('workflow.start', { workflow: 'ref' });
    await peer.until('job.completed');
    peer.send('workflow.start', { workflow: 'bad' });
    await peer.until('job.failed');
    peer.send('workflow.start', { workflow: 'sleep' });
    const { job_id } = await peer.until('job.started');
    peer.send('cancel', { target: 'job', target_id: job_id as string });
    await peer.until('job.cancelled');
    expect(peer.types()).not.toContain('workflow.complete');
  });

  test('can be cancelled', async () => {
    const peer = await working().session();
    peer.send('workflow.start', { workflow: 'sleep' });
    const { job_id } = await peer.until('job.started');
    peer.send('cancel', { target: 'job', target_id: job_id as string, reason: 'enough' });
    expect((await peer.until('job.cancelled')).payload).toEqual({ reason: 'enough' });
  });

  test('of an unknown workflow, or a tool, is refused', async () => {
    const workflows = workflowService({ workflows: [sum] });
    const tool = { name: 'echo', handler: () => 1 };
    const peer = await testRuntime({ tools: [tool], services: [workflows] }).session();
    for (const workflow of ['nope', 'echo', '__proto__', '']) {
      peer.send('workflow.start', { workflow });
      expect((await peer.until('nack')).payload.code).toBe('NOT_FOUND');
    }
    expect(peer.types()).not.toContain('job.accepted');
  });

  test('of the same idempotency key runs once; with another body it conflicts', async () => {
    const peer = await working().session();
    const fields = { idempotency_key: 'k' };
    peer.send('workflow.start', { workflow: 'sum', arguments: [1] }, fields);
    const first = await peer.until('job.completed');
    const again = peer.send('workflow.start', { workflow: 'sum', arguments: [1] }, fields);
    const second = await peer.until('job.completed');
    expect(second).toMatchObject({ correlation_id: again, job_id: first.job_id, payload: { value: 1 } });
    peer.send('workflow.start', { workflow: 'sum', arguments: [2] }, fields);
    expect((await peer.until('job.failed')).payload.code).toBe('ALREADY_EXISTS');
    // A tool.invoke is another intent, whatever its payload.
    peer.send('tool.invoke', { tool: 'sum', arguments: [1] }, fields);
    expect((await peer.until('job.failed')).payload.code).toBe('ALREADY_EXISTS');
    expect(peer.types().filter((type) => type === 'job.started')).toHaveLength(1);
  });

  test('can be scheduled, also over a restart', async () => {
    const bench = working();
    const peer = await bench.session();
    const job = { type: 'workflow.start', payload: { workflow: 'sum', arguments: [20, 1] } };
    peer.send('job.schedule', { job, when: { after: 60 } });
    await peer.until('job.accepted');
    peer.send('job.schedule', { job: { type: 'workflow.start', payload: { workflow: 'nope' } }, when: { after: 1 } });
    expect((await peer.until('nack')).payload.code).toBe('NOT_FOUND');
    peer.send('job.schedule', { job: { type: 'workflow.start', payload: {} }, when: { after: 1 } });
    expect((await peer.until('nack')).payload).toMatchObject({
      code: 'INVALID_ARGUMENT',
      details: { path: 'payload.job.payload.workflow' },
    });
    const workflows = workflowService({ workflows: [sum] });
    const next = await bench.restart({ services: [workflows, scheduleService({ commands: [workflows.command] })] });
    const again = next.connect();
    await again.open({ session_id: peer.sessionId });
    next.clock.advance(60_000);
    await settle();
    again.send('resume', { after_message_id: peer.received.at(-1)?.id as string });
    expect((await again.until('job.completed')).payload).toEqual({ value: 21 });
  });

  test('is UNIMPLEMENTED where the runtime has none', async () => {
    const peer = await testRuntime().session();
    peer.send('workflow.start', { workflow: 'sum' });
    expect((await peer.until('nack')).payload.code).toBe('UNIMPLEMENTED');
  });
});

test('two workflows of one name are refused', () => {
  expect(() => workflowService({ workflows: [sum, sum] })).toThrow(TypeError);
});

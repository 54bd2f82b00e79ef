// What must hold of jobs, of what their tools did, and of the streams these wrote: the log is held to it.

import type { Coverage } from './coverage.js';
import { isPrefix, type Said, TERMINAL } from './said.js';
import type { Site } from './site.js';
import type { Run } from './tools.js';
import type { World } from './world.js';

/**
 * One acceptance and one end for each command that asked for a job; nothing of a job behind its end.
 *
 * @param recurring Commands that ask for one job after the other: each of these counts as a command.
 */
export function checkJobs(
  world: World,
  site: Site,
  out: readonly Said[],
  recurring: ReadonlySet<string>,
  coverage: Coverage,
): void {
  const commands = new Map<string, { readonly session: string; accepted: number; readonly ends: string[] }>();
  /** The command a job began with, and whether that has had its end. */
  const first = new Map<string, { readonly command: string; end: string | undefined }>();
  for (const { id, type, sessionId, jobId, correlationId: of } of out) {
    if (jobId === undefined || type === 'subscribe.event') continue;
    const correlationId = of !== undefined && recurring.has(of) ? `${of} ${jobId}` : of;
    const job = first.get(jobId);
    if (type === 'job.accepted') {
      const command = commands.get(correlationId ?? '');
      if (command === undefined) commands.set(correlationId ?? '', { session: sessionId, accepted: 1, ends: [] });
      else command.accepted++;
      if (job === undefined) first.set(jobId, { command: correlationId ?? '', end: undefined });
      continue;
    }
    if (job === undefined) {
      world.violate('order inside a job', `${type} ${id} of ${jobId} before its acceptance`);
      continue;
    }
    if (TERMINAL.includes(type)) {
      commands.get(correlationId ?? '')?.ends.push(type);
      if (correlationId === job.command && job.end === undefined) {
        job.end = type;
        coverage.terminals[type] = (coverage.terminals[type] ?? 0) + 1;
      }
    } else if (job.end !== undefined) {
      world.violate('order inside a job', `${type} ${id} of ${jobId} behind its ${job.end}`);
    }
  }
  coverage.jobs += first.size;
  const living = new Set(site.runtime.sessions().map(({ id }) => id as string));
  for (const [command, { session, accepted, ends }] of commands) {
    if (accepted !== 1) world.violate('no command carried out twice', `${command} was accepted ${accepted} times`);
    // Whoever repeated an intent and left does not hear how it ended.
    const isFollower = ![...first.values()].some((job) => job.command === command);
    if (isFollower && ends.length === 0 && !living.has(session)) continue;
    if (ends.length !== 1) {
      world.violate('one terminal event per job', `the job of ${command} has ${ends.length}: ${ends.join(', ')}`);
    }
  }
}

/** What tools did: once for each command, and what they said is in the log as they said it. */
export function checkRuns(world: World, { runs: all }: Site, out: readonly Said[], coverage: Coverage): void {
  const jobsOf = new Map<string, Set<string>>();
  const byJob = new Map<string, Run[]>();
  for (const run of all) {
    jobsOf.set(run.tag, (jobsOf.get(run.tag) ?? new Set()).add(run.jobId));
    byJob.set(run.jobId, [...(byJob.get(run.jobId) ?? []), run]);
  }
  for (const [tag, jobs] of jobsOf) {
    // A schedule's runs are counted with the schedules.
    if (jobs.size > 1 && !tag.includes(' again and again'))
      world.violate('no command carried out twice', `${tag} ran as ${[...jobs].join(', ')}`);
  }
  for (const [jobId, runs] of byJob) {
    const generations = new Set(runs.map(({ generation }) => generation));
    const [run] = runs;
    // Only what says so runs again, once in each runtime.
    const most = run?.runner === 'again' ? generations.size : 1;
    const isWorkflow = run?.runner === 'workflow';
    if (runs.length > most) {
      const which = isWorkflow ? 'a workflow runs once and completes once' : 'no command carried out twice';
      world.violate(which, `${jobId} ran ${runs.length} times`);
    }
    if (isWorkflow) checkWorkflow(world, jobId, out, coverage);
    const isWhole = out.some(({ type, jobId: id }) => id === jobId && type === 'job.completed');
    if (runs.length !== 1 || run === undefined || !isWhole) continue;
    const heard = out
      .filter(({ type, jobId: id }) => id === jobId && type === 'job.progress')
      .map(({ body }) => String(body.payload.message));
    if (heard.join() !== run.said.join()) {
      world.violate('order inside a job', `${jobId} said ${run.said.join()}, the log has ${heard.join()}`);
    }
  }
}

/** Completes with one `workflow.complete` right before its end, where the host wants that, and fails without. */
function checkWorkflow(world: World, jobId: string, out: readonly Said[], coverage: Coverage): void {
  const said = out.filter((entry) => entry.jobId === jobId);
  const complete = said.filter(({ type }) => type === 'workflow.complete');
  const end = said.find(({ type }) => type === 'job.completed');
  if (end !== undefined) coverage.workflows++;
  const expected = end !== undefined && world.saysComplete ? 1 : 0;
  // Cancelled in the very turn in which it was done, it has been said.
  const isOff = end === undefined ? complete.length > 1 : complete.length !== expected;
  if (isOff || (end !== undefined && (complete[0]?.position ?? 0) > end.position)) {
    world.violate('a workflow runs once and completes once', `${jobId} has ${complete.length} workflow.complete`);
  }
}

/** Chunks from 0 on, without a gap, then one end, also where a restart cut the stream off. */
export function checkStreams(world: World, site: Site, out: readonly Said[], coverage: Coverage): void {
  const streams = new Map<string, { session: string; next: number; isOver: boolean; texts: string[] }>();
  for (const { type, streamId, sessionId, body } of out) {
    if (streamId === undefined || !type.startsWith('stream.')) continue;
    const stream = streams.get(streamId);
    if (type === 'stream.open') {
      if (stream !== undefined) world.violate('order inside a stream', `${streamId} was opened twice`);
      streams.set(streamId, { session: sessionId, next: 0, isOver: false, texts: [] });
    } else if (stream === undefined || stream.isOver) {
      world.violate('order inside a stream', `${type} of ${streamId}, which is not open`);
    } else if (type === 'stream.chunk') {
      const sequence = Number(body.payload.sequence);
      if (sequence !== stream.next) {
        world.violate('order inside a stream', `${streamId} has ${sequence} where ${stream.next} belongs`);
      }
      stream.next = sequence + 1;
      stream.texts.push(String(body.payload.data));
    } else {
      stream.isOver = true;
    }
  }
  coverage.streams += streams.size;
  const living = new Set(site.runtime.sessions().map(({ id }) => id as string));
  for (const [id, { session, isOver }] of streams) {
    if (!isOver && living.has(session)) world.violate('order inside a stream', `${id} has no end`);
  }
  for (const run of site.runs) {
    for (const [id, { sent, isBinary, isClosed }] of run.streams) {
      const texts = streams.get(id)?.texts ?? [];
      const which = isBinary ? 'bytes arrive as they were sent' : 'order inside a stream';
      if (!isPrefix(texts, sent)) world.violate(which, `${id}: ${texts.join()} of ${sent.join()}`);
      // What a tool of a runtime before wrote, it may have written when nobody took it any more.
      const isTold = isClosed && run.generation === site.current.number;
      if (isTold && texts.length < sent.length) {
        world.violate(which, `${id} was closed with ${texts.length} of ${sent.length} chunks`);
      }
    }
  }
}

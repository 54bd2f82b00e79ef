// What must hold of schedules: computed from what was asked for and when, by other code than that of the runtime.

import type { Coverage } from './coverage.js';
import { jobsIn, type Said, type Told } from './said.js';
import type { World } from './world.js';

const MINUTE_MS = 60_000;

/** When a schedule comes due, as it was asked for. */
interface When {
  readonly after?: number;
  readonly every?: string;
}

/** Ids of the commands that ask for one job after the other. */
export function recurringIn(entries: readonly Said[]): ReadonlySet<string> {
  const ids = entries.filter(({ type, direction, body }) => {
    return (
      direction === 'in' && type === 'job.schedule' && (body.payload.when as When | undefined)?.every !== undefined
    );
  });
  return new Set(ids.map(({ id }) => id));
}

/** Each schedule has one job for each time it came due, and none once it was cancelled. */
export function checkSchedules(world: World, entries: readonly Said[], coverage: Coverage): void {
  const byCommand = new Map<string, Told[]>();
  for (const job of jobsIn(entries).values()) {
    const command = job.accepted.correlationId ?? '';
    byCommand.set(command, [...(byCommand.get(command) ?? []), job]);
  }
  const open = new Set(world.runtime.sessions().map(({ id }) => id as string));
  for (const command of entries) {
    if (command.direction === 'out' || command.type !== 'job.schedule') continue;
    const runs = byCommand.get(command.id) ?? [];
    if (runs.length > 0) checkSchedule(world, command, runs, open.has(command.sessionId), coverage);
  }
}

function checkSchedule(
  world: World,
  command: Said,
  runs: readonly Told[],
  isSessionOpen: boolean,
  coverage: Coverage,
): void {
  for (const [index, { started }] of runs.entries()) {
    if (started.length === 0) continue;
    coverage.scheduled++;
    if (index > 0) coverage.recurred++;
  }
  const { after = 0, every } = command.body.payload.when as unknown as When;
  const faults: string[][] = [];
  // What it counts from is the moment in which it is taken up: at once, or after a restart in between.
  for (const fromMs of new Set([command.atMs, (runs[0] as Told).accepted.atMs])) {
    const firstMs = every === undefined ? fromMs + after * 1_000 : Math.floor(fromMs / 1_000) * 1_000 + MINUTE_MS;
    faults.push([...faultsOf(world, runs, firstMs)]);
  }
  const count = every === undefined ? 1 : Number(/COUNT=(\d+)/.exec(every)?.[1] ?? Number.POSITIVE_INFINITY);
  const found = faults.some((list) => list.length === 0) ? [] : (faults[0] as string[]);
  found.push(...faultsOfEnd(world, runs, count, isSessionOpen));
  for (const fault of found) {
    world.violate('one job for each time a schedule comes due', `the schedule of ${command.id} ${fault}`);
  }
}

/** Each run begins when it is due: before that never, and later only where it had to wait. */
function* faultsOf(world: World, runs: readonly Told[], firstMs: number): Iterable<string> {
  let dueMs = firstMs;
  for (const [index, { jobId, started, end }] of runs.entries()) {
    const begunMs = started[0]?.atMs;
    if (begunMs !== undefined && begunMs < dueMs) yield `began ${jobId} at ${begunMs}, before ${dueMs}`;
    if (begunMs === undefined && end?.type === 'job.failed' && end.atMs < dueMs)
      yield `lost ${jobId}, which was to come`;
    const before = runs[index - 1]?.end;
    const next = runs[index + 1];
    if (next === undefined) {
      // Where there is no place, or the log is slow, one that was due may not have begun.
      const isPrompt = !world.isTight && !world.isLogSlow;
      const isOverdue = begunMs === undefined && end?.type === 'job.cancelled' && dueMs < end.atMs;
      if (isOverdue && isPrompt && latestMs(world, dueMs, before, end) < end.atMs) yield `never began ${jobId}`;
      return;
    }
    // The one after it is accepted in the moment in which it begins.
    const firedMs = next.accepted.atMs;
    if (firedMs < dueMs) yield `went on from ${jobId} at ${firedMs}, before ${dueMs}`;
    const byMs = latestMs(world, dueMs, before, next.accepted);
    if (firedMs > byMs) yield `went on from ${jobId} at ${firedMs}, after ${byMs}`;
    dueMs += (Math.floor(Math.max(0, firedMs - dueMs) / MINUTE_MS) + 1) * MINUTE_MS;
  }
}

/** When a run that is due begins at the latest: when the one before it has ended, and a runtime stands. */
function latestMs(world: World, dueMs: number, before: Said | undefined, now: Said): number {
  const start = world.here.starts.findLast(({ after }) => after < now.position);
  return Math.max(dueMs, world.stopAfter(before?.atMs ?? 0), start?.readyMs ?? Number.POSITIVE_INFINITY);
}

/** Jobs there should not be, and those that are missing. */
function* faultsOfEnd(world: World, runs: readonly Told[], count: number, isSessionOpen: boolean): Iterable<string> {
  if (runs.length > count) yield `has ${runs.length} jobs`;
  for (const [index, { jobId, started, end }] of runs.entries()) {
    const next = runs[index + 1];
    if (started.length > 1) yield `began ${jobId} ${started.length} times`;
    const times = world.here.runs.filter((run) => run.jobId === jobId).length;
    if (times > 1) yield `ran ${jobId} ${times} times`;
    const isCancelled = end?.type === 'job.cancelled' && started.length === 0;
    if (next === undefined) {
      if (!isCancelled && index + 1 < count && isSessionOpen) yield `has nothing behind ${jobId}`;
      continue;
    }
    if (isCancelled && next.accepted.position > end.position) yield `goes on behind ${jobId}, which was cancelled`;
    const begun = next.started[0];
    if (begun !== undefined && end !== undefined && begun.position < end.position) {
      yield `began ${next.jobId} before ${jobId} had ended`;
    }
  }
}

// Whether a program we started still runs.

import type { ChildProcess } from 'node:child_process';

/** `false` also for one that could not be started. */
export function isRunning({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid !== undefined && exitCode === null && signalCode === null;
}

// How commands fail: wrong usage, which the person can mend at once (exit code 2), or anything else (exit code 1).

import { isSdkError } from '../errors.js';
import { jsonLine } from './json-line.js';

/** The command line makes no sense. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  /** Command whose help has the answer, such as `id new`; empty for the overview. */
  readonly command: string;

  constructor(message: string, command = '') {
    super(message);
    this.command = command;
  }
}

/** What a failure looks like to a program. */
export interface FailureReport {
  readonly code: string;
  readonly message: string;
}

/** A failure as code and message. Errors of Node, such as EADDRINUSE, keep their own codes. */
export function reportOf(error: unknown): FailureReport {
  if (!(error instanceof Error)) return { code: 'ERR_UNEXPECTED', message: String(error) };
  const { code } = error as { code?: unknown };
  const named = isSdkError(error) || typeof code === 'string';
  return { code: named ? String(code) : 'ERR_UNEXPECTED', message: error.message };
}

/** The one line on standard error that a failed call leaves. */
export function failureLine(error: unknown): string {
  return jsonLine({ error: reportOf(error) });
}

// How a job ended, by the message that says so.

import { type ArcpError, arcpError, fromWireError } from '../errors.js';
import type { Message } from '../wire/envelope.js';
import type { JobState } from '../wire/execution.js';
import type { JobResult } from './job-handle.js';

/** Longest reason of a peer's that becomes the message of an error, in UTF-16 units. */
const MAX_REASON_CHARS = 1_024;

/** An end: a result, or what it failed with. */
export type JobEnd =
  | { readonly state: JobState; readonly result: JobResult; readonly error?: undefined }
  | { readonly state: JobState; readonly error: ArcpError };

/** The end that a message tells of; `undefined` where it tells of none. */
export function endOf(message: Message): JobEnd | undefined {
  switch (message.type) {
    case 'job.completed':
    case 'tool.result': {
      const { value, result_ref: ref } = message.payload;
      return { state: 'completed', result: { value, ref } };
    }
    case 'workflow.complete':
      return { state: 'completed', result: { value: message.payload.value } };
    case 'job.failed':
    case 'tool.error':
      return { state: 'failed', error: fromWireError(message.payload) };
    case 'job.cancelled': {
      const reason = (message.payload.reason ?? 'the job was cancelled').slice(0, MAX_REASON_CHARS);
      return { state: 'cancelled', error: arcpError('CANCELLED', reason) };
    }
  }
  return undefined;
}

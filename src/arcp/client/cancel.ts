// Cancelling a job, a stream or a session (ARCP v1.0, section 10.4). Loaded with the first cancel.

import { unlessAborted } from '../../unless-aborted.js';
import type { Core } from './core.js';

/** How to cancel. */
export interface CancelOptions {
  readonly reason?: string | undefined;
  /** How long the target gets to end by itself, in milliseconds. Default 5,000. */
  readonly deadlineMs?: number | undefined;
  /** Longest wait for the answer, over lost connections, too, in milliseconds. Default the deadline and a second. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What the runtime says to a cancel. Accepted, the job may still complete; its result tells. */
export interface CancelAnswer {
  readonly accepted: boolean;
  /** Why not: `not_cancellable`, `already_terminal`, `not_found`; other runtimes may say anything. */
  readonly reason?: string;
}

/** Grace of a target where the caller says none. */
const DEFAULT_DEADLINE_MS = 5_000;

/**
 * Cancels something.
 *
 * @param targetId Of a job that is not accepted yet: waits for it, as long as the signal lets it.
 * @throws {ArcpError} ERR_ARCP_UNAVAILABLE: no answer in time.
 */
export async function cancel(
  core: Core,
  target: 'job' | 'stream' | 'session',
  targetId: string | Promise<string>,
  { reason, deadlineMs, timeoutMs = (deadlineMs ?? DEFAULT_DEADLINE_MS) + 1_000, signal }: CancelOptions,
): Promise<CancelAnswer> {
  const payload = { target, target_id: await unlessAborted(signal, targetId), reason, deadline_ms: deadlineMs };
  const replies = ['cancel.accepted', 'cancel.refused'] as const;
  const reply = await core.request('cancel', payload, replies, { signal, timeoutMs });
  return reply.type === 'cancel.refused' ? { accepted: false, reason: reply.payload.reason } : { accepted: true };
}

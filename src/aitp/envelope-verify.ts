// Whether an envelope holds (section 3.2). Verified in this order:
//
// | step | check                                   | code of the failure              |
// |------|-----------------------------------------|----------------------------------|
// | 1    | size, JSON, no duplicate members        | INVALID_ENVELOPE                 |
// | 2    | `version`                               | UNKNOWN_VERSION                  |
// | 3    | shape; unknown member as the one defect | INVALID_ENVELOPE; UNKNOWN_FIELD  |
// | 4    | `message_id` not seen before            | REPLAY_DETECTED                  |
// | 5    | `timestamp` within the tolerance        | TIMESTAMP_EXPIRED                |
// | 6    | signature under `sender.agent_id`       | INVALID_SIGNATURE                |
// | 7    | remember the identifier                 | REPLAY_DETECTED                  |
//
// Steps 1 to 3 are envelope.ts.

import { assertInteger } from '../bytes/assert.js';
import { type Verified, verified } from '../documents/verified.js';
import { TIMESTAMP_TOLERANCE_SEC } from './constants.js';
import { type Envelope, envelopeSigningInput, type ParseEnvelopeOptions, parseEnvelope } from './envelope.js';
import { AitpError } from './errors.js';
import { type JcsOptions, verifyHashed } from './jcs-profile.js';
import type { ReplayStore } from './replay-store.js';
import { type AitpClock, readClock } from './timestamps.js';

/** The memory of identifiers, or the decision to do without one. */
export type ReplayDecision = ReplayStore | { readonly dangerouslyAllowReplay: true };

/** How an envelope is verified. */
export interface VerifyEnvelopeOptions extends ParseEnvelopeOptions, JcsOptions {
  readonly now: AitpClock;
  readonly replay: ReplayDecision;
  /** How far the time may be off, each way, in seconds: 0 to 86,400. Default 300. */
  readonly toleranceSec?: number;
}

/** @throws {AitpError} REPLAY_DETECTED: step 4, the identifier is remembered. Records nothing. */
export async function checkReplay(envelope: Envelope<string>, replay: ReplayDecision): Promise<void> {
  // By what a store can do: one that carries the waiver as well is still a store.
  if (!('has' in replay)) return;
  if (await replay.has(replayKey(envelope))) throw replayed();
}

/** @throws {AitpError} TIMESTAMP_EXPIRED: step 5, the time is off by more than the tolerance, either way. */
export function checkTimestamp(
  envelope: Pick<Envelope, 'timestampSec'>,
  nowSec: number,
  toleranceSec: number = TIMESTAMP_TOLERANCE_SEC,
): void {
  if (Math.abs(nowSec - envelope.timestampSec) <= toleranceSec) return;
  throw new AitpError('TIMESTAMP_EXPIRED', 'the time of the envelope is outside the tolerance');
}

/** @throws {AitpError} INVALID_SIGNATURE: step 6, the signature does not hold under the sender's key. */
export async function checkEnvelopeSignature(envelope: Envelope<string>, options?: JcsOptions): Promise<void> {
  const input = await envelopeSigningInput(envelope);
  await verifyHashed(input, envelope.signature, envelope.sender, 'INVALID_SIGNATURE', options);
}

/**
 * Remembers the identifier: step 7, after the signature, so that only the sender can use it up.
 *
 * @throws {AitpError} REPLAY_DETECTED: somebody was faster.
 * @throws {LimitError} ERR_LIMIT_EXCEEDED: the memory is full.
 */
export async function recordEnvelope(
  envelope: Envelope<string>,
  replay: ReplayDecision,
  nowSec: number,
  toleranceSec: number = TIMESTAMP_TOLERANCE_SEC,
): Promise<void> {
  // By what a store can do: one that carries the waiver as well is still a store.
  if (!('has' in replay)) return;
  // The last second at which this very message would still pass step 5 is its time plus the tolerance.
  const expiresAtSec = Math.max(nowSec, envelope.timestampSec) + toleranceSec + 1;
  if (!(await replay.addIfAbsent(replayKey(envelope), expiresAtSec))) throw replayed();
}

/**
 * Verifies an envelope, in the order of the table above.
 *
 * @param input Text, or its UTF-8 bytes, from anywhere.
 * @throws {AitpError} INVALID_ENVELOPE, UNKNOWN_VERSION, UNKNOWN_FIELD, REPLAY_DETECTED, TIMESTAMP_EXPIRED,
 *   INVALID_SIGNATURE.
 * @throws {LimitError} ERR_LIMIT_EXCEEDED: the memory of identifiers is full.
 * @throws {TypeError | RangeError} no clock, no decision about replay, or a tolerance out of its range.
 */
export function verifyEnvelope(
  input: string | Uint8Array,
  options: VerifyEnvelopeOptions & { readonly messageTypes?: undefined },
): Promise<Verified<Envelope>>;
export function verifyEnvelope(
  input: string | Uint8Array,
  options: VerifyEnvelopeOptions,
): Promise<Verified<Envelope<string>>>;
export async function verifyEnvelope(
  input: string | Uint8Array,
  options: VerifyEnvelopeOptions,
): Promise<Verified<Envelope<string>>> {
  const { replay, toleranceSec, nowSec } = readEnvelopeOptions(options);
  const envelope = parseEnvelope(input, options);
  await checkReplay(envelope, replay);
  checkTimestamp(envelope, nowSec, toleranceSec);
  await checkEnvelopeSignature(envelope, options);
  await recordEnvelope(envelope, replay, nowSec, toleranceSec);
  return verified(envelope);
}

/** What a verifier has to be told, checked. @throws {TypeError | RangeError} see {@link verifyEnvelope}. */
export function readEnvelopeOptions({
  replay,
  now,
  toleranceSec = TIMESTAMP_TOLERANCE_SEC,
}: Pick<VerifyEnvelopeOptions, 'replay' | 'now' | 'toleranceSec'>): {
  readonly replay: ReplayDecision;
  readonly toleranceSec: number;
  readonly nowSec: number;
} {
  assertReplayDecision(replay);
  assertInteger(toleranceSec, 'toleranceSec', 0, 86_400);
  return { replay, toleranceSec, nowSec: readClock(now) };
}

/** @throws {TypeError} neither a memory nor the decision to do without one. */
export function assertReplayDecision(replay: unknown): asserts replay is ReplayDecision {
  const { addIfAbsent, has, dangerouslyAllowReplay } = (replay ?? {}) as Record<string, unknown>;
  const isStore = typeof addIfAbsent === 'function' && typeof has === 'function';
  if (isStore || dangerouslyAllowReplay === true) return;
  throw new TypeError('replay must be a ReplayStore, or { dangerouslyAllowReplay: true }');
}

function replayKey({ sender, messageId }: Envelope<string>): string {
  return `${sender} ${messageId}`;
}

function replayed(): AitpError {
  return new AitpError('REPLAY_DETECTED', 'the message was seen before');
}

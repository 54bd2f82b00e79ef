// An envelope whose identifier is remembered only once its sender has turned out to be somebody: making keys costs nothing,
// and a memory that any of them can fill would be closed to everybody else.

import { type Verified, verified } from '../documents/verified.js';
import { type Envelope, parseEnvelope } from './envelope.js';
import {
  checkEnvelopeSignature,
  checkReplay,
  checkTimestamp,
  readEnvelopeOptions,
  recordEnvelope,
  type VerifyEnvelopeOptions,
} from './envelope-verify.js';

/** An envelope that was verified but for the last step. */
export interface OpenedEnvelope {
  readonly envelope: Verified<Envelope<string>>;

  /**
   * The last step: remembers the identifier. Has to be called before anything is done about the message.
   *
   * @throws {AitpError} REPLAY_DETECTED: meanwhile.
   * @throws {LimitError} ERR_LIMIT_EXCEEDED: the memory is full.
   */
  remember(): Promise<void>;
}

/**
 * Verifies an envelope as `verifyEnvelope` does, without remembering it yet.
 *
 * @param messageType The one kind of message taken.
 * @throws as `verifyEnvelope`.
 */
export async function openEnvelope(
  input: string | Uint8Array,
  messageType: string,
  options: Omit<VerifyEnvelopeOptions, 'messageTypes'>,
): Promise<OpenedEnvelope> {
  const { replay, toleranceSec, nowSec } = readEnvelopeOptions(options);
  const envelope = parseEnvelope(input, { ...options, messageTypes: [messageType] });
  await checkReplay(envelope, replay);
  checkTimestamp(envelope, nowSec, toleranceSec);
  await checkEnvelopeSignature(envelope, options);
  return { envelope: verified(envelope), remember: () => recordEnvelope(envelope, replay, nowSec, toleranceSec) };
}

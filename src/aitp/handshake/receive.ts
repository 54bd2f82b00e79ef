// What every message of the handshake goes through first (AITP 0.2, sections 3.2 and 8.3, step 1; 8.4): cheap checks
// first, then the signature, and only then is the message the peer's and its kind looked at.
//
//   1  size, JSON, version, shape     INVALID_ENVELOPE, UNKNOWN_VERSION, UNKNOWN_FIELD
//   2  not seen before, on time       REPLAY_DETECTED, TIMESTAMP_EXPIRED
//   3  from the peer, once we have one INVALID_ENVELOPE
//   4  what the caller can check early (payloads of the first round)
//   5  envelope signature             INVALID_SIGNATURE
//   6  identifier recorded            REPLAY_DETECTED
//   7  the kind that is due           INVALID_ENVELOPE; an `error` of the peer is thrown as such

import type { Aid } from '../aid.js';
import { type Envelope, parseEnvelope } from '../envelope.js';
import { checkEnvelopeSignature, checkReplay, checkTimestamp, recordEnvelope } from '../envelope-verify.js';
import { readErrorPayload } from '../error-payload.js';
import { AitpError } from '../errors.js';
import { AitpPeerError } from '../peer-error.js';
import type { HandshakeMessageType } from './messages.js';
import type { HandshakeSettings } from './options.js';
import { outOfTurn, type Turn } from './session.js';

/** What is expected of a message. */
export interface Expected<T> {
  /** The kind that is due; `undefined` where none is. */
  readonly messageType: HandshakeMessageType | undefined;
  /** Whom it has to come from; `undefined` before there is a peer. */
  readonly peer: Aid | undefined;
  /** Reads the payload of the kind that is due. */
  readonly read: (envelope: Envelope) => T;
  /** Whether the payload is read before the signature is checked, as in the first round. */
  readonly early: boolean;
}

/** A message whose sender is proved. */
export interface Received<T> {
  readonly envelope: Envelope;
  readonly payload: T;
}

/**
 * Takes a message in. From the moment its signature holds and its identifier is recorded, any failure ends the session.
 *
 * @param input Text, or its UTF-8 bytes, from anywhere.
 * @throws {AitpError} see the table above. {@link AitpPeerError}: the peer says that it has given up.
 * @throws {LimitError} ERR_LIMIT_EXCEEDED: the memory of identifiers is full; the session waits on.
 */
export async function receive<T, State extends string>(
  input: string | Uint8Array,
  turn: Turn<State>,
  settings: HandshakeSettings,
  expected: Expected<T>,
): Promise<Received<T>> {
  const { replay, maxBytes } = settings;
  const envelope = parseEnvelope(input, maxBytes === undefined ? {} : { maxBytes });
  await checkReplay(envelope, replay);
  checkTimestamp(envelope, turn.nowSec);
  if (expected.peer !== undefined && envelope.sender !== expected.peer) {
    throw new AitpError('INVALID_ENVELOPE', 'the message is not from the peer of this handshake');
  }
  const due = envelope.messageType === expected.messageType;
  const early = due && expected.early ? { payload: expected.read(envelope) } : undefined;
  await checkEnvelopeSignature(envelope, settings);
  await recordEnvelope(envelope, replay, turn.nowSec);
  turn.proved();
  if (envelope.messageType === 'error') throw new AitpPeerError(readErrorPayload(envelope.payload));
  if (!due) throw outOfTurn(`${envelope.messageType} in state ${turn.state}`);
  return { envelope, payload: early === undefined ? expected.read(envelope) : early.payload };
}

/** Takes in a message where none is due: whoever it is from, nothing comes of it. @throws always, as {@link receive}. */
export async function refuse<State extends string>(
  input: string | Uint8Array,
  turn: Turn<State>,
  settings: HandshakeSettings,
  peer: Aid | undefined,
): Promise<never> {
  const nothing = { messageType: undefined, peer, read: () => undefined, early: false };
  await receive(input, turn, settings, nothing);
  throw outOfTurn('no message is due');
}

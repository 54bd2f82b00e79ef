// Envelopes for tests of ARCP, as a peer would write them.

import { expect } from 'vitest';
import { ArcpError } from '../../src/arcp/errors.js';
import { decodeEnvelope, decodePayload, type Message, type RawEnvelope } from '../../src/arcp/wire/envelope.js';
import type { CoreType } from '../../src/arcp/wire/payloads.js';

/** The fields every envelope has, and those given. */
export function wire(type: string, payload: unknown = {}, fields: object = {}): Record<string, unknown> {
  return { arcp: '1.0', id: 'msg_1', type, timestamp: '2026-03-02T08:15:42Z', ...fields, payload };
}

/** Decodes what must be an envelope. */
export function envelopeOf(value: object): RawEnvelope {
  const decoded = decodeEnvelope(JSON.stringify(value));
  if (decoded.kind !== 'envelope') throw new Error(`no envelope: ${JSON.stringify(decoded)}`);
  return decoded.envelope;
}

/** Decodes a message whose payload must be good. */
export function messageOf<T extends CoreType>(type: T, payload: unknown): Message<T> {
  return decodePayload(envelopeOf(wire(type, payload)), type);
}

/** Asserts that a payload is refused, and where. */
export function expectRefused(type: string, payload: unknown, path: string): void {
  const envelope = envelopeOf(wire(type, payload));
  let caught: unknown;
  try {
    decodePayload(envelope, type as CoreType);
  } catch (error) {
    caught = error;
  }
  expect(caught, `${type} ${JSON.stringify(payload)}`).toBeInstanceOf(ArcpError);
  const { code, details } = caught as ArcpError;
  expect({ code, path: (details as { path: string }).path }).toEqual({ code: 'ERR_ARCP_INVALID_ARGUMENT', path });
  expect((details as { issue: unknown }).issue).toEqual(expect.any(String));
}

// What the tests of this room share: both suites, key pairs of known secrets, and a handshake run to its end.

import { expect } from 'vitest';
import { generateX25519, type X25519KeyPair, x25519FromSecret } from '../../src/curves/x25519.js';
import { fastSuite } from '../../src/noise/fast.js';
import { XkInitiator, type XkOptions, XkResponder, type XkResult } from '../../src/noise/handshake-xk.js';
import { buildPrologue } from '../../src/noise/prologue.js';
import { HEADROOM_BYTES, type NoiseSuite, TAG_BYTES, TAILROOM_BYTES } from '../../src/noise/suite.js';
import { nobleSuite } from '../../src/noise/suite-noble.js';
import { hex } from '../support/hex.js';

export const SUITES: readonly NoiseSuite[] = [nobleSuite, fastSuite];

export const EMPTY = new Uint8Array(0);

export const PROLOGUE = buildPrologue('did:key:zInitiator', 'did:key:zResponder');

/** Bytes that look random and are the same every time (xorshift32). */
export function pseudoRandom(bytes: number, seed: number): Uint8Array<ArrayBuffer> {
  let x = (seed * 2654435761) | 1;
  return Uint8Array.from({ length: bytes }, () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x;
  });
}

/** A pair of a secret made from a number. */
export function pair(seed: number): Promise<X25519KeyPair> {
  return x25519FromSecret(pseudoRandom(32, seed));
}

export function nonceOf(counter: number | bigint): Uint8Array {
  const nonce = new Uint8Array(12);
  new DataView(nonce.buffer).setBigUint64(4, BigInt(counter), true);
  return nonce;
}

/** A buffer of the in-place layout with the data in it; `offset` shifts it inside its memory. */
export function laidOut(data: Uint8Array, offset = 0): Uint8Array {
  const memory = new Uint8Array(offset + HEADROOM_BYTES + data.length + TAILROOM_BYTES);
  const buffer = memory.subarray(offset);
  buffer.set(data, HEADROOM_BYTES);
  return buffer;
}

/** A buffer of the in-place layout with a sealed message in it. */
export function laidOutSealed(message: Uint8Array, offset = 0): Uint8Array {
  const buffer = laidOut(new Uint8Array(Math.max(message.length - TAG_BYTES, 0)), offset);
  buffer.set(message, HEADROOM_BYTES);
  return buffer;
}

export function dataIn(buffer: Uint8Array, bytes: number): Uint8Array {
  return new Uint8Array(buffer.subarray(HEADROOM_BYTES, HEADROOM_BYTES + bytes));
}

/** Both sides of a handshake that has not begun. */
export async function parties(
  suite: NoiseSuite,
  options: { initiator?: Partial<XkOptions>; responder?: Partial<XkOptions>; remoteStaticKey?: Uint8Array } = {},
): Promise<{ initiator: XkInitiator; responder: XkResponder }> {
  const [initiatorKey, responderKey] = await statics;
  return {
    initiator: new XkInitiator({
      suite,
      staticKey: initiatorKey,
      remoteStaticKey: options.remoteStaticKey ?? responderKey.publicKey,
      prologue: PROLOGUE,
      ...options.initiator,
    }),
    responder: new XkResponder({ suite, staticKey: responderKey, prologue: PROLOGUE, ...options.responder }),
  };
}

/** The static pairs of {@link parties}: initiator, responder. */
export const statics = Promise.all([generateX25519(), generateX25519()]);

/** Runs a handshake to its end. */
export async function shakeHands(
  { initiator, responder }: { initiator: XkInitiator; responder: XkResponder },
  tamper: (message: Uint8Array, number: 1 | 2 | 3) => Uint8Array = (message) => message,
): Promise<{ near: XkResult; far: XkResult }> {
  await responder.readMessage1(tamper(await initiator.writeMessage1(), 1));
  await initiator.readMessage2(tamper(responder.writeMessage2(), 2));
  await responder.readMessage3(tamper(initiator.writeMessage3(), 3));
  return { near: initiator.split(), far: responder.split() };
}

/** The `code` of what a call throws or rejects with, or the name of an error that has none; undefined if neither. */
export async function faultOf(call: () => unknown): Promise<string | undefined> {
  try {
    await call();
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code ?? (error as Error).name;
  }
}

/** Compares bytes at once: a matcher that walks 64 KiB element by element takes its time. */
export function expectSame(actual: Uint8Array, expected: Uint8Array): void {
  if (Buffer.compare(actual, expected) !== 0) expect(hex(actual)).toBe(hex(expected));
}

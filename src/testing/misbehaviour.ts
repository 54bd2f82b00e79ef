// What a scripted peer can do wrong during the handshake, by name, and what that makes of a message.
// Whom it says it is, and what keys it has, the peer itself decides: scripted-peer.ts.

import { concatBytes } from '../bytes/concat.js';
import type { Message } from '../transport/contract.js';
import { flipBit, seededRandom } from './link-faults.js';

/** A handshake message by its number. The caller says 1 and 3, the callee says 2. */
export type HandshakeNumber = 1 | 2 | 3;

/** Something a peer does wrong on purpose. Those that name a `message` do nothing in the role that does not send it. */
export type Misbehaviour =
  /** Goes by the DID of somebody else, whose key it does not have. */
  | { readonly kind: 'claim'; readonly did: string }
  /** Goes by its own DID, and uses a key that was just made. */
  | { readonly kind: 'wrong-static-key' }
  /** Sends as its own the public key of the DID it goes by, which everybody knows, without having the secret. */
  | { readonly kind: 'borrowed-static-key' }
  /** Begins with another prologue than the two names make. */
  | { readonly kind: 'wrong-prologue'; readonly prologue: Uint8Array }
  /** Sends a point of small order as its ephemeral key, so that every secret made with it would be zero. */
  | { readonly kind: 'low-order-ephemeral'; readonly point: Uint8Array }
  /** The same as its static key, which only a caller sends. */
  | { readonly kind: 'low-order-static'; readonly point: Uint8Array }
  /** Sends text instead. */
  | { readonly kind: 'text'; readonly message: HandshakeNumber }
  /** Sends no bytes at all. */
  | { readonly kind: 'empty'; readonly message: HandshakeNumber }
  /** Leaves out so many bytes at the end, 1 by default. */
  | { readonly kind: 'short'; readonly message: HandshakeNumber; readonly by?: number }
  /** Adds so many zero bytes, 1 by default. */
  | { readonly kind: 'long'; readonly message: HandshakeNumber; readonly by?: number }
  /** Sends as many bytes that mean nothing. */
  | { readonly kind: 'garbage'; readonly message: HandshakeNumber }
  /** One bit of this byte is wrong; negative counts from the end. */
  | { readonly kind: 'flip'; readonly message: HandshakeNumber; readonly byte: number }
  /** Carries a payload, properly encrypted. */
  | { readonly kind: 'payload'; readonly message: HandshakeNumber; readonly payload: Uint8Array }
  /** Sends what was recorded in another handshake. */
  | { readonly kind: 'replay'; readonly message: HandshakeNumber; readonly recorded: Uint8Array }
  /** Says it twice. */
  | { readonly kind: 'repeat'; readonly message: HandshakeNumber }
  /** Says other things right before it. */
  | { readonly kind: 'extra'; readonly message: HandshakeNumber; readonly before: readonly Message[] }
  /** Says something of its length before the other side has had its turn, and then itself. */
  | { readonly kind: 'out-of-turn'; readonly message: 2 | 3 }
  /** Says nothing from here on, and stays connected. */
  | { readonly kind: 'silence'; readonly message: HandshakeNumber }
  /** Ends the connection where this message is due. */
  | { readonly kind: 'hang-up'; readonly message: HandshakeNumber };

/** Bytes of each message without a payload, by its number. */
export const HANDSHAKE_BYTES: Readonly<Record<HandshakeNumber, number>> = { 1: 48, 2: 48, 3: 64 };

/** Bytes that mean nothing, the same for the same seed. */
export function garbage(bytes: number, seed: number): Uint8Array {
  const random = seededRandom(seed);
  return Uint8Array.from({ length: bytes }, () => Math.floor(random() * 256));
}

/**
 * What is sent in place of a message.
 *
 * @param honest The message as it would be. Borrowed.
 * @returns What to send, in order. Fresh.
 */
export function distort(
  number: HandshakeNumber,
  honest: Uint8Array,
  misbehaviours: readonly Misbehaviour[],
): readonly Message[] {
  let message: Message = honest;
  let copies = 1;
  const before: Message[] = [];
  for (const fault of misbehaviours) {
    if (!('message' in fault) || fault.message !== number) continue;
    switch (fault.kind) {
      case 'text':
        message = 'once upon a time';
        break;
      case 'empty':
        message = new Uint8Array(0);
        break;
      case 'short':
        message = message.slice(0, -(fault.by ?? 1));
        break;
      case 'long':
        message = concatBytes(message as Uint8Array, new Uint8Array(fault.by ?? 1));
        break;
      case 'garbage':
        message = garbage(message.length, number);
        break;
      case 'flip':
        message = flipBit(message, 8 * (fault.byte < 0 ? message.length + fault.byte : fault.byte));
        break;
      case 'replay':
        message = fault.recorded;
        break;
      case 'repeat':
        copies++;
        break;
      case 'extra':
        before.push(...fault.before);
        break;
    }
  }
  return [...before, ...Array.from({ length: copies }, () => message)];
}

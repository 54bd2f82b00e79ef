// The one place that decides what a peer gets to see of a fault of ours (agent-phone v1, section 5).

import { randomBytes } from '../bytes/random.js';
import { encodeUtf8 } from '../bytes/utf8.js';
import { RpcError } from '../errors.js';
import type { WireError } from './frame.js';
import { isFromPeer, WIRE_CODES } from './wire-errors.js';

/** Longest error text we send, in bytes of UTF-8. */
export const MAX_ERROR_TEXT_BYTES = 512;

/** What crosses the wire for a fault, and the number under which the original can be found at home. */
export interface ReportedFault {
  readonly wire: WireError;
  /** Set when the peer sees nothing of the original but this. */
  readonly correlationId?: string;
}

/**
 * Turns whatever a handler threw into what the peer may see: the text of an {@link RpcError} thrown on purpose, else
 * only a correlation id. An RpcError that the handler got from a peer of its own is not one on purpose. Never throws.
 */
export function reportFault(fault: unknown): ReportedFault {
  const wire = statedError(fault);
  if (wire !== undefined) return { wire };
  const correlationId = Array.from(randomBytes(6), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return { wire: { code: WIRE_CODES.failed, message: `internal error ${correlationId}` }, correlationId };
}

/** What an RpcError thrown on purpose says. */
function statedError(fault: unknown): WireError | undefined {
  try {
    if (!(fault instanceof RpcError) || isFromPeer(fault)) return undefined;
    const { wireCode: code, message } = fault;
    return Number.isSafeInteger(code) ? { code, message: truncate(String(message)) } : undefined;
  } catch {
    // A proxy or a getter that throws when looked at: no error of ours.
    return undefined;
  }
}

/** Cuts text to MAX_ERROR_TEXT_BYTES of well-formed UTF-8, without splitting a character. */
function truncate(text: string): string {
  // A lone surrogate cannot be sent: encoding replaces it by U+FFFD.
  const bytes = encodeUtf8(text);
  let end = Math.min(bytes.length, MAX_ERROR_TEXT_BYTES);
  while (end < bytes.length && end > 0 && ((bytes[end] as number) & 0xc0) === 0x80) end--;
  return new TextDecoder().decode(bytes.subarray(0, end));
}

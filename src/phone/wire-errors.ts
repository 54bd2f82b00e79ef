// The integers of `error` envelopes and our codes, both directions, and the one place that decides what a peer gets to
// see of a fault of ours (agent-phone v1, section 5; JSON-RPC 2.0, section 5.1).

import { randomBytes } from '../bytes/random.js';
import { encodeUtf8 } from '../bytes/utf8.js';
import { RpcError, type RpcErrorCode } from '../errors.js';
import type { WireError } from './frame.js';

/** Longest error text we send, in bytes of UTF-8. */
export const MAX_ERROR_TEXT_BYTES = 512;

/** The wire codes with a meaning of their own. Everything else is `ERR_RPC_REMOTE`. */
export const WIRE_CODES: Readonly<
  Record<'failed' | 'busy' | 'denied' | 'invalidRequest' | 'methodNotFound' | 'invalidParams' | 'internal', number>
> = /* @__PURE__ */ Object.freeze({
  /** The handler failed. */
  failed: -32000,
  /** Too many calls are open, or the session takes no new ones. */
  busy: -32001,
  /** The authorisation hook said no. */
  denied: -32003,
  /** A stream was asked of a unary method, or the other way round. */
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
});

/**
 * An error for a handler to throw, or one that a peer sent.
 *
 * @param wireCode Safe integer.
 * @param message Text for the peer; sent as it is up to 512 bytes, so keep secrets and the peer's own input out of it.
 */
export function rpcError(wireCode: number, message: string, options?: { cause?: unknown }): RpcError {
  return new RpcError(codeOf(wireCode), wireCode, message, options);
}

const received = /* @__PURE__ */ new WeakSet<RpcError>();

/**
 * Marks an error as what a peer's answer came to. Should a handler let it through, another peer asked, and the text is
 * not for that one: see {@link reportFault}.
 */
export function fromPeer(error: RpcError): RpcError {
  received.add(error);
  return error;
}

function codeOf(wireCode: number): RpcErrorCode {
  switch (wireCode) {
    case WIRE_CODES.busy:
      return 'ERR_RPC_BUSY';
    case WIRE_CODES.denied:
      return 'ERR_RPC_DENIED';
    case WIRE_CODES.methodNotFound:
      return 'ERR_RPC_METHOD_NOT_FOUND';
    case WIRE_CODES.invalidParams:
      return 'ERR_RPC_INVALID_PARAMS';
    case WIRE_CODES.internal:
      return 'ERR_RPC_INTERNAL';
    default:
      return 'ERR_RPC_REMOTE';
  }
}

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
    if (!(fault instanceof RpcError) || received.has(fault)) return undefined;
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

// The integers of `error` envelopes and our codes, both directions (agent-phone v1, section 5; JSON-RPC 2.0, section 5.1).
// What a peer gets to see of a fault of ours is decided in report-fault.ts.

import { RpcError, type RpcErrorCode } from '../errors.js';

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
 * not for that one: see report-fault.ts.
 */
export function fromPeer(error: RpcError): RpcError {
  received.add(error);
  return error;
}

/** Whether {@link fromPeer} marked it. */
export function isFromPeer(error: RpcError): boolean {
  return received.has(error);
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

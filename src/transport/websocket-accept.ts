// The server half of a WebSocket: a socket some host has accepted becomes an incoming call.
// Checking origin, subprotocol and caps comes before, and is the host's: see the host room.

import { assertString } from '../bytes/assert.js';
import type { IncomingCall } from './contract.js';
import { type SocketTransportOptions, socketTransport, type WebSocketLike } from './socket-transport.js';

/** What the host knows of an accepted socket, and options of the transport over it. */
export interface AcceptWebSocketOptions extends SocketTransportOptions {
  /** DID the caller claims: see {@link callerFromUrl}. */
  readonly callerDid: string;
  /** Subprotocol the host has echoed. */
  readonly subprotocol: string;
  /** Network address of the caller, where the host knows it. */
  readonly remoteAddress?: string;
}

/**
 * Makes an accepted WebSocket an incoming call.
 *
 * Call it in the same turn in which the socket was accepted, or messages may be missed.
 *
 * @param socket The server's half: accepted (workerd), upgraded (Deno), or `ws`'s; owned from here on.
 * @throws {TypeError} an argument of the wrong kind.
 */
export function acceptWebSocket(socket: WebSocketLike, options: AcceptWebSocketOptions): IncomingCall {
  const { callerDid, subprotocol, remoteAddress } = options;
  assertString(callerDid, 'callerDid');
  assertString(subprotocol, 'subprotocol');
  if (remoteAddress !== undefined) assertString(remoteAddress, 'remoteAddress');
  const transport = socketTransport(socket, options);
  return { transport, callerDid, subprotocol, ...(remoteAddress !== undefined && { remoteAddress }) };
}

/**
 * Reads the DID a caller claims from the URL it asked for.
 *
 * @param url Absolute, or path and query as an HTTP server sees it. `caller` may be raw or percent-encoded.
 * @returns The claim, not checked; `undefined` when there is none, an empty one, or more than one.
 */
export function callerFromUrl(url: string | URL): string | undefined {
  let callers: string[];
  try {
    callers = new URL(url, 'ws://host').searchParams.getAll('caller');
  } catch {
    return undefined;
  }
  return callers.length === 1 ? callers[0] || undefined : undefined;
}

// What a connection is handed to: a runtime, as hosts and the phone see it.

import type { Transport } from '../transport/contract.js';

/** Who is at the other end, as far as the connection itself tells. */
export interface ConnectionPeer {
  /** Authenticated already, by what the connection runs in. */
  readonly principal?: string;
  /** Not authenticated. */
  readonly remoteAddress?: string;
}

/** Takes connections. A runtime is one. */
export interface ArcpAcceptor {
  /**
   * Serves one connection. It must begin to listen before it returns.
   *
   * Listen by {@link receiveText}.
   *
   * @param transport Open; owned by the acceptor from here on.
   * @returns Settles when the connection has ended.
   */
  accept(transport: Transport, peer?: ConnectionPeer): Promise<void>;
}

/**
 * Listens for envelopes, which only text carries: bytes are ignored (ARCP v1.0, section 22).
 *
 * @throws {TypeError} somebody listens already.
 */
export function receiveText(transport: Transport, listener: (text: string) => void): void {
  transport.receive((message) => {
    if (typeof message === 'string') listener(message);
  });
}

/** @throws {TypeError} it takes no connections. */
export function assertAcceptor(value: unknown, name = 'runtime'): asserts value is ArcpAcceptor {
  if (typeof (value as ArcpAcceptor | undefined)?.accept !== 'function')
    throw new TypeError(`${name} must have accept()`);
}

/** Hands a connection over. Never throws: a connection that the acceptor fails on is cut. */
export function handOver(acceptor: ArcpAcceptor, transport: Transport, peer: ConnectionPeer): void {
  try {
    acceptor.accept(transport, peer).catch(() => transport.abort());
  } catch {
    transport.abort();
  }
}

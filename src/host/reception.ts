// Between a host's sockets and whoever answers on them: judges requests, hands accepted connections over, and keeps count
// of them. What is answered, a phone or ARCP, is a desk; see phone-desk.ts and arcp-desk.ts.

import type { Transport } from '../transport/contract.js';
import { type SocketTransportOptions, socketTransport, type WebSocketLike } from '../transport/socket-transport.js';
import type { Admission, Refusal, UpgradeRequest } from './upgrade.js';

/** Whoever answers. */
export interface Desk<Admitted extends Admission> {
  /** Longest message a socket is to take, in bytes. */
  readonly maxMessageBytes: number;
  /** What its connections want of the transport. */
  readonly transportOptions: SocketTransportOptions;
  /** Decides about a request, before any socket is accepted. */
  judge(request: UpgradeRequest, openConnections: number): Admitted | Refusal;
  /** Takes an accepted connection, and answers for whatever becomes of it. Must not throw. */
  take(transport: Transport, admission: Admitted): void;
}

/** The connections one host has brought to one desk. */
export class Reception<Admitted extends Admission> {
  readonly #desk: Desk<Admitted>;
  readonly #open = new Set<Transport>();

  constructor(desk: Desk<Admitted>) {
    this.#desk = desk;
  }

  /** See {@link Desk.maxMessageBytes}. */
  get maxMessageBytes(): number {
    return this.#desk.maxMessageBytes;
  }

  /** See {@link Desk.transportOptions}. */
  get transportOptions(): SocketTransportOptions {
    return this.#desk.transportOptions;
  }

  /** Decides about a request. */
  judge(request: UpgradeRequest): Admitted | Refusal {
    return this.#desk.judge(request, this.#open.size);
  }

  /** Hands an accepted WebSocket over. Call it in the turn in which the socket was accepted. */
  takeSocket(socket: WebSocketLike, admission: Admitted, options?: SocketTransportOptions): void {
    this.take(socketTransport(socket, { ...this.transportOptions, ...options }), admission);
  }

  /** Hands a connection over. Never throws. */
  take(transport: Transport, admission: Admitted): void {
    this.#open.add(transport);
    void transport.closed.then(() => this.#open.delete(transport));
    this.#desk.take(transport, admission);
  }

  /** Ends every connection it has brought, sessions included. Settles when they are gone, 3 s later at most. */
  async close(): Promise<void> {
    const open = [...this.#open];
    for (const transport of open) transport.close(1001, '');
    await Promise.all(open.map((transport) => transport.closed));
  }
}

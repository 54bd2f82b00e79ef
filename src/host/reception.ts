// Between a host's sockets and the server: judges requests, hands accepted connections over, and keeps count of them.

import type { PhoneServer } from '../phone/serve.js';
import type { Transport } from '../transport/contract.js';
import { type SocketTransportOptions, socketTransport, type WebSocketLike } from '../transport/socket-transport.js';
import {
  assertHostOptions,
  type HostOptions,
  judgeUpgrade,
  type Refusal,
  type Upgrade,
  type UpgradeRequest,
} from './upgrade.js';

/** The connections one host has brought to one server. */
export class Reception {
  readonly #server: PhoneServer;
  readonly #options: HostOptions;
  readonly #open = new Set<Transport>();

  /** @throws {TypeError | RangeError} options of the wrong kind or out of range. */
  constructor(server: PhoneServer, options: HostOptions) {
    if (typeof server?.accept !== 'function') throw new TypeError('server must be what serve() returned');
    assertHostOptions(options);
    this.#server = server;
    this.#options = options;
  }

  /** Decides about a request; see {@link judgeUpgrade}. */
  judge(request: UpgradeRequest): Upgrade | Refusal {
    return judgeUpgrade(request, this.#open.size, this.#options);
  }

  /** Hands an accepted WebSocket to the server. Call it in the turn in which the socket was accepted. */
  takeSocket(socket: WebSocketLike, upgrade: Upgrade, options?: SocketTransportOptions): void {
    this.take(socketTransport(socket, options), upgrade);
  }

  /** Hands a connection to the server, which answers for whatever becomes of it. Never throws. */
  take(transport: Transport, upgrade: Upgrade): void {
    this.#open.add(transport);
    void transport.closed.then(() => this.#open.delete(transport));
    const { accepted: _, ...claim } = upgrade;
    // The server has closed the connection and told `onRefused`: nothing is left to do here.
    this.#server.accept({ transport, ...claim }).catch(() => {});
  }

  /** Ends every connection it has brought, sessions included. Settles when they are gone, 3 s later at most. */
  async close(): Promise<void> {
    const open = [...this.#open];
    for (const transport of open) transport.close(1001, '');
    await Promise.all(open.map((transport) => transport.closed));
  }
}

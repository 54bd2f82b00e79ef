// The connections of a runtime: let in, run until they end, and taken up again where they stood while the runtime did not.

import type { Transport } from '../../../transport/contract.js';
import { assertPrincipal, type Peer } from '../authenticator.js';
import type { Core } from '../core.js';
import type { ConnectionState, StandingConnection } from '../rest.js';
import type { Session } from '../sessions/session.js';
import { Connection } from './connection.js';
import type { Sessions } from './greeting.js';
import { HalfOpen, partyOfPeer } from './half-open.js';

/** What is told of them. */
export interface ConnectionsEvents {
  /** What messages wait for, where the runtime is not ready for them yet. */
  ready(): Promise<void> | undefined;
  onBegan(): void;
  onEnded(): void;
}

/** The connections. */
export class Connections {
  readonly #core: Core;
  readonly #sessions: Sessions;
  readonly #events: ConnectionsEvents;
  readonly #halfOpen: HalfOpen;
  readonly #running = new Map<Connection, { readonly run: Promise<void>; readonly transport: Transport }>();
  #isClosed = false;

  constructor(core: Core, sessions: Sessions, events: ConnectionsEvents) {
    this.#core = core;
    this.#sessions = sessions;
    this.#events = events;
    this.#halfOpen = new HalfOpen(core.limits);
  }

  get size(): number {
    return this.#running.size;
  }

  /** As `Runtime.accept`. */
  async accept(transport: Transport, peer: Peer): Promise<void> {
    if (peer.principal !== undefined) assertPrincipal(peer.principal);
    let connection: Connection | undefined;
    const leave = this.#isClosed
      ? undefined
      : this.#halfOpen.enter(peer, partyOfPeer(peer), () => connection?.close(1013, 'too many connections wait'));
    if (leave === undefined) {
      transport.close(1013, this.#isClosed ? 'the runtime is closed' : 'too many connections wait');
      await transport.closed;
      return;
    }
    connection = new Connection(this.#core, this.#sessions, transport, peer, leave);
    try {
      await this.#run(connection, transport);
    } finally {
      leave();
    }
  }

  /** Takes up a connection that stood meanwhile. @param session It goes on with; `undefined` for none. */
  goOn({ transport, state, peer = {} }: StandingConnection, session: Session | undefined): void {
    if (session === undefined || session.isConnected) return transport.close(1012, 'the runtime was restarted');
    const connection = new Connection(this.#core, this.#sessions, transport, peer, () => {});
    connection.goOn(session, state);
    this.#run(connection, transport).catch((error: unknown) => this.#core.report(error, 'connection'));
  }

  /**
   * What to keep of them.
   *
   * @returns The states, and when each has something to do by itself; `undefined` while one has something to do.
   */
  states():
    | { readonly connections: ReadonlyMap<Transport, ConnectionState>; readonly dues: readonly (number | undefined)[] }
    | undefined {
    const connections = new Map<Transport, ConnectionState>();
    const dues: (number | undefined)[] = [];
    for (const [connection, { transport }] of this.#running) {
      const { state } = connection;
      if (state === undefined) return undefined;
      connections.set(transport, state);
      dues.push(connection.nextDueMs);
    }
    return { connections, dues };
  }

  /** Ends all that stand. */
  endAll(code: number, reason: string): void {
    for (const connection of this.#running.keys()) connection.close(code, reason);
  }

  /** Lets nobody in any more. */
  close(): void {
    this.#isClosed = true;
  }

  /** Resolves when those that stand have ended. */
  async ended(): Promise<void> {
    await Promise.all(Array.from(this.#running.values(), ({ run }) => run));
  }

  async #run(connection: Connection, transport: Transport): Promise<void> {
    this.#events.onBegan();
    const run = connection.run(this.#events.ready());
    this.#running.set(connection, { run, transport });
    try {
      await run;
    } finally {
      this.#running.delete(connection);
      this.#events.onEnded();
    }
  }
}

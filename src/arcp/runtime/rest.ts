// Whether a runtime may stop without anybody noticing, and what is to be kept of its connections where those outlive it: as
// in a Durable Object, which hibernates while its WebSockets stand.

import type { Transport } from '../../transport/contract.js';
import type { SessionId } from '../wire/ids.js';
import type { AuthScheme } from '../wire/session.js';
import type { Peer } from './authenticator.js';

/** What is kept of a connection that stands while its runtime does not: plain JSON, some 200 characters. */
export interface ConnectionState {
  readonly sessionId: SessionId;
  /** Position of the log up to which the client has everything. */
  readonly through: number;
  /** Whether it took up a session of before. */
  readonly isResumed: boolean;
  /** Scheme of the credentials. */
  readonly scheme: AuthScheme;
  /** Unix time in milliseconds after which they no longer hold. */
  readonly expiresAtMs?: number;
  /** Binary data goes by sidecar frames. */
  readonly isSidecar?: true;
}

/** A connection that stood while its runtime did not. */
export interface StandingConnection {
  /** Handed over. Its messages may wait. */
  readonly transport: Transport;
  /** What {@link Rest.connections} said of it, and nothing was sent since. */
  readonly state: ConnectionState;
  readonly peer?: Peer | undefined;
}

/** How a runtime rests: everything that counts is in its log. */
export interface Rest {
  /** When it has to be there again by itself, as Unix time in milliseconds: a schedule, an expiry. */
  readonly nextDueMs: number | undefined;
  /** Every connection, each with an accepted session and nothing left to send. */
  readonly connections: ReadonlyMap<Transport, ConnectionState>;
}

// A connection, as those see it who send by it: how much it takes, and how it ends.

import type { RefreshRequest } from '../authenticator.js';

/** The sending end of a connection. Does not throw. */
export interface Link {
  send(text: string): void;
  /** Bytes it takes before it counts as slow; 0 or less where it is. */
  readonly room: number;
  /** Calls back once when there is room again, or the connection ended. */
  whenRoom(callback: () => void): void;
}

/** A connection, as its session knows it. */
export interface SessionLink extends Link {
  /** Asks the client for fresh credentials. */
  askAgain(request: RefreshRequest): void;
  /** Ends the connection politely. */
  close(code: number, reason: string): void;
}

// What becomes of a session, as whoever watches it is told.

import type { SessionId } from '../wire/ids.js';

/**
 * What becomes of a session:
 * - `connected`: it stands, on its first connection or as a new session after the old one was `lost`;
 * - `reconnecting`: the connection is gone, another is being opened;
 * - `resumed`: it is connected again and nothing was lost;
 * - `lost`: messages of before are gone: `error` says ERR_ARCP_DATA_LOSS, or ERR_ARCP_UNAVAILABLE where the runtime began
 *   another session. `connected` follows;
 * - `closed`: it is over, for `error`.
 */
export interface SessionEvent {
  readonly state: 'connected' | 'reconnecting' | 'resumed' | 'lost' | 'closed';
  readonly sessionId: SessionId;
  readonly error?: unknown;
}

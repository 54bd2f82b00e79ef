// A session over a channel of one's own, with both its halves.

import type { Channel } from '../channel/contract.js';
import { startAnswering } from './answerer.js';
import { type PeerRecord, Session, type SessionOptions } from './session.js';

/**
 * Starts a session on a channel that stands; delivery begins in the next microtask. `connect` and `serve` do it for a
 * secure channel of theirs.
 *
 * @param record What the channel has proved of the peer.
 * @throws {TypeError | RangeError} options that are out of range.
 */
export function createSession(channel: Channel, record: PeerRecord, options: SessionOptions = {}): Session {
  return new Session(channel, record, options, options.handlers === undefined ? undefined : startAnswering);
}

// A caller's session that begins at once. Loaded by `connect` while the connection opens.

import type { Channel } from '../channel/contract.js';
import { type PeerRecord, Session } from './session.js';
import type { SessionOptions } from './session-options.js';

/** Starts a session. @throws {TypeError | RangeError} options that are out of range. */
export async function startSession(channel: Channel, record: PeerRecord, options: SessionOptions): Promise<Session> {
  return new Session(channel, record, options);
}

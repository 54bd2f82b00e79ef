// From an authenticated connection to a session.

import { Core } from './core.js';
import type { Authenticated } from './handshake.js';
import { type ResolvedConnect, type ResolvedOptions, resolveSession, type SessionOptions } from './options.js';
import { ClientSession } from './session.js';

/** Makes a session of a first connection. */
export function sessionOf(first: Authenticated, options: ResolvedOptions, connect?: ResolvedConnect): ClientSession {
  const core = new Core(options, connect);
  core.link.attach(first);
  const { streaming, human_input } = core.accepted.capabilities;
  // What will surely be needed is there before it is. Where it cannot be loaded, the first to need it says so.
  if (streaming || human_input) core.router.load().catch(() => {});
  return new ClientSession(core);
}

/**
 * Starts a session on a transport that was authenticated by hand. A lost connection ends it.
 *
 * @throws {TypeError} @throws {RangeError} an option that is none, or a session that was started already.
 */
export function startSession(authenticated: Authenticated, options: SessionOptions = {}): ClientSession {
  return sessionOf(authenticated, resolveSession(options, 'client'));
}

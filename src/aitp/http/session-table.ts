// Handshakes that wait for their commit (AITP 0.2, sections 8.4 and 9.1), found by the session's name, or by what a commit
// says without it. Only peers that have proved who they are get in, so no stranger can fill the table.

import type { HandshakeResponder } from '../handshake/responder.js';
import type { GrantRequester } from '../policy.js';
import { type AitpClock, readClock } from '../timestamps.js';

/** How long it is remembered that a session ran out of time, in seconds. */
const REMEMBER_EXPIRED_SEC = 300;

interface Entry {
  /** Gone once the session has run out of time: its secrets are not kept. */
  responder: HandshakeResponder | undefined;
  readonly key: string;
  /** Who the peer has proved to be. */
  readonly identity: string;
  readonly expiresAtSec: number;
}

/** Waiting handshakes. */
export interface SessionTable {
  /** How many are kept, those that ran out of time included. */
  readonly size: number;

  /**
   * Keeps a handshake whose hello was accepted. When the table is full, the oldest one is abandoned; when its identity has
   * as many as it may, the oldest of those.
   */
  add(responder: HandshakeResponder): void;

  /** @returns The handshake; `expired` where it ran out of time; `undefined` where none is known by that name. */
  find(sessionId: string): HandshakeResponder | 'expired' | undefined;

  /** As {@link find}, by the peer and by the nonce it echoes. */
  findByEcho(peerAid: string, nonce: string): HandshakeResponder | 'expired' | undefined;

  /** Forgets a handshake that is over. */
  delete(responder: HandshakeResponder): void;
}

/** How many handshakes wait at a time. */
export interface SessionTableLimits {
  readonly maxSessions: number;
  readonly maxSessionsPerIdentity: number;
}

/** Makes an empty table. */
export function sessionTable(limits: SessionTableLimits, now: AitpClock): SessionTable {
  const { maxSessions, maxSessionsPerIdentity } = limits;
  // In the order they came; all wait equally long, so the first is the first to expire.
  const entries = new Map<string, Entry>();
  const byEcho = new Map<string, string>();
  const byIdentity = new Map<string, Set<string>>();

  function drop(sessionId: string): void {
    const entry = entries.get(sessionId);
    if (entry === undefined) return;
    entry.responder?.abandon();
    byEcho.delete(entry.key);
    entries.delete(sessionId);
    const others = byIdentity.get(entry.identity);
    others?.delete(sessionId);
    if (others?.size === 0) byIdentity.delete(entry.identity);
  }

  function dropOldest(sessionIds: Iterable<string>): void {
    for (const oldest of sessionIds) {
      drop(oldest);
      return;
    }
  }

  function sweep(): void {
    const nowSec = readClock(now);
    for (const [sessionId, entry] of entries) {
      if (entry.expiresAtSec > nowSec) return;
      if (entry.expiresAtSec + REMEMBER_EXPIRED_SEC <= nowSec) {
        drop(sessionId);
        continue;
      }
      entry.responder?.abandon();
      entry.responder = undefined;
    }
  }

  function find(sessionId: string | undefined): HandshakeResponder | 'expired' | undefined {
    sweep();
    const entry = sessionId === undefined ? undefined : entries.get(sessionId);
    return entry === undefined ? undefined : (entry.responder ?? 'expired');
  }

  return {
    get size() {
      return entries.size;
    },
    add(responder) {
      sweep();
      const { sessionId, peerAid = '', popNonce = '', expiresAtSec = 0 } = responder;
      const identity = identityName(responder.peer);
      const same = byIdentity.get(identity);
      if (same !== undefined && same.size >= maxSessionsPerIdentity) dropOldest(same);
      if (entries.size >= maxSessions) dropOldest(entries.keys());
      const key = echoKey(peerAid, popNonce);
      entries.set(sessionId, { responder, key, identity, expiresAtSec });
      byEcho.set(key, sessionId);
      byIdentity.set(identity, (byIdentity.get(identity) ?? new Set<string>()).add(sessionId));
    },
    find,
    findByEcho: (peerAid, nonce) => find(byEcho.get(echoKey(peerAid, nonce))),
    delete: (responder) => drop(responder.sessionId),
  };
}

function echoKey(peerAid: string, nonce: string): string {
  return `${peerAid} ${nonce}`;
}

/** The same for whatever key an identity comes with. A pinned key is an identity of its own, whatever name it goes by. */
function identityName(peer: GrantRequester | undefined): string {
  if (peer?.identityType !== 'oidc') return `key ${peer?.aid ?? ''}`;
  return `oidc ${JSON.stringify([peer.issuer, peer.subject])}`;
}

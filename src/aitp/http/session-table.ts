// Handshakes that wait for their commit (AITP 0.2, sections 8.4 and 9.1), found by the session's name, or by what a commit
// says without it. Only peers that have proved who they are get in, so no stranger can fill the table.

import type { HandshakeResponder } from '../handshake/responder.js';
import { type AitpClock, readClock } from '../timestamps.js';

/** How long it is remembered that a session ran out of time, in seconds. */
const REMEMBER_EXPIRED_SEC = 300;

interface Entry {
  /** Gone once the session has run out of time: its secrets are not kept. */
  responder: HandshakeResponder | undefined;
  readonly key: string;
  readonly expiresAtSec: number;
}

/** Waiting handshakes. */
export interface SessionTable {
  /** How many are kept, those that ran out of time included. */
  readonly size: number;

  /** Keeps a handshake whose hello was accepted. When the table is full, the oldest one is abandoned. */
  add(responder: HandshakeResponder): void;

  /** @returns The handshake; `expired` where it ran out of time; `undefined` where none is known by that name. */
  find(sessionId: string): HandshakeResponder | 'expired' | undefined;

  /** As {@link find}, by the peer and by the nonce it echoes. */
  findByEcho(peerAid: string, nonce: string): HandshakeResponder | 'expired' | undefined;

  /** Forgets a handshake that is over. */
  delete(responder: HandshakeResponder): void;
}

/** Makes an empty table. @param maxSessions Most handshakes at a time. */
export function sessionTable(maxSessions: number, now: AitpClock): SessionTable {
  // In the order they came; all wait equally long, so the first is the first to expire.
  const entries = new Map<string, Entry>();
  const byEcho = new Map<string, string>();

  function drop(sessionId: string): void {
    const entry = entries.get(sessionId);
    if (entry === undefined) return;
    entry.responder?.abandon();
    byEcho.delete(entry.key);
    entries.delete(sessionId);
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
      if (entries.size >= maxSessions)
        for (const oldest of entries.keys()) {
          drop(oldest);
          break;
        }
      const key = echoKey(peerAid, popNonce);
      entries.set(sessionId, { responder, key, expiresAtSec });
      byEcho.set(key, sessionId);
    },
    find,
    findByEcho: (peerAid, nonce) => find(byEcho.get(echoKey(peerAid, nonce))),
    delete: (responder) => drop(responder.sessionId),
  };
}

function echoKey(peerAid: string, nonce: string): string {
  return `${peerAid} ${nonce}`;
}

// The sessions of a runtime: which there are, whose they are, which of them a client may take up again, and how many each
// may have. ARCP v1.0, sections 8 and 9.

import { ArcpError } from '../../errors.js';
import type { Negotiated } from '../../wire/capabilities.js';
import type { SessionId } from '../../wire/ids.js';
import type { SessionOpen } from '../../wire/session.js';
import { ANONYMOUS } from '../authenticator.js';
import type { Core } from '../core.js';
import { PrincipalUses } from '../jobs/principal-use.js';
import { Session } from './session.js';
import type { SessionRecord } from './session-record.js';

/** The sessions. */
export class SessionTable {
  readonly #core: Core;
  readonly #sessions = new Map<string, Session>();
  readonly #ofPrincipal = new Map<string, Set<Session>>();
  /** Strangers' sessions, and how many there are of each address that is known. */
  readonly #strangers = new Map<Session, string>();
  readonly #ofAddress = new Map<string, number>();
  readonly #uses: PrincipalUses;
  readonly #onEnded: () => void;

  /** @param onEnded One of them has ended. */
  constructor(core: Core, onEnded: () => void) {
    this.#core = core;
    this.#onEnded = onEnded;
    this.#uses = new PrincipalUses(core.clock, core.limits);
  }

  get size(): number {
    return this.#sessions.size;
  }

  get(id: string): Session | undefined {
    return this.#sessions.get(id);
  }

  values(): IterableIterator<Session> {
    return this.#sessions.values();
  }

  /** The session a client may take up again. Whether somebody else has such a session is not told: they get a fresh one. */
  resumable(id: string, principal: string): Session | undefined {
    const session = this.#sessions.get(id);
    return session?.principal === principal && !session.isEnding ? session : undefined;
  }

  /**
   * A fresh session.
   *
   * @param principal Empty: a stranger, named by its session.
   * @param party What its connection counts as; empty where nothing is known.
   * @throws {ArcpError} RESOURCE_EXHAUSTED
   */
  create(principal: string, open: SessionOpen, capabilities: Negotiated, party: string): Session {
    const anonymous = principal === '';
    const id = this.#core.ids.session();
    if (anonymous) this.#checkStrangers(party);
    else this.#makeRoom(principal);
    if (this.#sessions.size >= this.#core.limits.maxSessions) throw tooMany();
    const record = {
      principal: anonymous ? `${ANONYMOUS}${id}` : principal,
      client: open.client,
      capabilities,
      anonymous,
    };
    return this.add(id, record, party);
  }

  /** Makes a session stand, also one of before a restart. @param party As in {@link create}. */
  add(id: SessionId, record: SessionRecord, party: string): Session {
    // Strangers of one address count together; an id of a session has no such sign in it.
    const useOf = record.anonymous && party !== '' ? `${ANONYMOUS}@${party}` : record.principal;
    const session = new Session(this.#core, id, record, this.#uses.enter(useOf), (ended) => {
      this.#remove(ended);
      this.#uses.leave(useOf);
      this.#onEnded();
    });
    this.#sessions.set(id, session);
    const own = this.#ofPrincipal.get(record.principal);
    if (own === undefined) this.#ofPrincipal.set(record.principal, new Set([session]));
    else own.add(session);
    if (record.anonymous) {
      this.#strangers.set(session, party);
      this.#ofAddress.set(party, (this.#ofAddress.get(party) ?? 0) + 1);
    }
    return session;
  }

  /** The sessions of a principal are bounded: the longest gone of its own makes room. */
  #makeRoom(principal: string): void {
    const { maxSessionsPerPrincipal } = this.#core.limits;
    const own = this.#ofPrincipal.get(principal);
    if (own === undefined || own.size < maxSessionsPerPrincipal) return;
    let longestGone: Session | undefined;
    let standing = 0;
    for (const session of own) {
      // One that ends has made room already, though its last words may take a while.
      if (session.isEnding) continue;
      standing++;
      const { awayUntilMs } = session;
      if (awayUntilMs !== undefined && !(awayUntilMs >= (longestGone?.awayUntilMs ?? Infinity))) longestGone = session;
    }
    if (standing < maxSessionsPerPrincipal) return;
    if (longestGone === undefined) throw tooMany();
    longestGone.close('too many sessions', 0, () => {});
  }

  /** Strangers are nobody's principal: they must not take the places of those who have one. */
  #checkStrangers(party: string): void {
    const { maxAnonymousSessions, maxSessionsPerPrincipal } = this.#core.limits;
    const ofAddress = party === '' ? 0 : (this.#ofAddress.get(party) ?? 0);
    if (this.#strangers.size >= maxAnonymousSessions || ofAddress >= maxSessionsPerPrincipal) throw tooMany();
  }

  #remove(session: Session): void {
    this.#sessions.delete(session.id);
    const own = this.#ofPrincipal.get(session.principal);
    own?.delete(session);
    if (own?.size === 0) this.#ofPrincipal.delete(session.principal);
    const party = this.#strangers.get(session);
    if (party === undefined) return;
    this.#strangers.delete(session);
    const left = (this.#ofAddress.get(party) ?? 1) - 1;
    if (left === 0) this.#ofAddress.delete(party);
    else this.#ofAddress.set(party, left);
  }
}

function tooMany(): ArcpError {
  return new ArcpError('RESOURCE_EXHAUSTED', 'too many sessions');
}

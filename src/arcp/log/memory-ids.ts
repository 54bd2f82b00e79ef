// Which messages are in a log in memory, and which were: by session and id, a bounded number of pruned ones included.

import { bytesOfId } from './bounds.js';
import type { LogEntry, LoggedEntry, Whereabouts } from './contract.js';
import { Deque } from './deque.js';
import { higherOwnId, isForgotten } from './selection.js';

/** The messages of one id in a session: at most one a direction. */
interface Twins {
  in?: LoggedEntry | undefined;
  out?: LoggedEntry | undefined;
  /** Pruned, and remembered. */
  goneIn?: boolean;
  goneOut?: boolean;
}

/** What is known of a session. */
interface SessionIndex {
  readonly id: string;
  readonly principal: string;
  readonly byId: Map<string, Twins>;
}

/** A pruned entry that is remembered. */
interface Gone {
  readonly session: SessionIndex | undefined;
  readonly direction: LogEntry['direction'];
  readonly id: string;
}

/** The ids of a log. */
export class MessageIds {
  readonly #sessions = new Map<string, SessionIndex>();
  readonly #byPrincipal = new Map<string, Set<SessionIndex>>();
  readonly #gone = new Deque<Gone>();
  readonly #maxRemembered: number;
  #highestForgotten = '';
  #bytes = 0;

  constructor(maxRemembered: number) {
    this.#maxRemembered = maxRemembered;
  }

  /** Bytes of the ids that are remembered. */
  get remembered(): number {
    return this.#bytes;
  }

  /** Takes an entry in. @returns Whether it is new; entries without a session always are. */
  keep(entry: LoggedEntry): boolean {
    if (entry.sessionId === '') return true;
    const { direction, id } = entry;
    const { byId } = this.#sessionOf(entry);
    const twins = byId.get(id);
    if (twins === undefined) byId.set(id, direction === 'in' ? { in: entry } : { out: entry });
    else if (twins[direction] !== undefined || twins[direction === 'in' ? 'goneIn' : 'goneOut']) return false;
    else twins[direction] = entry;
    return true;
  }

  /** Who a session belongs to. */
  principalOf(sessionId: string): string | undefined {
    return this.#sessions.get(sessionId)?.principal;
  }

  /** Lets an entry go, and remembers its id. */
  drop({ sessionId, direction, id }: LoggedEntry): void {
    const session = this.#sessions.get(sessionId);
    if (session !== undefined) {
      const twins = session.byId.get(id) as Twins;
      twins[direction] = undefined;
      twins[direction === 'in' ? 'goneIn' : 'goneOut'] = true;
      this.#bytes += bytesOfId(id);
    }
    this.#gone.push({ session, direction, id });
    while (this.#gone.length > this.#maxRemembered) this.forget();
  }

  /** Forgets the id that went first, of those that are remembered. */
  forget(): void {
    const gone = this.#gone.shift();
    if (gone?.session === undefined) return;
    const { session, direction, id } = gone;
    this.#bytes -= bytesOfId(id);
    if (direction === 'out') this.#highestForgotten = higherOwnId(this.#highestForgotten, id);
    const twins = session.byId.get(id) as Twins;
    twins[direction === 'in' ? 'goneIn' : 'goneOut'] = false;
    if (twins.in !== undefined || twins.out !== undefined || twins.goneIn || twins.goneOut) return;
    session.byId.delete(id);
    if (session.byId.size === 0) this.#end(session);
  }

  /** As `EventLog.locate`. */
  locate(sessionId: string, id: string): Whereabouts {
    const session = this.#sessions.get(sessionId);
    return this.#whereabouts(session === undefined ? [] : [session], id);
  }

  /** As `EventLog.find`. */
  find(principal: string, id: string): Whereabouts {
    return this.#whereabouts(this.#byPrincipal.get(principal) ?? [], id);
  }

  clear(): void {
    this.#sessions.clear();
    this.#byPrincipal.clear();
    while (this.#gone.length > 0) this.#gone.shift();
  }

  #sessionOf({ sessionId, principal }: LogEntry): SessionIndex {
    let session = this.#sessions.get(sessionId);
    if (session === undefined) {
      session = { id: sessionId, principal, byId: new Map() };
      this.#sessions.set(sessionId, session);
      const own = this.#byPrincipal.get(principal);
      if (own === undefined) this.#byPrincipal.set(principal, new Set([session]));
      else own.add(session);
    }
    return session;
  }

  #end(session: SessionIndex): void {
    this.#sessions.delete(session.id);
    const own = this.#byPrincipal.get(session.principal);
    own?.delete(session);
    if (own?.size === 0) this.#byPrincipal.delete(session.principal);
  }

  #whereabouts(sessions: Iterable<SessionIndex>, id: string): Whereabouts {
    let entry: LoggedEntry | undefined;
    let gone = false;
    for (const { byId } of sessions) {
      const twins = byId.get(id);
      for (const candidate of [twins?.in, twins?.out]) {
        if (candidate !== undefined && candidate.position > (entry?.position ?? 0)) entry = candidate;
      }
      gone ||= twins?.goneIn === true || twins?.goneOut === true;
    }
    if (entry !== undefined) return { kind: 'kept', entry };
    return { kind: gone || isForgotten(id, this.#highestForgotten) ? 'pruned' : 'unknown' };
  }
}

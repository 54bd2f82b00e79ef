// The leases of all sessions, read from the log when they are first needed.

import type { JsonValue } from '../../../codec/json-value.js';
import type { MaybePromise } from '../../log/contract.js';
import { allRecords } from '../log-records.js';
import type { RuntimePort, SessionPort } from '../service.js';
import { LEASE, LeaseBook, leaseKeysOf, MAX_DEAD_LEASES } from './lease-book.js';
import type { LeaseFacts } from './lease-states.js';

/** Whose leases are whose. */
export class LeaseBooks {
  readonly #books = new Map<string, MaybePromise<LeaseBook>>();
  /** Sessions of before a restart that have leases nobody has asked for yet. */
  readonly #unread = new Set<string>();

  /** The leases of a session: a promise only where the log takes its time, and only the first time. */
  of(session: SessionPort): MaybePromise<LeaseBook> {
    const known = this.#books.get(session.id);
    if (known !== undefined) return known;
    this.#unread.delete(session.id);
    const read = readLeaseBook(session);
    if (!(read instanceof Promise)) return this.#keep(session, read);
    const kept = read.then((book) => this.#keep(session, book));
    this.#books.set(session.id, kept);
    kept.catch(() => this.#books.delete(session.id));
    return kept;
  }

  /** Does something with the leases of a session. */
  use<Result>(session: SessionPort, work: (book: LeaseBook) => Result): MaybePromise<Result> {
    const book = this.of(session);
    return book instanceof Promise ? book.then(work) : work(book);
  }

  /** A session is over: what was granted in it ends. @throws What the log does. Rejects so, where it takes its time. */
  end(session: SessionPort): void | Promise<void> {
    if (this.#unread.has(session.id)) {
      // Read to be let go of: it has no session any more.
      const read = this.of(session);
      return read instanceof Promise ? read.then(() => {}) : undefined;
    }
    const book = this.#books.get(session.id);
    this.#books.delete(session.id);
    // What is still being read ends as soon as it is there.
    if (!(book instanceof Promise)) book?.end();
  }

  /** Forgets the leases of sessions that did not come back. Those of the others are read when they are needed. */
  async recover(runtime: RuntimePort): Promise<void> {
    for await (const { key } of allRecords(runtime.log, LEASE)) {
      const sessionId = key.slice(0, key.indexOf('/'));
      if (runtime.session(sessionId) === undefined) runtime.write([{ kind: LEASE, key, value: undefined }]);
      else if (!this.#books.has(sessionId)) this.#unread.add(sessionId);
    }
  }

  #keep(session: SessionPort, book: LeaseBook): LeaseBook {
    if (session.signal.aborted) {
      this.#books.delete(session.id);
      book.end();
    } else this.#books.set(session.id, book);
    return book;
  }
}

function readLeaseBook({ id, runtime }: SessionPort): MaybePromise<LeaseBook> {
  const prefix = leaseKeysOf(id);
  // No session has more: those that live and those that are remembered.
  const limit = runtime.limits.maxLeases + MAX_DEAD_LEASES + 1;
  const open = (records: readonly { readonly key: string; readonly value: JsonValue }[]) => {
    const own = records.filter(({ key }) => key.startsWith(prefix));
    const kept = own.map(({ value }) => value as unknown as LeaseFacts);
    return new LeaseBook(runtime, id, kept);
  };
  const records = runtime.log.records(LEASE, { after: prefix, limit });
  return records instanceof Promise ? records.then(open) : open(records);
}

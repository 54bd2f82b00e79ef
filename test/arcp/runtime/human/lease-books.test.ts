// Leases of sessions over a log that takes its time: read once, and gone with their session.

import { expect, test } from 'vitest';
import type { EventLog } from '../../../../src/arcp/log/contract.js';
import { memoryLog } from '../../../../src/arcp/log/memory.js';
import { LEASE } from '../../../../src/arcp/runtime/human/lease-book.js';
import { LeaseBooks } from '../../../../src/arcp/runtime/human/lease-books.js';
import type { LeaseFacts } from '../../../../src/arcp/runtime/human/lease-states.js';
import { DEFAULT_LIMITS } from '../../../../src/arcp/runtime/limits.js';
import type { RuntimePort, SessionPort } from '../../../../src/arcp/runtime/service.js';
import type { LeaseId } from '../../../../src/arcp/wire/ids.js';

const lease: LeaseFacts = {
  leaseId: 'lease_1' as LeaseId,
  permission: 'filesystem.read',
  resource: '/srv/a',
  operation: 'read',
  state: 'granted',
  expiresAtMs: 1_000,
};

/** A log with one lease of session `sess_1`, whose records come when they are let; and what else the books need. */
function slowBooks() {
  const log = memoryLog();
  log.commit({ entries: [], records: [{ kind: LEASE, key: 'sess_1/lease_1', value: { ...lease } }] });
  const waiting: { pass(): void; fail(): void }[] = [];
  const slow: Pick<EventLog, 'records'> = {
    records: (kind, options) =>
      new Promise((resolve, reject) => {
        waiting.push({ pass: () => resolve(log.records(kind, options)), fail: () => reject(new Error('disk')) });
      }),
  };
  const runtime = {
    log: slow,
    limits: DEFAULT_LIMITS,
    now: () => 0,
    write: (records: Parameters<RuntimePort['write']>[0]) => log.commit({ entries: [], records }),
  } as unknown as RuntimePort;
  const end = new AbortController();
  const session = { id: 'sess_1', runtime, signal: end.signal } as unknown as SessionPort;
  const stands = { ...runtime, session: (id: string) => (id === session.id ? session : undefined) };
  return { books: new LeaseBooks(), waiting, session, stands, end, kept: () => log.records(LEASE, { limit: 9 }) };
}

test('are read once, however many ask meanwhile', async () => {
  const { books, waiting, session } = slowBooks();
  const asked = [books.of(session), books.of(session)];
  expect(waiting).toHaveLength(1);
  waiting[0]?.pass();
  const [one, two] = await Promise.all(asked);
  expect(one).toBe(two);
  expect(one?.holds('filesystem.read')).toBe(true);
  expect(books.of(session)).toBe(one);
});

test('R1: of a session that ends while they are read are gone, and nothing of it stays', async () => {
  const { books, waiting, session, end, kept } = slowBooks();
  const asked = books.of(session);
  end.abort();
  void books.end(session);
  waiting[0]?.pass();
  expect((await asked).holds('filesystem.read')).toBe(false);
  expect(kept()).toEqual([]);
  // Whoever asks later reads again, and finds nothing.
  const again = books.of(session);
  waiting[1]?.pass();
  expect((await again).liveCount).toBe(0);
  expect(waiting).toHaveLength(2);
});

test('of a session of before a restart are gone with it, also where nobody has asked for them since', async () => {
  const { books, waiting, session, stands, end, kept } = slowBooks();
  const recovering = books.recover(stands);
  waiting[0]?.pass();
  await recovering;
  expect(kept()).toHaveLength(1);
  end.abort();
  const ended = books.end(session);
  waiting[1]?.pass();
  await ended;
  expect(kept()).toEqual([]);
});

test('of no session of before are not read for its end', () => {
  const { books, waiting, session, end } = slowBooks();
  end.abort();
  expect(books.end(session)).toBeUndefined();
  expect(waiting).toEqual([]);
});

test('that could not be read are read again by whoever asks next', async () => {
  const { books, waiting, session } = slowBooks();
  const asked = books.of(session);
  waiting[0]?.fail();
  await expect(asked).rejects.toThrow();
  const again = books.of(session);
  waiting[1]?.pass();
  expect((await again).liveCount).toBe(1);
});

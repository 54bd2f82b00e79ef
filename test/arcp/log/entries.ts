// Entries for tests of event logs.

import type { LogEntry } from '../../../src/arcp/log/contract.js';

/** The n-th thing that happened to alice. */
export function entry(n: number, more: Partial<LogEntry> = {}): LogEntry {
  return {
    sessionId: 'sess_a',
    principal: 'alice',
    direction: 'out',
    id: `msg_${n}`,
    type: 'log',
    rank: 1,
    atMs: n,
    text: `{"n":${n}}`,
    ...more,
  };
}

// Every record of a kind, page by page.

import type { JsonValue } from '../../codec/json-value.js';
import type { EventLog } from '../log/contract.js';

/** Records read at once. */
const PAGE = 256;

/** Reads the records of a kind, by rising key. */
export async function* allRecords(
  log: EventLog,
  kind: string,
): AsyncGenerator<{ readonly key: string; readonly value: JsonValue }, void> {
  let after: string | undefined;
  for (;;) {
    const records = await log.records(kind, { after, limit: PAGE });
    yield* records;
    if (records.length < PAGE) return;
    after = records.at(-1)?.key;
  }
}

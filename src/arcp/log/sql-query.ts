// Queries of the log as SQL. Which index leads is decided here, for SQLite knows no more about the tables than we do: a
// sign before a column keeps it from leading. Texts of peers are parameters, always.

import type { LoggedEntry, LogQuery } from './contract.js';
import { type Clause, clausesOf, type Field, leadOf } from './selection.js';
import { integerOf, type SqlDriver, type SqlRow, type SqlValue } from './sql-driver.js';
import { keyOf, textOfKey, textOfPiece } from './sql-text.js';

/** Column of each field. */
const COLUMNS: Readonly<Record<Field, string>> = {
  correlationId: 'correlation',
  streamId: 'stream',
  jobId: 'job',
  traceId: 'trace',
  sessionId: 'session',
  principal: 'principal',
  type: 'type',
};

/** Fields with an index that goes on by position. */
const INDEXED: readonly Field[] = ['correlationId', 'streamId', 'jobId', 'traceId', 'sessionId', 'principal'];

/** What an entry is read from. */
export const ENTRY_COLUMNS =
  'position, session, principal, direction, id, type, job, stream, trace, correlation, rank, at, more, text';

/** Reads entries, as `EventLog.read`. */
export function readEntries(driver: SqlDriver, query: LogQuery): readonly LoggedEntry[] {
  const clauses = clausesOf(query);
  if (clauses.some(({ values }) => values.length === 0)) return [];
  const lead = leadOf(clauses, INDEXED);
  const read = (value: string | undefined): LoggedEntry[] => {
    const { sql, parameters } = statementOf(query, clauses, lead, value);
    return driver.query(sql, parameters).map((row) => entryOf(driver, row));
  };
  if (lead === undefined || lead.values.length === 1) return read(lead?.values[0]);
  // One list for each value, each in order and with as many as could be needed.
  const found = lead.values.flatMap(read);
  return found.sort((a, b) => a.position - b.position).slice(0, query.limit);
}

function statementOf(
  { after, upTo, limit, direction }: LogQuery,
  clauses: readonly Clause[],
  lead: Clause | undefined,
  leadValue: string | undefined,
): { readonly sql: string; readonly parameters: SqlValue[] } {
  let where = 'position > ?';
  const parameters: SqlValue[] = [after];
  if (upTo !== undefined) {
    where += ' AND position <= ?';
    parameters.push(upTo);
  }
  if (direction !== undefined) {
    where += ' AND +direction = ?';
    parameters.push(directionCode(direction));
  }
  for (const clause of clauses) {
    const column = COLUMNS[clause.field];
    const [first = ''] = clause.values;
    if (clause === lead) {
      where += ` AND ${column} = ?`;
      parameters.push(keyOf(leadValue ?? ''));
    } else if (clause.values.length === 1) {
      where += ` AND +${column} = ?`;
      parameters.push(keyOf(first));
    } else {
      // As one parameter: a Durable Object takes no more than a hundred.
      where += ` AND +${column} IN (SELECT value FROM json_each(?))`;
      parameters.push(JSON.stringify(clause.values.map(keyOf)));
    }
  }
  parameters.push(limit);
  return { sql: `SELECT ${ENTRY_COLUMNS} FROM arcp_log WHERE ${where} ORDER BY position LIMIT ?`, parameters };
}

/** A direction, as it is kept. */
export function directionCode(direction: 'in' | 'out'): number {
  return direction === 'in' ? 0 : 1;
}

/** The entry of a row of {@link ENTRY_COLUMNS}. */
export function entryOf(driver: SqlDriver, row: SqlRow): LoggedEntry {
  const position = integerOf(row.position);
  let text = textOfPiece(row.text);
  if (row.more !== 0 && integerOf(row.more) > 0) {
    const pieces = driver.query('SELECT text FROM arcp_log_piece WHERE position = ? ORDER BY piece', [position]);
    text += pieces.map((piece) => textOfPiece(piece.text)).join('');
  }
  return {
    position,
    sessionId: textOfKey(row.session as string),
    principal: textOfKey(row.principal as string),
    direction: Number(row.direction) === 0 ? 'in' : 'out',
    id: textOfKey(row.id as string),
    type: textOfKey(row.type as string),
    jobId: optional(row.job),
    streamId: optional(row.stream),
    traceId: optional(row.trace),
    correlationId: optional(row.correlation),
    rank: Number(row.rank),
    atMs: Number(row.at),
    text,
  };
}

function optional(value: SqlValue | undefined): string | undefined {
  return typeof value === 'string' ? textOfKey(value) : undefined;
}

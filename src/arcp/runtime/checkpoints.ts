// Checkpoints of jobs: data a tool keeps so that it need not start from nothing. Kept as records of the log, a few a job.

import { isObject } from '../../codec/is-object.js';
import type { JsonValue } from '../../codec/json-value.js';
import type { EventLog, MaybePromise, RecordWrite } from '../log/contract.js';
import type { IdFactory } from '../wire/ids.js';
import type { Job } from './job.js';

/** Kind of the records. */
export const CHECKPOINT = 'checkpoint';

/** A checkpoint that is kept. */
export interface Checkpoint {
  readonly jobId: string;
  readonly principal: string;
  readonly tool: string;
  readonly arguments: JsonValue;
  readonly data: JsonValue;
  readonly atMs: number;
}

/** The checkpoints of a runtime. */
export class Checkpoints {
  readonly #log: EventLog;
  readonly #ids: IdFactory;
  readonly #now: () => number;
  readonly #max: number;
  readonly #write: (records: readonly RecordWrite[]) => void;
  /** Ids of those that were made in this run, oldest first, by job that has not ended. */
  readonly #ofJob = new WeakMap<Job, string[]>();

  constructor(
    log: EventLog,
    ids: IdFactory,
    now: () => number,
    max: number,
    write: (records: readonly RecordWrite[]) => void,
  ) {
    this.#log = log;
    this.#ids = ids;
    this.#now = now;
    this.#max = max;
    this.#write = write;
  }

  /** Keeps data. @returns The checkpoint's id. */
  make(job: Job, data: JsonValue): string {
    const id = this.#ids.checkpoint();
    const value: Checkpoint = {
      jobId: job.id,
      principal: job.session.principal,
      tool: job.tool,
      arguments: job.request.arguments,
      // A copy: the tool may go on with its own.
      data: JSON.parse(JSON.stringify(data)) as JsonValue,
      atMs: this.#now(),
    };
    const records: RecordWrite[] = [{ kind: CHECKPOINT, key: id, value: value as unknown as JsonValue }];
    const ids = this.#ofJob.get(job) ?? [];
    ids.push(id);
    this.#ofJob.set(job, ids);
    while (ids.length > this.#max) records.push({ kind: CHECKPOINT, key: ids.shift() as string, value: undefined });
    job.lastCheckpoint = id;
    this.#write(records);
    return id;
  }

  /** Finds one. It is for the caller to see whose it is. */
  find(id: string): MaybePromise<Checkpoint | undefined> {
    const record = this.#log.record(CHECKPOINT, id);
    return record instanceof Promise ? record.then(asCheckpoint) : asCheckpoint(record);
  }
}

function asCheckpoint(record: JsonValue | undefined): Checkpoint | undefined {
  return isObject(record) ? (record as unknown as Checkpoint) : undefined;
}

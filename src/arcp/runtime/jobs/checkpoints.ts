// Checkpoints of jobs: data a tool keeps so that it need not start from nothing. Kept as records of the log, a few a job and
// so many a principal.

import { isObject } from '../../../codec/is-object.js';
import type { JsonValue } from '../../../codec/json-value.js';
import { ArcpError } from '../../errors.js';
import type { EventLog, MaybePromise, RecordWrite } from '../../log/contract.js';
import type { IdFactory } from '../../wire/ids.js';
import { shareOf } from '../limits.js';
import { allRecords } from '../log-records.js';
import { CheckpointShelf, type Kept, type ShelfLimits } from './checkpoint-shelf.js';
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

/** What checkpoints need of their runtime. */
export interface CheckpointPort {
  readonly log: EventLog;
  readonly ids: IdFactory;
  readonly now: () => number;
  readonly limits: ShelfLimits;
  /** Every job that has not ended, by id. */
  readonly liveJobs: { has(jobId: string): boolean };
  write(records: readonly RecordWrite[]): void;
}

/** What one is counted as beside its data and arguments, in characters. */
const BASE_CHARS = 256;

/** The checkpoints of a runtime. */
export class Checkpoints {
  readonly #port: CheckpointPort;
  readonly #shelves = new Map<string, CheckpointShelf>();
  readonly #isLive = (jobId: string): boolean => this.#port.liveJobs.has(jobId);

  constructor(port: CheckpointPort) {
    this.#port = port;
  }

  /** Counts what a runtime before this one kept. */
  async recover(): Promise<void> {
    // Ids rise, so that what is read later is newer.
    for await (const { key, value } of allRecords(this.#port.log, CHECKPOINT)) {
      const checkpoint = asCheckpoint(value);
      if (checkpoint !== undefined)
        this.#shelfOf(checkpoint.principal).add(key, keptOf(checkpoint, lengthOf(checkpoint.data)));
    }
  }

  /**
   * Keeps data.
   *
   * @returns The checkpoint's id.
   * @throws {ArcpError} ERR_ARCP_RESOURCE_EXHAUSTED: the principal keeps too much for its jobs that go on.
   * @throws {TypeError} data that no JSON can say.
   */
  make(job: Job, data: JsonValue): string {
    const { ids, now, limits, write } = this.#port;
    const text = JSON.stringify(data);
    const value: Checkpoint = {
      jobId: job.id,
      principal: job.session.principal,
      tool: job.tool,
      arguments: job.request.arguments,
      // A copy: the tool may go on with its own.
      data: JSON.parse(text) as JsonValue,
      atMs: now(),
    };
    const shelf = this.#shelfOf(value.principal);
    const kept = keptOf(value, text.length);
    const { anonymous } = job.session;
    const own: ShelfLimits = {
      maxCheckpoints: limits.maxCheckpoints,
      maxCheckpointsPerPrincipal: shareOf(limits.maxCheckpointsPerPrincipal, anonymous),
      maxCheckpointChars: shareOf(limits.maxCheckpointChars, anonymous),
    };
    const gone = shelf.victims(kept, own, this.#isLive);
    if (gone === undefined) throw new ArcpError('RESOURCE_EXHAUSTED', 'the principal keeps too many checkpoints');
    for (const id of gone) shelf.remove(id);
    const id = ids.checkpoint();
    shelf.add(id, kept);
    write([{ kind: CHECKPOINT, key: id, value: value as unknown as JsonValue }, ...gone.map(removal)]);
    return id;
  }

  /** Finds one. It is for the caller to see whose it is. */
  find(id: string): MaybePromise<Checkpoint | undefined> {
    const record = this.#port.log.record(CHECKPOINT, id);
    return record instanceof Promise ? record.then(asCheckpoint) : asCheckpoint(record);
  }

  /** The newest of a job. */
  newestOf(principal: string, jobId: string): MaybePromise<Checkpoint | undefined> {
    const id = this.#shelves.get(principal)?.newestOf(jobId);
    return id === undefined ? undefined : this.find(id);
  }

  /**
   * Removes those that nobody will ask for any more.
   *
   * @param oldestMs Those made before this Unix time in milliseconds go, but for those of jobs that have not ended.
   * @param isGone Whether a principal will never come again: a stranger's session has ended.
   */
  sweep(oldestMs: number, isGone: (principal: string) => boolean): void {
    for (const [principal, shelf] of this.#shelves) {
      const gone = isGone(principal) ? shelf.ids() : shelf.expired(oldestMs, this.#isLive);
      for (const id of gone) shelf.remove(id);
      if (shelf.size === 0) this.#shelves.delete(principal);
      if (gone.length > 0) this.#port.write(gone.map(removal));
    }
  }

  #shelfOf(principal: string): CheckpointShelf {
    const shelf = this.#shelves.get(principal) ?? new CheckpointShelf();
    this.#shelves.set(principal, shelf);
    return shelf;
  }
}

function removal(key: string): RecordWrite {
  return { kind: CHECKPOINT, key, value: undefined };
}

function keptOf({ jobId, arguments: args, atMs }: Checkpoint, dataChars: number): Kept {
  return { jobId, atMs, chars: BASE_CHARS + dataChars + lengthOf(args) };
}

function lengthOf(value: JsonValue): number {
  return JSON.stringify(value).length;
}

function asCheckpoint(record: JsonValue | undefined): Checkpoint | undefined {
  if (!isObject(record)) return undefined;
  const { jobId, principal, atMs } = record;
  const isOne = typeof jobId === 'string' && typeof principal === 'string' && typeof atMs === 'number';
  return isOne ? (record as unknown as Checkpoint) : undefined;
}

// How many delegated tasks are open: of one trace, which stops loops through runtimes that count no hops; and of one job,
// which stops a tool that hands out tasks without end.

import { ArcpError } from '../../errors.js';
import type { JobPort } from '../service.js';

/** The open tasks of a runtime. */
export class OpenTasks {
  readonly #maxPerTrace: number;
  readonly #maxPerJob: number;
  /** By principal and trace, and which of them a job is. */
  readonly #ofTrace = new Map<string, number>();
  readonly #traceOf = new Map<string, string>();
  readonly #ofJob = new WeakMap<JobPort, number>();

  constructor(maxPerTrace: number, maxPerJob: number) {
    this.#maxPerTrace = maxPerTrace;
    this.#maxPerJob = maxPerJob;
  }

  /** A task begins, as a job; again does nothing. @throws {ArcpError} ERR_ARCP_RESOURCE_EXHAUSTED */
  begin(principal: string, traceId: string, jobId: string): void {
    if (this.#traceOf.has(jobId)) return;
    const key = `${principal.length}:${principal}${traceId}`;
    const open = this.#ofTrace.get(key) ?? 0;
    if (open >= this.#maxPerTrace) throw new ArcpError('RESOURCE_EXHAUSTED', 'too many open tasks of one trace');
    this.#ofTrace.set(key, open + 1);
    this.#traceOf.set(jobId, key);
  }

  /** A job has ended, perhaps of a task. */
  end(jobId: string): void {
    const key = this.#traceOf.get(jobId);
    if (key === undefined) return;
    this.#traceOf.delete(jobId);
    const left = (this.#ofTrace.get(key) ?? 0) - 1;
    if (left > 0) this.#ofTrace.set(key, left);
    else this.#ofTrace.delete(key);
  }

  /** A job hands a task on. @returns Takes it off the count, once. @throws {ArcpError} ERR_ARCP_RESOURCE_EXHAUSTED */
  send(job: JobPort): () => void {
    const open = this.#ofJob.get(job) ?? 0;
    if (open >= this.#maxPerJob) throw new ArcpError('RESOURCE_EXHAUSTED', 'the job has too many open tasks');
    this.#ofJob.set(job, open + 1);
    return () => this.#ofJob.set(job, (this.#ofJob.get(job) ?? 1) - 1);
  }
}

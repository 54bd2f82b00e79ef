// What is on the move to another runtime: held, so that it does not move twice, and ended here when it has moved.

import { ArcpError } from '../../errors.js';
import type { MaybePromise } from '../../log/contract.js';
import type { JobPort, SessionPort } from '../service.js';

const REASON = 'handed off';

/** The moves of a runtime. */
export class Moves {
  /** Ids of sessions and jobs that are on the move, and of which session they are. */
  readonly #sessionOf = new Map<string, string>();
  #isClosed = false;

  get isBusy(): boolean {
    return this.#sessionOf.size > 0;
  }

  /**
   * Moves a job, or a session.
   *
   * @param job `undefined`: the session moves.
   * @param how Moves it. What it throws keeps it here.
   * @param onMoved Called before it ends here.
   * @throws {ArcpError} ERR_ARCP_FAILED_PRECONDITION: it, or what it is a part of, or a part of it is on the move already;
   *   ERR_ARCP_ABORTED: it ended by itself meanwhile; ERR_ARCP_CANCELLED: the runtime has closed, and nothing ends here.
   */
  async move(
    session: SessionPort,
    job: JobPort | undefined,
    how: () => MaybePromise<void>,
    onMoved: () => void,
  ): Promise<void> {
    const id = job?.id ?? session.id;
    if (this.#isMoving(session, id)) throw new ArcpError('FAILED_PRECONDITION', 'it is on the move already');
    this.#sessionOf.set(id, session.id);
    try {
      await how();
      if (this.#isClosed) throw new ArcpError('CANCELLED', 'the runtime closes');
      if (session.signal.aborted || (job !== undefined && session.job(job.id) !== job)) {
        throw new ArcpError('ABORTED', 'it has ended here meanwhile', { retryable: false });
      }
      onMoved();
      if (job === undefined) session.evict('CANCELLED', REASON);
      else job.cancel(REASON);
    } finally {
      this.#sessionOf.delete(id);
    }
  }

  /** The runtime closes: what is not over stays, for the next one. */
  close(): void {
    this.#isClosed = true;
  }

  #isMoving(session: SessionPort, id: string): boolean {
    if (this.#sessionOf.has(id) || this.#sessionOf.has(session.id)) return true;
    return id === session.id && [...this.#sessionOf.values()].includes(session.id);
  }
}

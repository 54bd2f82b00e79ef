// Handoff (ARCP v1.0, section 14): `agent.handoff` moves the control of a session, or of one job of it, to another runtime.
// Whether, and how, is the application's to say; what moved ends here.

import { ArcpError, fromWireError } from '../errors.js';
import type { MaybePromise } from '../log/contract.js';
import type { Message } from '../wire/envelope.js';
import type { RuntimeReference } from '../wire/execution.js';
import type { MessageId } from '../wire/ids.js';
import type { JobPort, RuntimePort, Service, SessionPort } from './service.js';

/** What a client asks to move. */
export interface HandoffRequest {
  readonly session: SessionPort;
  /** The job that moves; `undefined`: the whole session does. */
  readonly job: JobPort | undefined;
  /** Where to. A stranger's words. */
  readonly runtime: RuntimeReference;
  readonly reason: string | undefined;
}

/** Options of {@link handoffService}. */
export interface HandoffOptions {
  /**
   * Decides whether something may move, and moves it: when it resolves, the other runtime has taken over. The client is then
   * told by `ack`, and the job or session ends here.
   *
   * @throws {ArcpError} It stays: the client is told by `nack`.
   */
  readonly move: (request: HandoffRequest) => MaybePromise<void>;
}

/** What a runtime asks a client to follow. */
export interface HandoffOffer {
  readonly runtime: RuntimeReference;
  readonly reason?: string | undefined;
  /** The job that moves. Default: the session. */
  readonly jobId?: string | undefined;
  /** How long to wait for the client's answer, in milliseconds: above 0. Default 30,000. */
  readonly timeoutMs?: number | undefined;
}

type HandoffTypes = 'agent.handoff' | 'ack' | 'nack';

/** The service of handoffs, and what its host may do with it. */
export interface HandoffService extends Service<HandoffTypes> {
  /**
   * Tells a client that its session, or a job of it, goes on elsewhere. When the client agrees it ends here.
   *
   * @throws {ArcpError} What the client refused with; ERR_ARCP_DEADLINE_EXCEEDED: no answer; ERR_ARCP_NOT_FOUND: no such
   *   session or job; ERR_ARCP_UNIMPLEMENTED: `agent_handoff` was not negotiated; ERR_ARCP_CANCELLED: the session ends;
   *   ERR_ARCP_FAILED_PRECONDITION: it is on the move already.
   * @throws {RangeError} A timeout that is none.
   */
  offer(sessionId: string, offer: HandoffOffer): Promise<void>;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const REASON = 'handed off';

/** An offer that the client has not answered. */
interface Offered {
  readonly session: SessionPort;
  settle(error?: unknown): void;
}

/** Makes the service of handoffs. */
export function handoffService({ move }: HandoffOptions): HandoffService {
  let runtime: RuntimePort;
  const offered = new Map<MessageId, Offered>();
  /** Ids of sessions and jobs that are on the move. */
  const moving = new Set<string>();

  /** Holds what moves, so that it does not move twice, and ends it when it has. @throws {ArcpError} */
  const moved = async (
    session: SessionPort,
    job: JobPort | undefined,
    how: () => MaybePromise<void>,
  ): Promise<void> => {
    const id = job?.id ?? session.id;
    if (moving.has(session.id) || moving.has(id))
      throw new ArcpError('FAILED_PRECONDITION', 'it is on the move already');
    moving.add(id);
    try {
      await how();
      if (job === undefined) session.evict('CANCELLED', REASON);
      else job.cancel(REASON);
    } finally {
      moving.delete(id);
    }
  };

  const answered = (session: SessionPort, id: MessageId | undefined, error?: ArcpError) => {
    const offer = id === undefined ? undefined : offered.get(id);
    if (offer?.session === session) offer.settle(error);
  };

  /** @throws {ArcpError} */
  const jobOf = (session: SessionPort, id: string | undefined): JobPort | undefined => {
    const job = id === undefined ? undefined : session.job(id);
    if (id !== undefined && job === undefined) throw new ArcpError('NOT_FOUND', 'no such job');
    return job;
  };

  return {
    offers: ['agent_handoff'],
    handles: {
      'agent.handoff': (session, message: Message<'agent.handoff'>) => {
        const job = jobOf(session, message.job_id);
        const { runtime: to, reason } = message.payload;
        return moved(session, job, async () => {
          await move({ session, job, runtime: to, reason });
          session.ack(message);
        });
      },
      ack: (session, { correlation_id }) => answered(session, correlation_id),
      nack: (session, { correlation_id, payload }) => answered(session, correlation_id, fromWireError(payload)),
    },
    attach(attached) {
      runtime = attached;
    },
    onSessionEnd(session) {
      const error = new ArcpError('CANCELLED', 'the session has ended');
      for (const offer of [...offered.values()]) if (offer.session === session) offer.settle(error);
    },
    close() {
      const error = new ArcpError('CANCELLED', 'the runtime closes');
      for (const offer of [...offered.values()]) offer.settle(error);
    },
    async offer(sessionId, { runtime: to, reason, jobId, timeoutMs = DEFAULT_TIMEOUT_MS }) {
      if (!(timeoutMs > 0)) throw new RangeError(`timeoutMs must be above 0, not ${timeoutMs}`);
      const session = runtime.session(sessionId);
      if (session === undefined) throw new ArcpError('NOT_FOUND', 'no such session');
      const job = jobOf(session, jobId);
      const ask = () =>
        new Promise<void>((resolve, reject) => {
          const id = (job ?? session).emit('agent.handoff', { runtime: to, reason }) as MessageId;
          const settle = (error?: unknown) => {
            cancelTimer();
            offered.delete(id);
            if (error === undefined) resolve();
            else reject(error);
          };
          const late = () => settle(new ArcpError('DEADLINE_EXCEEDED', 'the client did not answer'));
          const cancelTimer = runtime.clock.setTimer(late, timeoutMs);
          offered.set(id, { session, settle });
        });
      await moved(session, job, ask);
    },
  };
}

// Handoff (ARCP v1.0, section 14): `agent.handoff` moves the control of a session, or of one job of it, to another runtime.
// Whether, and how, is the application's to say; what moved ends here.

import { ArcpError, fromWireError } from '../../errors.js';
import type { MaybePromise } from '../../log/contract.js';
import type { Message } from '../../wire/envelope.js';
import type { RuntimeReference } from '../../wire/execution.js';
import type { MessageId } from '../../wire/ids.js';
import type { JobPort, RuntimePort, Service, SessionPort } from '../service.js';
import { Moves } from './moves.js';

/** What a client asks to move. Its end meanwhile shows in the signals of `session` and `job`. */
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
   * told by `ack`, and the job or session ends here. One that ended by itself meanwhile is ABORTED: the client must not
   * look for it elsewhere. Where the runtime dies before the answer, a client that repeats the command has it called again.
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
  /** How long to wait for the client's answer, in milliseconds: 1 to 2,147,483,647. Default 30,000. */
  readonly timeoutMs?: number | undefined;
  /**
   * Called when the client has agreed, before anything ends here: a last look whether the other runtime is still there. What
   * it throws keeps all as it was, and is what `offer` rejects with: a client that finds nobody there comes back.
   */
  readonly confirm?: (() => MaybePromise<void>) | undefined;
}

type HandoffTypes = 'agent.handoff' | 'ack' | 'nack';

/** The service of handoffs, and what its host may do with it. */
export interface HandoffService extends Service<HandoffTypes> {
  /**
   * Tells a client that its session, or a job of it, goes on elsewhere. When the client agrees it ends here.
   *
   * @throws {ArcpError} What the client refused with; ERR_ARCP_DEADLINE_EXCEEDED: no answer; ERR_ARCP_NOT_FOUND: no such
   *   session or job; ERR_ARCP_UNIMPLEMENTED: `agent_handoff` was not negotiated; ERR_ARCP_CANCELLED: the session or job
   *   ends, or the runtime closes; ERR_ARCP_ABORTED: it ended while `confirm` looked; ERR_ARCP_FAILED_PRECONDITION: it, or the session it is of, or
   *   a job of it, is on the move already. And what `confirm` throws.
   * @throws {RangeError} A timeout that is none.
   */
  offer(sessionId: string, offer: HandoffOffer): Promise<void>;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const MAX_TIMEOUT_MS = 2_147_483_647;

/** An offer that the client has not answered. */
interface Offered {
  readonly session: SessionPort;
  readonly job: JobPort | undefined;
  settle(error?: unknown): void;
}

/** Makes the service of handoffs. */
export function handoffService({ move }: HandoffOptions): HandoffService {
  let runtime!: RuntimePort;
  const offered = new Map<MessageId, Offered>();
  const moves = new Moves();

  const endOffers = (isOver: (offer: Offered) => boolean, why: string) => {
    for (const offer of [...offered.values()]) if (isOver(offer)) offer.settle(new ArcpError('CANCELLED', why));
  };

  const answered = (session: SessionPort, id: MessageId | undefined, error?: ArcpError) => {
    const offer = id === undefined ? undefined : offered.get(id);
    if (offer?.session === session) offer.settle(error);
  };

  /** Asks the client to follow. Rejects where it does not agree. */
  const ask = (session: SessionPort, job: JobPort | undefined, offer: HandoffOffer, timeoutMs: number) =>
    new Promise<void>((resolve, reject) => {
      const payload = { runtime: offer.runtime, reason: offer.reason };
      const id = (job ?? session).emit('agent.handoff', payload) as MessageId;
      const settle = (error?: unknown) => {
        cancelTimer();
        offered.delete(id);
        if (error === undefined) resolve();
        else reject(error);
      };
      const late = () => settle(new ArcpError('DEADLINE_EXCEEDED', 'the client did not answer'));
      const cancelTimer = runtime.clock.setTimer(late, timeoutMs);
      offered.set(id, { session, job, settle });
    });

  return {
    offers: ['agent_handoff'],
    handles: {
      'agent.handoff': (session, message: Message<'agent.handoff'>) => {
        const job = jobOf(session, message.job_id);
        const { runtime: to, reason } = message.payload;
        const how = () => move({ session, job, runtime: to, reason });
        return moves.move(session, job, how, () => session.ack(message));
      },
      ack: (session, { correlation_id }) => answered(session, correlation_id),
      nack: (session, { correlation_id, payload }) => answered(session, correlation_id, fromWireError(payload)),
    },
    attach(attached) {
      if (runtime !== undefined) throw new TypeError('a service is mounted in one runtime only');
      runtime = attached;
    },
    isBusy: () => moves.isBusy,
    onJobEnd: (ended) => endOffers(({ job }) => job === ended, 'the job has ended'),
    onSessionEnd: (ended) => endOffers(({ session }) => session === ended, 'the session has ended'),
    close: () => {
      moves.close();
      endOffers(() => true, 'the runtime closes');
    },
    async offer(sessionId, offer) {
      const { jobId, timeoutMs = DEFAULT_TIMEOUT_MS, confirm } = offer;
      if (!(timeoutMs >= 1 && timeoutMs <= MAX_TIMEOUT_MS)) {
        throw new RangeError(`timeoutMs must be from 1 to ${MAX_TIMEOUT_MS}, not ${timeoutMs}`);
      }
      const session = runtime.session(sessionId);
      if (session === undefined) throw new ArcpError('NOT_FOUND', 'no such session');
      const job = jobOf(session, jobId);
      const how = async () => {
        await ask(session, job, offer, timeoutMs);
        await confirm?.();
      };
      await moves.move(session, job, how, () => {});
    },
  };
}

/** @throws {ArcpError} ERR_ARCP_NOT_FOUND */
function jobOf(session: SessionPort, id: string | undefined): JobPort | undefined {
  const job = id === undefined ? undefined : session.job(id);
  if (id !== undefined && job === undefined) throw new ArcpError('NOT_FOUND', 'no such job');
  return job;
}

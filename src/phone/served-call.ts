// A call of the peer's: from its request to the moment its handler has settled. The answer may have gone out, or the
// caller may have cancelled, long before that (agent-phone v1, section 6).

import { RpcError } from '../errors.js';
import { yieldToEventLoop } from '../yield.js';
import { addCredit } from './credits.js';
import type { Frame } from './frame.js';
import type { Authorize, Handler, HandlerContext } from './handlers.js';
import type { Peer } from './peer.js';
import type { Session } from './session.js';
import { rpcError, WIRE_CODES } from './wire-errors.js';

/** Chunks after which a producer lets the runtime do its other work. */
export const CHUNKS_PER_TURN = 64;

/** What the session does for a served call. */
export interface ServeLink {
  readonly session: Session;
  readonly authorize: Authorize | undefined;
  sendResult(streamId: number, result: unknown): void;
  sendChunk(streamId: number, seq: number, item: unknown): void;
  /** Never throws. */
  sendEnd(streamId: number, seq: number, reason: 'ok' | 'cancelled' | 'error'): void;
  /** Sends the `error` for a fault, as much of it as the peer may see. Never throws. */
  sendFault(streamId: number, method: string, fault: unknown): void;
  /** Whether the connection can take more bytes now. */
  readonly writable: boolean;
  /** Waits until it can. */
  whenWritable(signal: AbortSignal): Promise<void>;
}

/** The handler's view; the controller behind `signal` is made only when somebody asks for it. */
class CallContext implements HandlerContext {
  readonly session: Session;
  readonly method: string;
  #controller: AbortController | undefined;
  #reason: { readonly value: unknown } | undefined;

  constructor(session: Session, method: string) {
    this.session = session;
    this.method = method;
  }

  get peer(): Peer {
    return this.session.peer;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#reason !== undefined) this.#controller.abort(this.#reason.value);
    }
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    this.#reason ??= { value: reason };
    this.#controller?.abort(reason);
  }
}

/** One request of the peer's. */
export class ServedCall {
  readonly streamId: number;
  readonly method: string;
  readonly #link: ServeLink;
  readonly #params: unknown;
  readonly #wantsStream: boolean;
  readonly #context: CallContext;
  readonly #onAnswered: (streamId: number) => void;
  #credit: number;
  #seq = 0;
  #answered = false;
  #iterator: AsyncIterator<unknown> | Iterator<unknown> | undefined;
  #returned: Promise<unknown> | undefined;
  #wake: (() => void) | undefined;

  /** @param onAnswered Told once, when the last frame for this id has gone out or nobody wants it any more. */
  constructor(link: ServeLink, request: Frame, onAnswered: (streamId: number) => void) {
    this.#link = link;
    this.#onAnswered = onAnswered;
    this.streamId = request.streamId;
    this.method = request.method as string;
    this.#params = request.params;
    this.#wantsStream = request.credits !== undefined;
    this.#credit = request.credits ?? 0;
    this.#context = new CallContext(link.session, this.method);
  }

  /** Whether the peer asked for a stream, and so may grant credit. */
  get wantsStream(): boolean {
    return this.#wantsStream;
  }

  /** Adds the peer's grant. */
  grant(credits: number): void {
    this.#credit = addCredit(this.#credit, credits);
    this.#wake?.();
  }

  /** The caller lost interest: the handler is told, its generator runs `finally`, and a stream is ended. */
  cancel(): void {
    if (this.#answered) return;
    this.#close();
    if (this.#wantsStream) this.#link.sendEnd(this.streamId, this.#seq, 'cancelled');
    this.#stop(new RpcError('ERR_RPC_CANCELLED', WIRE_CODES.failed, 'the caller cancelled'));
  }

  /** The session ended: nobody can be answered any more. */
  abandon(error: unknown): void {
    this.#close();
    this.#stop(error);
  }

  /**
   * Runs the handler and answers.
   *
   * @returns Nothing when it has settled already, else a promise for the moment it has. Never throws nor rejects.
   */
  run(handler: Handler): Promise<void> | undefined {
    if (this.#link.authorize !== undefined) return this.#runAuthorized(handler, this.#link.authorize);
    return this.#runNow(handler);
  }

  async #runAuthorized(handler: Handler, authorize: Authorize): Promise<void> {
    const { peer } = this.#link.session;
    try {
      const request = { peer, method: this.method, params: this.#params, stream: this.#wantsStream };
      if ((await authorize(request)) !== true) throw rpcError(WIRE_CODES.denied, 'not allowed');
    } catch (fault) {
      this.refuse(fault);
      return;
    }
    if (!this.#answered) await this.#runNow(handler);
  }

  // A handler that answers at once is answered at once: no promise on the way. Whatever is done with what it returned
  // stays inside `try`: looking at it may run code of the handler's, a getter or a proxy.
  #runNow(handler: Handler): Promise<void> | undefined {
    try {
      const outcome = handler(this.#params, this.#context);
      return isPromiseLike(outcome) ? this.#settle(outcome) : this.#answer(outcome);
    } catch (fault) {
      this.refuse(fault);
      return undefined;
    }
  }

  async #settle(outcome: PromiseLike<unknown>): Promise<void> {
    try {
      await this.#answer(await outcome);
    } catch (fault) {
      this.refuse(fault);
    }
  }

  #answer(outcome: unknown): Promise<void> | undefined {
    if (this.#wantsStream) {
      this.#iterator = iteratorOf(outcome);
      return this.#produce(this.#iterator);
    }
    if (isAsyncIterable(outcome) || isGenerator(outcome)) {
      this.#iterator = iteratorOf(outcome);
      void this.#finishIterator();
      throw rpcError(WIRE_CODES.invalidRequest, 'this method is a stream: ask for one');
    }
    if (this.#answered) return undefined;
    this.#link.sendResult(this.streamId, outcome);
    this.#close();
    return undefined;
  }

  async #produce(iterator: AsyncIterator<unknown> | Iterator<unknown>): Promise<void> {
    try {
      let inTurn = 0;
      while (!this.#answered) {
        if (this.#credit === 0 || !this.#link.writable) {
          await this.#room();
          continue;
        }
        const step = await iterator.next();
        if (this.#answered) break;
        if (step.done === true) {
          this.#close();
          this.#link.sendEnd(this.streamId, this.#seq, 'ok');
          return;
        }
        this.#link.sendChunk(this.streamId, this.#seq, step.value);
        this.#seq++;
        this.#credit--;
        if (++inTurn === CHUNKS_PER_TURN) {
          inTurn = 0;
          await yieldToEventLoop();
        }
      }
    } catch (fault) {
      this.refuse(fault);
    }
    await this.#finishIterator();
  }

  /** Waits for credit and for room on the connection; wakes up also when the call is over. */
  async #room(): Promise<void> {
    if (this.#credit === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
      return;
    }
    await this.#link.whenWritable(this.#context.signal).catch(() => {});
  }

  /** Tells the caller about a fault, unless it has its answer. Never throws. */
  refuse(fault: unknown): void {
    if (this.#answered) return;
    this.#close();
    this.#link.sendFault(this.streamId, this.method, fault);
    // Consumers of other implementations ignore `error` on a stream: only the end releases them.
    if (this.#wantsStream) this.#link.sendEnd(this.streamId, this.#seq, 'error');
    this.#stop(fault);
  }

  #close(): void {
    this.#answered = true;
    this.#onAnswered(this.streamId);
  }

  #stop(reason: unknown): void {
    this.#context.abort(reason);
    this.#wake?.();
    void this.#finishIterator();
  }

  /** Runs the generator's `finally`, once. What that throws is nobody's answer any more. */
  #finishIterator(): Promise<unknown> {
    if (this.#iterator === undefined) return Promise.resolve();
    this.#returned ??= finishQuietly(this.#iterator);
    return this.#returned;
  }
}

async function finishQuietly(iterator: AsyncIterator<unknown> | Iterator<unknown>): Promise<void> {
  try {
    await iterator.return?.();
  } catch {
    // The call is over.
  }
}

function iteratorOf(outcome: unknown): AsyncIterator<unknown> | Iterator<unknown> {
  if (isAsyncIterable(outcome)) return outcome[Symbol.asyncIterator]();
  if (typeof outcome === 'object' && outcome !== null && Symbol.iterator in outcome) {
    return (outcome as Iterable<unknown>)[Symbol.iterator]();
  }
  throw rpcError(WIRE_CODES.invalidRequest, 'this method is no stream: call it');
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

// An array is a unary result; a sync generator object is not.
function isGenerator(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Symbol.iterator in value && 'next' in value;
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

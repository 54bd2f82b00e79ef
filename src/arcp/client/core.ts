// A session: what can be said in it, and its end. What carries it is the link's; what comes, the router's.

import { deferred } from '../../deferred.js';
import type { Transport } from '../../transport/contract.js';
import { type ArcpError, arcpError } from '../errors.js';
import { encodeMessage, type Message } from '../wire/envelope.js';
import type { MessageId, SessionId } from '../wire/ids.js';
import type { CoreType, Payloads } from '../wire/payloads.js';
import { pause } from './backoff.js';
import { type CallOptions, Calls } from './calls.js';
import { type CallFields, compose } from './compose.js';
import type { Authenticated } from './handshake.js';
import { Link } from './link.js';
import type { ResolvedConnect, ResolvedOptions } from './options.js';
import { Queue } from './queue.js';
import { Router } from './router.js';
import { isKnownTo } from './rust-crate.js';
import type { SessionEvent } from './session-event.js';

export type { SessionEvent } from './session-event.js';

/** Longest wait for the runtime to end a closing connection. */
const CLOSING_MS = 5_000;

/** One session. */
export class Core {
  readonly options: ResolvedOptions;
  /** Absent where a lost connection cannot be replaced. */
  readonly connect: ResolvedConnect | undefined;
  readonly calls: Calls;
  readonly router: Router;
  readonly link: Link;
  readonly states = new Queue<SessionEvent>({ maxItems: 64 });
  readonly closed = deferred<void>();
  readonly #ended = new AbortController();
  /** What the runtime said when it accepted us, the last time. */
  accepted!: Authenticated;
  /** Our clock less the runtime's, in milliseconds. */
  clockOffsetMs = 0;
  /** Whether we have asked for its end. */
  isClosing = false;

  constructor(options: ResolvedOptions, connect?: ResolvedConnect) {
    this.options = options;
    this.connect = connect;
    this.link = new Link(this);
    this.calls = new Calls(this.link);
    this.router = new Router(this);
  }

  /** Aborts when the session is over, with the error it ended for. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }

  get id(): SessionId {
    return this.accepted.sessionId;
  }

  /** The connection, where there is one. */
  get transport(): Transport | undefined {
    return this.link.transport;
  }

  /**
   * Sends a message that nothing answers.
   *
   * @returns Whether there was a connection to send it on.
   * @throws {TypeError} @throws {RangeError} a payload that cannot be written.
   */
  post<T extends CoreType>(type: T, payload: Payloads[T], fields?: CallFields): boolean {
    const text = encodeMessage(compose(this.options, this.id, type, payload, fields));
    return isKnownTo(this.accepted.runtime, type) && this.link.transmit(text);
  }

  /**
   * Sends a command.
   *
   * @returns Its id. `settle` may have been called by then.
   * @throws {TypeError} @throws {RangeError} a payload that cannot be written.
   */
  call<T extends CoreType>(type: T, payload: Payloads[T], options: CallOptions, fields?: CallFields): MessageId {
    const envelope = compose(this.options, this.id, type, payload, fields);
    const text = encodeMessage(envelope);
    if (this.signal.aborted) options.settle(undefined, this.signal.reason);
    else if (isKnownTo(this.accepted.runtime, type)) this.calls.add(envelope, text, options);
    else options.settle(undefined, arcpError('UNIMPLEMENTED', `${type} is unknown to this runtime`));
    return envelope.id;
  }

  /** Sends a command and waits for its answer. */
  request<T extends CoreType, R extends CoreType>(
    type: T,
    payload: Payloads[T],
    replies: readonly R[],
    options: { readonly signal?: AbortSignal | undefined; readonly timeoutMs?: number } = {},
    fields?: CallFields,
  ): Promise<Message<R>> {
    const { signal, timeoutMs = this.options.requestTimeoutMs } = options;
    return new Promise((resolve, reject) => {
      const settle = (reply: Message | undefined, error?: unknown) =>
        reply === undefined ? reject(error) : resolve(reply as Message<R>);
      this.call(type, payload, { replies, timeoutMs, signal, settle }, fields);
    });
  }

  /** Says what became of the session. */
  tell(state: SessionEvent['state'], error?: unknown): void {
    this.states.push({ state, sessionId: this.id, ...(error === undefined ? undefined : { error }) });
  }

  /** Ends the session politely. Resolves when it is over. */
  close(reason?: string, jobs?: 'cancel' | 'detach'): Promise<void> {
    const wasClosing = this.isClosing;
    this.isClosing = true;
    if (this.transport === undefined) this.lost();
    else if (!wasClosing) {
      this.post('session.close', { reason, jobs });
      // The runtime ends the connection when it has said how its jobs ended.
      void pause(this.options.clock, CLOSING_MS, this.signal).then(() => this.lost());
    }
    return this.closed.promise;
  }

  /** Ends the session where its connection is gone for good. */
  lost(): void {
    this.end(
      this.isClosing
        ? arcpError('CANCELLED', 'the session was closed')
        : arcpError('UNAVAILABLE', 'the connection was lost'),
    );
  }

  /** Ends the session. Everything that waits rejects with the error. */
  end(error: ArcpError): void {
    if (this.signal.aborted) return;
    this.link.end();
    this.#ended.abort(error);
    this.calls.fail(error);
    this.router.end(error);
    this.tell('closed', error);
    this.states.end();
    this.closed.resolve();
  }
}

// ARCP inside phone sessions: no second credential, for the session says who the peer is (agent-phone v1, section 8).

import { ChannelError } from '../../errors.js';
import type { ConnectOptions } from '../../phone/connect.js';
import type { Handlers } from '../../phone/handlers.js';
import type { Session } from '../../phone/session.js';
import { errorOfClose } from '../../phone/session-errors.js';
import { rpcError, WIRE_CODES } from '../../phone/wire-errors.js';
import type { Transport, TransportCloseInfo } from '../../transport/contract.js';
import { LOST, type TransportOptions } from '../../transport/core.js';
import { documentLimits } from '../../transport/document-limits.js';
import { type ArcpAcceptor, assertAcceptor, handOver } from '../acceptor.js';
import { ARCP_METHOD, isSign, type Part, parsePart } from './parts.js';
import { Tunnel } from './tunnel.js';

/** Options of {@link arcpPhone}: the limits are those of each connection. */
export interface ArcpPhoneOptions extends TransportOptions {
  /**
   * Who takes the connections that peers begin, each with the peer's DID as its principal. Default: nobody, they are
   * refused.
   */
  readonly runtime?: ArcpAcceptor;
  /** Longest message that may come, in bytes, put together from its parts. Default 8,388,608. */
  readonly maxMessageBytes?: number;
  /** As in `TransportOptions`. Default 33,554,432, or four times `maxMessageBytes` where that is more. */
  readonly maxBufferedBytes?: number;
}

/** ARCP for `serve` and for `connect`. */
export interface ArcpPhone {
  /** To be spread into `handlers`, on both sides: each calls the other. */
  readonly handlers: Handlers;

  /**
   * Begins a connection on a session whose `handlers` these are. A session carries one at a time, whoever began it; after
   * its end there may be another.
   *
   * It carries text in one line only, which is never blank, as `JSON.stringify` writes it; `send` throws `TypeError` or
   * `RangeError` at anything else. `bufferedBytes` counts what the peer has not answered yet. There are no close codes: a
   * polite end is 1000 on both sides, and the session goes on. When the session ends, so does the connection.
   *
   * @throws {ChannelError} ERR_CHANNEL_REFUSED: the session carries one already, or the peer has broken the rules on it.
   */
  open(session: Session): Transport;

  /**
   * The `dial` of ARCP's `connect`: calls the agent, anew for each connection, and begins one on the session. The session
   * is closed when the connection ends.
   *
   * @param options As phone's `connect` takes them; its handlers are kept beside {@link handlers}.
   * @returns Rejects with what phone's `connect` rejects with, so with the signal's reason, untouched.
   * @example
   * ```ts
   * const dial = arcpPhone().dial({ identity, transport: webSocket('wss://agent.example/phone'), remoteDid })
   * const session = await connect({ dial, auth: { scheme: 'none' }, client })
   * ```
   */
  dial(
    options: Omit<ConnectOptions, 'signal'>,
  ): (offer: { readonly signal?: AbortSignal | undefined }) => Promise<Transport>;
}

/**
 * Makes the ARCP of phone sessions, for both sides.
 *
 * @throws {TypeError | RangeError} options of the wrong kind or range.
 * @example
 * ```ts
 * serve({ identity: bob, transport: far, handlers: arcpPhone({ runtime }).handlers })
 *
 * const arcp = arcpPhone()
 * const session = await connect({ identity: alice, transport: near, remoteDid: bob.did, handlers: arcp.handlers })
 * const transport = arcp.open(session)
 * ```
 */
export function arcpPhone(options: ArcpPhoneOptions = {}): ArcpPhone {
  const { runtime, ...limits } = options;
  if (runtime !== undefined) assertAcceptor(runtime);
  documentLimits(limits);
  const links = new WeakMap<Session, PhoneLink>();
  const linkOf = (session: Session): PhoneLink => {
    let link = links.get(session);
    if (link === undefined) {
      link = new PhoneLink(session, runtime, limits);
      links.set(session, link);
    }
    return link;
  };
  const handlers: Handlers = { [ARCP_METHOD]: (params: unknown, { session }) => linkOf(session).take(params) };
  const open = (session: Session) => linkOf(session).open();
  return {
    handlers,
    open,
    dial:
      (options) =>
      async ({ signal }) => {
        signal?.throwIfAborted();
        // Not needed by whoever is called.
        const { connect } = await import('../../phone/connect.js');
        const both = { ...options, handlers: { ...options.handlers, ...handlers } };
        const session = await connect(signal === undefined ? both : { ...both, signal });
        try {
          const transport = open(session);
          void transport.closed.then(() => session.close());
          return transport;
        } catch (error) {
          void session.close();
          throw error;
        }
      },
  };
}

/** What one session carries: one tunnel after the other. */
class PhoneLink {
  readonly #session: Session;
  readonly #runtime: ArcpAcceptor | undefined;
  readonly #options: TransportOptions;
  #tunnel: Tunnel | undefined;
  #sessionEnd: TransportCloseInfo | undefined;
  /** Signs of ours that the peer has not answered: what it has sent before that belongs to what has ended. */
  #unanswered = 0;
  /** The peer has broken the rules: nothing more of it is taken, nor begun with it. */
  #isBarred = false;

  constructor(session: Session, runtime: ArcpAcceptor | undefined, options: TransportOptions) {
    this.#session = session;
    this.#runtime = runtime;
    this.#options = options;
    void session.closed.then((info) => {
      const { code, reason, clean } = info;
      this.#sessionEnd = clean ? { code, reason, clean } : { ...LOST, cause: errorOfClose(info) };
      this.#tunnel?.end(this.#sessionEnd);
    });
  }

  get quiet(): boolean {
    return this.#unanswered === 0;
  }

  open(): Transport {
    if (this.#isBarred) throw new ChannelError('ERR_CHANNEL_REFUSED', 'the peer has broken the rules of ARCP calls');
    if (this.#isCarrying) throw new ChannelError('ERR_CHANNEL_REFUSED', 'the session carries ARCP already');
    return this.#begin().core;
  }

  /** Answers a call of the peer's. */
  take(params: unknown): void | Promise<void> {
    if (this.#isBarred) throw rpcError(WIRE_CODES.denied, 'not after what came before');
    try {
      return this.#takePart(parsePart(params));
    } catch (cause) {
      if (cause === NOBODY) throw rpcError(WIRE_CODES.denied, 'nobody here takes connections of ARCP');
      this.#isBarred = true;
      this.#tunnel?.fail(cause);
      throw rpcError(WIRE_CODES.invalidParams, 'not a part that can follow', { cause });
    }
  }

  #takePart(part: Part): void | Promise<void> {
    const tunnel = this.#tunnel;
    if (tunnel !== undefined && this.#isCarrying) return tunnel.take(part);
    // What was on its way when a tunnel ended here, or the sign that it has ended there too.
    if (!this.quiet || isSign(part)) return undefined;
    if (this.#runtime === undefined) throw NOBODY;
    const begun = this.#begin();
    const { did, remoteAddress } = this.#session.peer;
    handOver(this.#runtime, begun.core, { principal: did, ...(remoteAddress !== undefined && { remoteAddress }) });
    return begun.take(part);
  }

  get #isCarrying(): boolean {
    return this.#tunnel !== undefined && !this.#tunnel.over;
  }

  #begin(): Tunnel {
    const link = this;
    this.#tunnel = new Tunnel(
      {
        get quiet() {
          return link.quiet;
        },
        call: (part) => this.#call(part),
      },
      this.#options,
    );
    if (this.#sessionEnd !== undefined) this.#tunnel.end(this.#sessionEnd);
    return this.#tunnel;
  }

  async #call(part: Part): Promise<void> {
    const isLast = isSign(part);
    if (isLast) this.#unanswered++;
    try {
      await this.#session.call(ARCP_METHOD, part);
    } finally {
      if (isLast) {
        this.#unanswered--;
        this.#tunnel?.pump();
      }
    }
  }
}

/** Thrown where nobody takes what a peer begins. */
const NOBODY = /* @__PURE__ */ Symbol('nobody');

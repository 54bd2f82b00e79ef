// The connections of a session, one after the other: taking one over, resuming on it, noticing that it is gone.

import type { Transport } from '../../transport/contract.js';
import { type ArcpError, arcpError } from '../errors.js';
import { missingRequired } from '../wire/capabilities.js';
import type { Message } from '../wire/envelope.js';
import type { MessageId } from '../wire/ids.js';
import { timestampMs } from '../wire/timestamp.js';
import type { Core } from './core.js';
import type { Authenticated } from './handshake.js';
import { Inbound } from './inbound.js';
import type { ResolvedConnect, ResolvedOptions } from './options.js';
import { reconnect } from './reconnect.js';
import { Silence } from './silence.js';

/** A connection that lasted so long counts as a good one: after it the waits between tries begin anew. */
const STEADY_MS = 30_000;

/** Longest wait for the runtime to show that it is there. */
const PROBE_MS = 5_000;

/** What ties one session to its runtime. */
export class Link {
  readonly #core: Core;
  readonly options: ResolvedOptions;
  readonly inbound: Inbound;
  /** The connection, where there is one. */
  transport: Transport | undefined;
  #silence: Silence | undefined;
  #wake: (() => void) | undefined;
  #resumeId: MessageId | undefined;
  /** Connections in a row that did not last, and since when there is this one. */
  #flaps = 0;
  #sinceMs = 0;

  constructor(core: Core) {
    this.#core = core;
    this.options = core.options;
    this.inbound = new Inbound(core);
  }

  /** Takes over a connection: the first one, or one that replaces a lost one. */
  attach(next: Authenticated): void {
    const core = this.#core;
    const { transport, sessionId, acceptedId } = next;
    // It ended while the last answer was on its way here.
    if (core.signal.aborted) return transport.abort();
    // Read here: nothing was accepted before the first one.
    const wanted = core.accepted?.sessionId ?? core.connect?.resume?.sessionId;
    core.accepted = next;
    core.clockOffsetMs = this.options.now() - timestampMs(next.acceptedAt);
    this.transport = transport;
    this.#sinceMs = this.options.clock.now();
    // A runtime may not know that some are required.
    const missing = missingRequired(core.connect?.required, next.capabilities);
    if (missing.length > 0) {
      core.post('session.close', {});
      return core.end(arcpError('UNIMPLEMENTED', 'a capability is missing', { details: { missing } }));
    }
    void transport.closed.then(() => this.#onClosed(transport));
    this.#watch(transport);
    core.router.connected(true);
    if (wanted === sessionId) this.#resume(transport, acceptedId);
    else {
      this.inbound.cursor = acceptedId;
      if (wanted !== undefined) {
        const error = arcpError('UNAVAILABLE', 'the session was lost');
        core.tell('lost', error);
        core.calls.move(sessionId, error);
        core.router.lose(error, true);
      }
      core.tell('connected');
    }
    next.deliver((text) => {
      if (this.transport !== transport) return;
      this.#silence?.heard();
      this.inbound.take(text);
    });
  }

  /** Sends a text where there is a connection. @returns Whether there is. */
  transmit(text: string): boolean {
    try {
      this.transport?.send(text);
      return this.transport !== undefined;
    } catch {
      // It is closing: what is to be answered is sent again on the next connection.
      return false;
    }
  }

  /** Tries to connect now rather than later; where it is connected, sees whether that still holds. */
  probe(): void {
    this.#wake?.();
    const { transport } = this;
    if (transport === undefined) return;
    const settle = (_pong: unknown, error?: unknown) => {
      // The very silence, and no refusal.
      if ((error as ArcpError | undefined)?.wireCode === 'UNAVAILABLE' && this.transport === transport)
        transport.abort();
    };
    this.#core.call('ping', {}, { replies: ['pong'], timeoutMs: PROBE_MS, settle });
  }

  /** The session is over. */
  end(): void {
    this.#drop()?.close();
    this.#wake?.();
  }

  #drop(): Transport | undefined {
    const { transport } = this;
    this.transport = undefined;
    this.#silence?.stop();
    return transport;
  }

  #watch(transport: Transport): void {
    const { clock, keepAliveMs } = this.options;
    if (keepAliveMs === 0) return;
    this.#silence = new Silence(clock, keepAliveMs, (times) => {
      if (times === 1) this.#core.post('ping', {});
      // The frames of one message, of which nothing is heard before the last: their time is watched by who waits for them.
      else if (!(transport as { readonly isPending?: boolean }).isPending) transport.abort();
    });
  }

  /** Asks for what was missed, then sends again what was not answered. */
  #resume(transport: Transport, acceptedId: MessageId): void {
    const core = this.#core;
    const { inbound } = this;
    const { unanswered } = core.calls;
    const after = inbound.cursor ?? core.connect?.resume?.afterMessageId;
    inbound.cursor = after ?? acceptedId;
    if (after === undefined) core.tell('resumed');
    else {
      const settle = (reply: Message | undefined, cause?: unknown) => {
        // The connection went before the answer came: the next one asks again.
        if (this.transport !== transport) return;
        const early = inbound.release();
        if (reply !== undefined) return core.tell('resumed');
        // The runtime does not say what was missed. What can still be waited for goes on; the rest is lost.
        const error = arcpError('DATA_LOSS', 'messages are lost', { cause });
        inbound.cursor = acceptedId;
        core.tell('lost', error);
        core.router.lose(error, false);
        core.tell('connected');
        for (const text of early) inbound.take(text);
      };
      const options = { replies: ['ack'], timeoutMs: this.options.requestTimeoutMs, settle } as const;
      inbound.hold();
      this.#resumeId = core.call('resume', { after_message_id: after }, options);
    }
    core.calls.resend(unanswered);
  }

  #onClosed(transport: Transport): void {
    if (this.transport !== transport) return;
    const core = this.#core;
    const { loading } = core.router;
    if (loading !== undefined) return void loading.then(() => this.#onClosed(transport));
    this.#drop();
    if (this.#resumeId !== undefined) core.calls.settle(this.#resumeId, undefined);
    this.inbound.release();
    const backoff = core.connect?.backoff;
    if (this.options.clock.now() - this.#sinceMs > STEADY_MS) this.#flaps = 0;
    if (core.isClosing || backoff === undefined) return core.lost();
    core.router.connected(false);
    core.tell('reconnecting');
    // The connection is gone and no other is there, so that what follows is the only one to replace it.
    reconnect(core.connect as ResolvedConnect, backoff, core.id, core.signal, this.#flaps++, (wake) => {
      this.#wake = wake;
    })
      .then((next) => this.attach(next))
      .catch((error) => core.end(error));
  }
}

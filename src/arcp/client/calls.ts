// Commands that wait for their answer. Each settles exactly once: by a reply, a `nack`, its time, its signal, or the end of
// the session. Until then it is sent again after a lost connection, under the same id, which the runtime acts on once.

import { onAbort } from '../../abort.js';
import { arcpError, fromWireError } from '../errors.js';
import { encodeMessage, type Message, type RawEnvelope } from '../wire/envelope.js';
import type { MessageId, SessionId } from '../wire/ids.js';
import type { CoreType } from '../wire/payloads.js';
import type { ResolvedOptions } from './options.js';

/** How a command is called. */
export interface CallOptions {
  /** Types that answer it. A `nack` always does. */
  readonly replies: readonly CoreType[];
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Called once, in the same turn as the answer arrives. Exactly one argument is given. */
  settle(reply: Message | undefined, error?: unknown): void;
}

interface Call extends CallOptions {
  envelope: RawEnvelope;
  text: string;
  readonly chars: number;
  wasSent: boolean;
  stopTimer(): void;
  stopListening(): void;
}

/** What calls are made of. */
export interface CallsPort {
  readonly options: ResolvedOptions;
  /** Sends where there is a connection. @returns Whether there is. */
  transmit(text: string): boolean;
}

/** Every command of a session that is not answered yet. */
export class Calls {
  readonly #port: CallsPort;
  readonly #calls = new Map<MessageId, Call>();
  #chars = 0;

  constructor(port: CallsPort) {
    this.#port = port;
  }

  /** Sends a command, at once or when the session is connected again. @param text The envelope, encoded. */
  add(envelope: RawEnvelope, text: string, options: CallOptions): void {
    const { signal, settle } = options;
    const { maxCalls, maxCallChars } = this.#port.options.limits;
    if (signal?.aborted) return settle(undefined, signal.reason);
    const isFull = this.#calls.size >= maxCalls || this.#chars + text.length > maxCallChars;
    // Whatever waits, it waits for this.
    if (isFull && envelope.type !== 'resume') {
      return settle(undefined, arcpError('RESOURCE_EXHAUSTED', 'too many commands'));
    }
    const stopListening = onAbort(signal, (reason) => this.settle(envelope.id, undefined, reason));
    const call: Call = {
      ...options,
      envelope,
      text,
      chars: text.length,
      wasSent: false,
      stopTimer() {},
      stopListening,
    };
    this.#calls.set(envelope.id, call);
    this.#chars += text.length;
    this.#send(call);
  }

  /** Ends a call. @returns Whether there was one. */
  settle(id: MessageId, reply: Message | undefined, error?: unknown): boolean {
    const call = this.#calls.get(id);
    if (call === undefined) return false;
    this.#calls.delete(id);
    this.#chars -= call.chars;
    call.stopTimer();
    call.stopListening();
    call.settle(reply, error);
    return true;
  }

  /**
   * Takes what may be the answer to a command.
   *
   * @param message Checked, unless an error is given.
   * @param error Why it cannot be read: what it answers must not wait for another.
   * @returns Whether it was.
   */
  answer(message: Message | RawEnvelope, error?: unknown): boolean {
    const id = message.correlation_id as MessageId;
    const call = this.#calls.get(id);
    const isNack = message.type === 'nack';
    if (!isNack && !call?.replies.includes(message.type as CoreType)) return false;
    const refusal = error ?? (isNack ? fromWireError((message as Message<'nack'>).payload) : undefined);
    return this.settle(id, refusal === undefined ? (message as Message) : undefined, refusal);
  }

  /** Ids of what is unanswered, in the order sent. */
  get unanswered(): readonly MessageId[] {
    return [...this.#calls.keys()];
  }

  /** After a connection came back: sends what is still unanswered again. */
  resend(ids: readonly MessageId[]): void {
    for (const id of ids) {
      const call = this.#calls.get(id);
      if (call !== undefined) this.#send(call);
    }
  }

  /** In another session: commands that were never sent go there, the others' fate is unknown. */
  move(sessionId: SessionId, error: unknown): void {
    for (const [id, call] of [...this.#calls]) {
      if (call.wasSent) this.settle(id, undefined, error);
      else {
        call.envelope = { ...call.envelope, session_id: sessionId };
        call.text = encodeMessage(call.envelope);
        this.#send(call);
      }
    }
  }

  /** The session is over. */
  fail(error: unknown): void {
    for (const id of [...this.#calls.keys()]) this.settle(id, undefined, error);
  }

  #send(call: Call): void {
    const { envelope, text, timeoutMs } = call;
    // Sent again it gets its whole time again; one that waits for a connection has it, too.
    call.stopTimer();
    call.stopTimer = this.#port.options.clock.setTimer(() => {
      this.settle(envelope.id, undefined, arcpError('UNAVAILABLE', `no answer to ${envelope.type}`));
    }, timeoutMs);
    if (this.#port.transmit(text)) call.wasSent = true;
  }
}

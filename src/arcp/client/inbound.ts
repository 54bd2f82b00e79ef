// What comes on the connection of a session: texts become messages, each once, and go to whoever they are for.

import { decodeEnvelope, isSpokenVersion } from '../wire/envelope.js';
import type { MessageId } from '../wire/ids.js';
import { type CoreType, PAYLOAD_SCHEMAS } from '../wire/payloads.js';
import type { Core } from './core.js';
import { SeenIds } from './seen-ids.js';

/** Messages that are not replayed: they come before what was missed, so that nothing is resumed after them. */
const NOT_REPLAYED = /^(?:session\.(?:accepted|challenge|unauthenticated|rejected)|pong|ack|nack)$/;

/** Takes the texts of one session. */
export class Inbound {
  readonly #core: Core;
  readonly #seen: SeenIds;
  /** Last message that a resumed session would not get again. */
  cursor: MessageId | undefined;
  /** What came before the answer to our `resume`; `undefined` where none is awaited. */
  #early: string[] | undefined;
  #earlyChars = 0;
  #badMessages = 0;

  constructor(core: Core) {
    this.#core = core;
    this.#seen = new SeenIds(core.options.limits.maxSeenIds);
  }

  /** Takes a text. */
  take(text: string): void {
    const core = this.#core;
    // Behind what ended the session, in what waited.
    if (core.signal.aborted) return;
    const { maxBadMessages, maxMessageBytes } = core.options.limits;
    // A runtime's results are as wide as they are: their length bounds them.
    const decoded = decodeEnvelope(text, { maxBytes: maxMessageBytes, maxKeys: 1e6 });
    if (decoded.kind === 'garbage') {
      if (++this.#badMessages >= maxBadMessages) core.transport?.abort();
      return;
    }
    this.#badMessages = 0;
    const refuse = () => core.router.later(text.length, (desk) => desk.refuse(decoded));
    if (decoded.kind === 'malformed' || !isSpokenVersion(decoded.envelope.arcp)) return refuse();
    const { envelope } = decoded;
    const { id, type, session_id = core.id } = envelope;
    if (session_id !== core.id) return;
    const isReplayed = !NOT_REPLAYED.test(type);
    if (isReplayed && this.#early !== undefined) return this.#wait(this.#early, text);
    if (!this.#seen.note(id)) return;
    const { router } = core;
    if (Object.hasOwn(PAYLOAD_SCHEMAS, type)) router.take(envelope, type as CoreType, text.length);
    else if (core.accepted.capabilities.extensions?.includes(type))
      router.later(text.length, () => router.messages.push(envelope, text.length), true);
    else refuse();
    // Behind it: where it is the first that waits for what cannot be loaded, the session is resumed before it.
    if (isReplayed) this.cursor = id;
  }

  /** From now on keeps what a runtime says that does not wait for our `resume`. */
  hold(): void {
    this.#early = [];
    this.#earlyChars = 0;
  }

  /**
   * Goes on as usual.
   *
   * @returns What was kept. A runtime that resumes says it again, in its place behind what was missed.
   */
  release(): readonly string[] {
    const early = this.#early ?? [];
    this.#early = undefined;
    return early;
  }

  #wait(early: string[], text: string): void {
    early.push(text);
    this.#earlyChars += text.length;
    const { maxObservedEvents, maxCallChars } = this.#core.options.limits;
    if (early.length > maxObservedEvents || this.#earlyChars > maxCallChars) this.#core.transport?.abort();
  }
}

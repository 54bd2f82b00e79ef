// Which connection a session has: the newest wins. A client that takes a session up again first says what it missed; until
// then, and for a while only, nothing is sent to it. ARCP v1.0, sections 9 and 19.

import type { Core } from '../core.js';
import type { Replay } from '../outbox/catch-up.js';
import type { SessionLink } from '../outbox/link.js';
import type { Outbox } from '../outbox/outbox.js';

/** How often one connection may resume: a client does once. */
const MAX_RESUMES = 16;

/** The connection of a session. */
export class Attachment {
  readonly #core: Core;
  readonly #outbox: Outbox;
  #link: SessionLink | undefined;
  /** Where the log stood when the connection came. */
  #attachedAt = 0;
  #cancelHold: (() => void) | undefined;
  /** Resumes on this connection: each may send all of the log again. */
  #resumes = 0;

  constructor(core: Core, outbox: Outbox) {
    this.#core = core;
    this.#outbox = outbox;
  }

  get link(): SessionLink | undefined {
    return this.#link;
  }

  /** There is another connection, which is not sent anything yet. The one of before is closed. */
  replace(link: SessionLink): void {
    const old = this.#link;
    this.#link = link;
    this.#resumes = 0;
    this.#stopHolding();
    this.#outbox.detach();
    old?.close(4000, 'the session went on elsewhere');
  }

  /**
   * The client knows that it is connected.
   *
   * @param position Of the message that told it.
   * @param isHeld Whether it may ask for what it missed first.
   */
  begin(link: SessionLink, position: number, isHeld: boolean): void {
    if (this.#link !== link) return;
    this.#outbox.attach(link);
    this.#attachedAt = position;
    const { clock, limits } = this.#core;
    if (isHeld) this.#cancelHold = clock.setTimer(() => this.release(link), limits.handshakeTimeoutMs);
    else this.release(link);
  }

  /** Goes on with a connection that stood while the runtime did not. @param after Position up to which it has everything. */
  goOn(link: SessionLink, after: number, through: number): void {
    this.#link = link;
    this.#outbox.goOn(link, after, through);
  }

  /** Lets a resumed connection have what is said from now on: it does not ask for what it missed. */
  release(link: SessionLink): void {
    if (this.#link !== link) return;
    this.#stopHolding();
    this.#outbox.goLive(this.#attachedAt);
  }

  /** Whether a connection may resume once more. */
  takeResume(): boolean {
    return ++this.#resumes <= MAX_RESUMES;
  }

  /** A resumed connection says what it wants: it gets that, or {@link release}, however long it takes to look up. */
  heardResume(link: SessionLink): void {
    if (this.#link === link) this.#stopHolding();
  }

  /** Repeats what was missed. @param answer Position of the answer to the resume, which is sent already. */
  replay(link: SessionLink, replay: Omit<Replay, 'through' | 'answer'>, answer: number): void {
    this.#outbox.replay(link, { ...replay, through: this.#attachedAt, answer }).catch((error: unknown) => {
      this.#core.report(error, 'replay');
      link.close(1011, 'the log failed');
    });
  }

  /** Lets go of the connection, which may have ended. @returns It, where there was one. */
  drop(): SessionLink | undefined {
    const link = this.#link;
    this.#link = undefined;
    this.#stopHolding();
    this.#outbox.detach();
    return link;
  }

  #stopHolding(): void {
    this.#cancelHold?.();
    this.#cancelHold = undefined;
  }
}

// What an accepted connection takes in (ARCP v1.0, section 6.4): each message is kept in the log, which also says whether it
// was there before, and judged afterwards. How much may wait in between is bounded, and how fast commands come.

import { ArcpError } from '../../errors.js';
import type { LogEntry } from '../../log/contract.js';
import type { RawEnvelope } from '../../wire/envelope.js';
import type { Core } from '../core.js';
import { logEntry } from '../log-entry.js';
import type { JournalItem } from '../outbox/journal.js';
import type { Session } from '../sessions/session.js';
import { withoutCredentials } from './redact.js';

/** What it needs of its connection. */
export interface IntakePort {
  close(code: number, reason: string): void;
  /** A message is in the log. @param position `undefined`: it was there before. */
  kept(session: Session, envelope: RawEnvelope, position: number | undefined): void;
}

/** The intake of one connection. */
export class Intake {
  readonly #core: Core;
  readonly #port: IntakePort;
  #messages = 0;
  #chars = 0;

  constructor(core: Core, port: IntakePort) {
    this.#core = core;
    this.#port = port;
  }

  /** Whether no message waits to be kept. */
  get isEmpty(): boolean {
    return this.#messages === 0;
  }

  /** Takes a message. @param text The envelope, as it came. */
  take(session: Session, envelope: RawEnvelope, text: string): void {
    const { limits, journal, now } = this.#core;
    if (!session.rate.take(envelope.type)) return this.#refuseFlood(session, envelope);
    this.#messages++;
    this.#chars += text.length;
    if (this.#messages > limits.maxInboundMessages || this.#chars > limits.maxInboundBytes) {
      return this.#port.close(1013, 'too many messages wait');
    }
    // Whoever reads the log, or hears of what enters it, must not be able to become this client.
    const safe = withoutCredentials(envelope);
    const kept = safe === envelope ? text : JSON.stringify(safe);
    journal.add(new InItem(this, session, envelope, safe, logEntry(session, 'in', envelope, kept, now()), text.length));
  }

  /** Counts a message that is none. @returns Whether to answer it; else the connection was closed. */
  takeBad(session: Session): boolean {
    return session.rate.take() || !this.#endFlood(session);
  }

  /** The handshake enters the log once there is a session it belongs to: strangers write nothing. */
  keepHandshake(session: Session, said: readonly RawEnvelope[]): void {
    const { journal, now } = this.#core;
    for (const envelope of said) {
      const safe = withoutCredentials(envelope);
      const entry = logEntry(session, 'in', envelope, JSON.stringify(safe), now());
      journal.add({ entry, envelope: safe, committed() {}, lost() {} });
    }
  }

  /** @internal */
  committed({ session, said, chars }: InItem, position: number | undefined): void {
    this.#messages--;
    this.#chars -= chars;
    this.#port.kept(session, said, position);
  }

  #refuseFlood(session: Session, envelope: RawEnvelope): void {
    if (this.#endFlood(session)) return;
    if (session.isEnding || envelope.type === 'nack') return;
    const error = new ArcpError('RESOURCE_EXHAUSTED', 'too many commands', { details: { retry_after_seconds: 1 } });
    if (envelope.type === 'tool.invoke') session.jobs.refuse(envelope, error);
    else session.nack(envelope, error);
  }

  /** Closes the connection where no more is to be refused. @returns Whether it did. */
  #endFlood({ rate }: Session): boolean {
    if (rate.refused <= this.#core.limits.maxCommandsPerSecond && rate.takeRefusal()) return false;
    this.#port.close(1008, 'too many commands');
    return true;
  }
}

/** A message on its way in. */
class InItem implements JournalItem {
  readonly session: Session;
  /** As it came. */
  readonly said: RawEnvelope;
  /** Without credentials, for everybody else. */
  readonly envelope: RawEnvelope;
  readonly entry: LogEntry;
  readonly chars: number;
  readonly #intake: Intake;

  constructor(
    intake: Intake,
    session: Session,
    said: RawEnvelope,
    envelope: RawEnvelope,
    entry: LogEntry,
    chars: number,
  ) {
    this.#intake = intake;
    this.session = session;
    this.said = said;
    this.envelope = envelope;
    this.entry = entry;
    this.chars = chars;
  }

  committed(position: number | undefined): void {
    this.#intake.committed(this, position);
  }

  // The client sends it again: its answer never came.
  lost(): void {}
}

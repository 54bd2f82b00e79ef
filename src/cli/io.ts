// What the commands see of the outside world, so that tests can be it.

import type { NdjsonStreams } from '../transport/ndjson.js';

/** Why a command is to stop, though nothing failed: Ctrl-C, a termination, a reader that went away. */
export class Stop {
  /** Exit code to end with. */
  readonly exitCode: number;

  constructor(exitCode: number) {
    this.exitCode = exitCode;
  }
}

/** The world of one run. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether a person reads standard error, so that a progress bar makes sense. */
  readonly errIsTerminal: boolean;
  /** Whether a person types, so that a question makes sense. */
  readonly inIsTerminal: boolean;
  /** Aborts with a {@link Stop}: the command ends what it does, politely. */
  readonly signal: AbortSignal;
  /** Writes to standard output. Settles when there is room for more; never rejects. */
  out(text: string): Promise<void>;
  /** Writes to standard error. */
  err(text: string): void;
  /**
   * Asks for a line that is not shown while it is typed. Only when `inIsTerminal`.
   *
   * @throws {Stop} the person gave up.
   */
  ask(prompt: string): Promise<string>;
  /**
   * Asks for a line that is shown while it is typed. Only when `inIsTerminal`.
   *
   * @param signal Takes the question back.
   * @returns `undefined`: the person ended the input (Ctrl-D), or the question was taken back.
   */
  askShown(prompt: string, signal?: AbortSignal): Promise<string | undefined>;
  /** All of standard input, at most 1 MiB, as text: bytes that are not UTF-8 are replaced. @throws {RangeError} more. */
  readInput(): Promise<string>;
  /** The same as the bytes that came, for whoever judges them. @throws {RangeError} more than 1 MiB. */
  readInputBytes(): Promise<Uint8Array>;
  /** Standard input and output as they are. Whoever takes them owns them: nothing else may be read or written there. */
  streams(): NdjsonStreams;
}

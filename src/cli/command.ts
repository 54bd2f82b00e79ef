// What a command is.

import type { Args, ArgsSpec } from './args.js';
import type { Io } from './io.js';

/** One command of the command line. */
export interface Command extends ArgsSpec {
  /** One line for the overview. */
  readonly summary: string;
  /** Further paragraphs for the command's own help. */
  readonly details?: readonly string[];
  /** Command lines to imitate, without `ringline`. */
  readonly examples?: readonly string[];
  /** Whether its failures are JSON lines even without `--json`. */
  readonly failsInJson?: boolean;
  /**
   * Does it.
   *
   * @returns Exit code; nothing is 0.
   * @throws {UsageError} exit code 2. @throws anything else: exit code 1. @throws {Stop} the exit code it names.
   */
  run(args: Args, io: Io): Promise<number | undefined>;
}

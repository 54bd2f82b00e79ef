// What tools ask humans, and what they get of it (ARCP v1.0, section 12).

import type { JsonValue } from '../../../codec/json-value.js';
import type { HumanChoice } from '../../wire/human.js';

/** A question that is answered with a value. */
export interface InputQuestion {
  readonly prompt: string;
  /** JSON Schema (draft 2020-12) of the answer, as `compileSchema` takes it. */
  readonly schema: JsonValue;
  /** The answer where nobody gives one in time; fits the schema. Without it the job fails then. */
  readonly default?: JsonValue | undefined;
  /** Above 0; capped by the limit. Default: the service's. */
  readonly expiresInMs?: number | undefined;
  /** Whether the schema may have regular expressions. Default false: see `compileSchema`. */
  readonly allowPatterns?: boolean | undefined;
}

/** A question that is answered by choosing. */
export interface ChoiceQuestion {
  readonly prompt: string;
  /** 1 to 256, with different ids. */
  readonly options: readonly HumanChoice[];
  /** Above 0; capped by the limit. Default: the service's. */
  readonly expiresInMs?: number | undefined;
}

/** What tools get: a human to ask. */
export interface PromptContext {
  /**
   * Asks for a value. The job is blocked meanwhile; it fails where time runs out without a default, and is cancelled where
   * the client gives the question up.
   *
   * @returns An answer that fits the schema.
   * @throws {ArcpError} ERR_ARCP_UNIMPLEMENTED: `human_input` was not negotiated; ERR_ARCP_INVALID_ARGUMENT: a schema that is
   *   not taken; ERR_ARCP_RESOURCE_EXHAUSTED: too many open
   *   questions, of the job or of its principal; ERR_ARCP_DEADLINE_EXCEEDED or ERR_ARCP_CANCELLED: as
   *   the job ends.
   * @throws {TypeError} @throws {RangeError} a question that is none, or a default that does not fit.
   */
  requestInput(question: InputQuestion): Promise<JsonValue>;
  /** Asks for a choice, under the same rules. @returns Id of one of the options. */
  requestChoice(question: ChoiceQuestion): Promise<string>;
  /** Is told what a human answered who had interrupted the job. What it throws, or rejects with, goes to the host. */
  onInterrupt(listener: (answer: JsonValue) => unknown): void;
}

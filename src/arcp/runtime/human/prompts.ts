// The service that asks humans (ARCP v1.0, section 12): puts questions together for tools, and for clients that interrupt.
// What becomes of them once they are sent is in ./open-prompts.ts.

import type { JsonValue } from '../../../codec/json-value.js';
import { ArcpError } from '../../errors.js';
import { compileSchema } from '../../schema/json-schema.js';
import type { EnvelopeFields } from '../../wire/envelope.js';
import type { HumanChoice } from '../../wire/human.js';
import { timestampOf } from '../../wire/timestamp.js';
import type { JobPort, RuntimePort, Service } from '../service.js';
import { type AnswerIssue, OpenPrompts } from './open-prompts.js';
import type { ChoiceQuestion, InputQuestion, PromptContext } from './prompt-context.js';
import { countQuestion } from './question-share.js';
import { askerOf, expiryOf } from './waits.js';

/** Options of {@link promptService}. */
export interface PromptOptions {
  /** Who asks, such as the agent's DID. Default: the runtime's fingerprint, or its kind. */
  readonly agent?: string | undefined;
  /** How long questions wait that do not say. Default 600,000. */
  readonly expiresInMs?: number | undefined;
}

/** Types that prompts answer. */
export type PromptType = 'human.input.response' | 'human.choice.response' | 'human.input.cancelled';

type InterruptListener = (answer: JsonValue) => unknown;

const DEFAULT_EXPIRES_MS = 600_000;
const MAX_OPTIONS = 256;

/** Makes the service that asks humans. */
export function promptService(options: PromptOptions = {}): Service<PromptType> {
  const open = new OpenPrompts();
  const prompts = new Prompts(open, options);
  let runtime: RuntimePort | undefined;
  return {
    offers: ['human_input', 'interrupt'],
    handles: {
      'human.input.response': (session, message) => open.answer(session, message, message.payload.value),
      'human.choice.response': (session, message) => open.answer(session, message, message.payload.choice_id),
      'human.input.cancelled': (session, message) => open.giveUp(session, message),
    },
    context: (job): PromptContext => ({
      requestInput: (question) => prompts.input(job, question),
      requestChoice: (question) => prompts.choice(job, question),
      onInterrupt: (listener) => prompts.listen(job, listener),
    }),
    interrupt: (job, prompt, command) => prompts.interrupt(job, prompt, command),
    attach: (port) => {
      if (runtime !== undefined) throw new TypeError('a service is mounted in one runtime only');
      runtime = port;
    },
    recover: () => open.recover(runtime as RuntimePort),
    beforeJobEnd: (job) => open.drop(job),
    close: () => open.stop(),
  };
}

/** Puts questions together and sends them. */
class Prompts {
  readonly #agent: string | undefined;
  readonly #expiresInMs: number;
  readonly #open: OpenPrompts;
  readonly #listeners = new WeakMap<JobPort, InterruptListener>();

  constructor(open: OpenPrompts, { agent, expiresInMs = DEFAULT_EXPIRES_MS }: PromptOptions) {
    this.#open = open;
    this.#agent = agent;
    this.#expiresInMs = expiresInMs;
  }

  async input(job: JobPort, question: InputQuestion): Promise<JsonValue> {
    const { prompt, schema, default: fallback } = question;
    mayAsk(job, prompt);
    expiryOf(job, question.expiresInMs, this.#expiresInMs);
    const uncount = countQuestion(job);
    try {
      const { maxSchemaBytes: maxBytes, maxSchemaDepth: maxDepth } = job.session.runtime.limits;
      const { check } = await compileSchema(schema, { maxBytes, maxDepth, allowPatterns: question.allowPatterns });
      // Reading the schema took a while.
      if (job.signal.aborted) throw job.signal.reason;
      if (fallback !== undefined && check(fallback) !== undefined) throw new TypeError('default must fit the schema');
      const expiresAtMs = expiryOf(job, question.expiresInMs, this.#expiresInMs);
      const id = job.emit(
        'human.input.request',
        { prompt, response_schema: schema, default: fallback, expires_at: timestampOf(expiresAtMs) },
        this.#fields(job),
      );
      const terms = { expiresAtMs, uncount, issueOf: check, default: fallback };
      return await this.#open.add(job, id, { ...terms, type: 'human.input.response' });
    } finally {
      uncount();
    }
  }

  async choice(job: JobPort, { prompt, options, expiresInMs }: ChoiceQuestion): Promise<string> {
    mayAsk(job, prompt);
    const ids = idsOf(options);
    const expiresAtMs = expiryOf(job, expiresInMs, this.#expiresInMs);
    const uncount = countQuestion(job);
    try {
      const offered = options.map(({ id, label }) => ({ id, label }));
      const id = job.emit(
        'human.choice.request',
        { prompt, options: offered, expires_at: timestampOf(expiresAtMs) },
        this.#fields(job),
      );
      const issueOf: AnswerIssue = (answer) =>
        ids.has(answer as string) ? undefined : { path: 'choice_id', issue: 'was not offered' };
      const terms = { expiresAtMs, uncount, issueOf };
      return (await this.#open.add(job, id, { ...terms, type: 'human.choice.response' })) as string;
    } finally {
      uncount();
    }
  }

  interrupt(job: JobPort, prompt: string, command: EnvelopeFields): void {
    mayAsk(job, prompt);
    const uncount = countQuestion(job);
    try {
      const expiresAtMs = expiryOf(job, undefined, this.#expiresInMs);
      const id = job.emit(
        'human.input.request',
        { prompt, response_schema: {}, expires_at: timestampOf(expiresAtMs) },
        { ...this.#fields(job), causation_id: command.id },
      );
      const terms = { expiresAtMs, uncount, issueOf: () => undefined };
      this.#open.add(job, id, { ...terms, type: 'human.input.response' }).then(
        (answer) => this.#heard(job, answer),
        () => {},
      );
    } catch (error) {
      uncount();
      throw error;
    }
  }

  listen(job: JobPort, listener: InterruptListener): void {
    this.#listeners.set(job, listener);
  }

  #heard(job: JobPort, answer: JsonValue): void {
    const failed = (error: unknown) => job.session.runtime.report(error, 'onInterrupt');
    try {
      const heard = this.#listeners.get(job)?.(answer);
      if (heard instanceof Promise) heard.catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  /** A request answers nothing: its own id is what the answer names. */
  #fields(job: JobPort) {
    return { correlation_id: undefined, source: askerOf(job, this.#agent) };
  }
}

function mayAsk(job: JobPort, prompt: unknown): void {
  if (job.session.capabilities.human_input !== true) {
    throw new ArcpError('UNIMPLEMENTED', 'human_input was not negotiated');
  }
  if (typeof prompt !== 'string') throw new TypeError('prompt must be a string');
}

function idsOf(options: readonly HumanChoice[]): ReadonlySet<string> {
  if (!Array.isArray(options) || options.length === 0 || options.length > MAX_OPTIONS) {
    throw new RangeError(`options must be a list of 1 to ${MAX_OPTIONS}`);
  }
  const ids = new Set<string>();
  for (const { id, label } of options) {
    if (typeof id !== 'string' || typeof label !== 'string') throw new TypeError('options must have an id and a label');
    if (ids.has(id)) throw new TypeError('options must have different ids');
    ids.add(id);
  }
  return ids;
}

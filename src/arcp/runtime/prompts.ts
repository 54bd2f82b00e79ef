// Human input (ARCP v1.0, section 12): tools ask, jobs wait, the first valid answer counts, and time runs out.

import { printable } from '../../bytes/printable.js';
import type { JsonValue } from '../../codec/json-value.js';
import { ArcpError } from '../errors.js';
import { compileSchema } from '../schema/json-schema.js';
import type { EnvelopeFields, Message } from '../wire/envelope.js';
import type { HumanChoice } from '../wire/human.js';
import type { MessageId } from '../wire/ids.js';
import type { Payloads } from '../wire/payloads.js';
import { timestampOf } from '../wire/timestamp.js';
import type { EmitFields, JobPort, RuntimePort, Service, SessionPort } from './service.js';
import { askerOf, countQuestion, expiryOf, type Question, Questions, Wait } from './waits.js';

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
   *   not taken; ERR_ARCP_RESOURCE_EXHAUSTED: too many open questions; ERR_ARCP_DEADLINE_EXCEEDED or ERR_ARCP_CANCELLED: as
   *   the job ends.
   * @throws {TypeError} @throws {RangeError} a question that is none, or a default that does not fit.
   */
  requestInput(question: InputQuestion): Promise<JsonValue>;
  /** Asks for a choice, under the same rules. @returns Id of one of the options. */
  requestChoice(question: ChoiceQuestion): Promise<string>;
  /** Is told what a human answered who had interrupted the job. */
  onInterrupt(listener: (answer: JsonValue) => void): void;
}

/** Options of {@link promptService}. */
export interface PromptOptions {
  /** Who asks, such as the agent's DID. Default: the runtime's fingerprint, or its kind. */
  readonly agent?: string | undefined;
  /** How long questions wait that do not say. Default 600,000. */
  readonly expiresInMs?: number | undefined;
}

/** Types that prompts answer. */
export type PromptType = 'human.input.response' | 'human.choice.response' | 'human.input.cancelled';

/** Kind of the records of questions that are open. */
const PROMPT = 'prompt';
/** Records read at a time. */
const PAGE = 256;

const DEFAULT_EXPIRES_MS = 600_000;
const MAX_OPTIONS = 256;
/** Length of a peer's words in ours, in UTF-16 units. */
const MAX_QUOTE = 128;

/** A question to a human that was sent. */
interface Prompt extends Question {
  readonly type: 'human.input.response' | 'human.choice.response';
  readonly wait: Wait<JsonValue>;
  /** What is wrong with an answer. */
  readonly issueOf: (answer: JsonValue) => { readonly path: string; readonly issue: string } | undefined;
  readonly default: JsonValue | undefined;
}

/** Makes the service that asks humans. */
export function promptService(options: PromptOptions = {}): Service<PromptType> {
  const prompts = new Prompts(options);
  return {
    offers: ['human_input', 'interrupt'],
    handles: {
      'human.input.response': (session, message) => prompts.answer(session, message, message.payload.value),
      'human.choice.response': (session, message) => prompts.answer(session, message, message.payload.choice_id),
      'human.input.cancelled': (session, message) => prompts.giveUp(session, message),
    },
    context: (job): PromptContext => ({
      requestInput: (question) => prompts.input(job, question),
      requestChoice: (question) => prompts.choice(job, question),
      onInterrupt: (listener) => prompts.listen(job, listener),
    }),
    interrupt: (job, prompt, command) => prompts.interrupt(job, prompt, command),
    attach: (runtime) => prompts.attach(runtime),
    recover: () => prompts.recover(),
    beforeJobEnd: (job) => prompts.drop(job),
    close: () => prompts.stop(),
  };
}

class Prompts {
  readonly #agent: string | undefined;
  readonly #expiresInMs: number;
  readonly #open = new Questions<Prompt>();
  #runtime: RuntimePort | undefined;
  readonly #listeners = new WeakMap<JobPort, (answer: JsonValue) => void>();

  constructor(options: PromptOptions) {
    this.#agent = options.agent;
    this.#expiresInMs = options.expiresInMs ?? DEFAULT_EXPIRES_MS;
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
      return await this.#ask(job, id, expiresAtMs, uncount, 'human.input.response', check, fallback);
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
      const issueOf = (answer: JsonValue) =>
        ids.has(answer as string) ? undefined : { path: 'choice_id', issue: 'was not offered' };
      return (await this.#ask(job, id, expiresAtMs, uncount, 'human.choice.response', issueOf, undefined)) as string;
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
      this.#ask(job, id, expiresAtMs, uncount, 'human.input.response', () => undefined, undefined).then(
        (answer) => this.#heard(job, answer),
        () => {},
      );
    } catch (error) {
      uncount();
      throw error;
    }
  }

  listen(job: JobPort, listener: (answer: JsonValue) => void): void {
    this.#listeners.set(job, listener);
  }

  /** @throws {ArcpError} an answer that does not count, where nobody answered before. */
  answer(session: SessionPort, message: Message<Prompt['type']>, answer: JsonValue): void {
    const prompt = this.#open.find(session, message.correlation_id);
    if (prompt === undefined) return;
    if (prompt.type !== message.type) throw invalid('type', `must be ${prompt.type}`);
    const issue = prompt.issueOf(answer);
    if (issue !== undefined) throw invalid(issue.path, issue.issue);
    this.#close(prompt, true);
    // For whoever else shows the question: other programs of the user observe the session.
    const by = printable(message.payload.responded_by.slice(0, MAX_QUOTE));
    this.#tell(prompt, 'CANCELLED', `answered by ${by}`, message.id);
    prompt.wait.resolve(answer);
  }

  /** The client gives a question up. @throws {ArcpError} */
  giveUp(session: SessionPort, message: Message<'human.input.cancelled'>): void {
    const prompt = this.#open.find(session, message.correlation_id);
    if (prompt === undefined) return;
    this.#close(prompt, false);
    const kind = prompt.type === 'human.input.response' ? 'input' : 'choice';
    const code = printable(message.payload.code.slice(0, MAX_QUOTE));
    const text = `human ${kind} cancelled: ${code}`;
    prompt.wait.reject(new ArcpError('CANCELLED', text));
    prompt.job.cancel(text);
  }

  /** A job ends: so do its questions. */
  drop(job: JobPort): void {
    for (const prompt of this.#open.ofJob(job)) this.#withdraw(prompt, new ArcpError('CANCELLED', 'the job has ended'));
  }

  /** @throws {TypeError} A runtime has it already. */
  attach(runtime: RuntimePort): void {
    if (this.#runtime !== undefined) throw new TypeError('a service is mounted in one runtime only');
    this.#runtime = runtime;
  }

  /** Questions of before a restart: whoever asked them is gone, or asks anew. */
  async recover(): Promise<void> {
    const runtime = this.#runtime as RuntimePort;
    let after: string | undefined;
    for (;;) {
      const page = await runtime.log.records(PROMPT, { after, limit: PAGE });
      for (const { key, value } of page) {
        after = key;
        if (this.#open.has(key)) continue;
        runtime.write([{ kind: PROMPT, key, value: undefined }]);
        const { sessionId, jobId } = value as { readonly sessionId: string; readonly jobId: string };
        const job = runtime.session(sessionId)?.job(jobId);
        if (job !== undefined) this.#tell({ id: key as MessageId, job }, 'CANCELLED', 'the runtime was restarted');
      }
      if (page.length < PAGE) return;
    }
  }

  /** The runtime closes. Its jobs are the next one's, which asks anew. */
  stop(): void {
    for (const prompt of this.#open.all()) prompt.wait.stop();
  }

  #ask(
    job: JobPort,
    id: MessageId | undefined,
    expiresAtMs: number,
    uncount: () => void,
    type: Prompt['type'],
    issueOf: Prompt['issueOf'],
    fallback: JsonValue | undefined,
  ): Promise<JsonValue> {
    // The job ended while the question was put together.
    if (id === undefined) throw job.signal.reason;
    const wait = new Wait<JsonValue>(job, expiresAtMs, uncount, {
      onExpired: () => this.#expire(prompt),
      onAborted: (reason) => this.#withdraw(prompt, reason),
    });
    const prompt: Prompt = { id, job, type, wait, issueOf, default: fallback };
    this.#open.add(prompt);
    job.session.runtime.write([{ kind: PROMPT, key: id, value: { sessionId: job.session.id, jobId: job.id } }]);
    return wait.answer;
  }

  #expire(prompt: Prompt): void {
    const { id, job, wait } = prompt;
    if (prompt.default !== undefined) {
      this.#close(prompt, true);
      say(
        job,
        'human.input.response',
        { value: prompt.default, responded_by: 'default', responded_at: timestampOf(job.session.runtime.now()) },
        { correlation_id: id },
      );
      wait.resolve(prompt.default);
      return;
    }
    this.#close(prompt, false);
    const error = new ArcpError('DEADLINE_EXCEEDED', 'nobody answered in time');
    this.#tell(prompt, 'DEADLINE_EXCEEDED', error.message);
    wait.reject(error);
    job.fail(error);
  }

  #withdraw(prompt: Prompt, reason: ArcpError): void {
    this.#close(prompt, false);
    this.#tell(prompt, 'CANCELLED', 'the question was withdrawn');
    prompt.wait.reject(reason);
  }

  #close(prompt: Prompt, wasAnswered: boolean): void {
    this.#open.remove(prompt, wasAnswered);
    prompt.job.session.runtime.write([{ kind: PROMPT, key: prompt.id, value: undefined }]);
  }

  #tell({ id, job }: Question, code: string, message: string, cause?: MessageId): void {
    say(job, 'human.input.cancelled', { code, message }, { correlation_id: id, causation_id: cause });
  }

  #heard(job: JobPort, answer: JsonValue): void {
    try {
      this.#listeners.get(job)?.(answer);
    } catch (error) {
      job.session.runtime.report(error, 'onInterrupt');
    }
  }

  /** A request answers nothing: its own id is what the answer names. */
  #fields(job: JobPort) {
    return { correlation_id: undefined, source: askerOf(job, this.#agent) };
  }
}

/** Says what became of a question. A client may have come back without `human_input`: it hears nothing of it. */
function say<T extends 'human.input.response' | 'human.input.cancelled'>(
  job: JobPort,
  type: T,
  payload: Payloads[T],
  fields: EmitFields,
): void {
  if (job.session.capabilities.human_input === true) job.emit(type, payload, fields);
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

function invalid(path: string, issue: string): ArcpError {
  return new ArcpError('INVALID_ARGUMENT', `${path} ${issue}`, { details: { path, issue } });
}

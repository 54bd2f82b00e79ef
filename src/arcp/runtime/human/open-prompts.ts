// Questions to humans that were sent (ARCP v1.0, section 12): the first valid answer counts, whoever asked may end, the
// client may give one up, and time runs out. Each ends once.

import { printable } from '../../../bytes/printable.js';
import type { JsonValue } from '../../../codec/json-value.js';
import { ArcpError } from '../../errors.js';
import type { Message } from '../../wire/envelope.js';
import type { MessageId } from '../../wire/ids.js';
import type { Payloads } from '../../wire/payloads.js';
import { timestampOf } from '../../wire/timestamp.js';
import { allRecords } from '../log-records.js';
import type { EmitFields, JobPort, RuntimePort, SessionPort } from '../service.js';
import { type Question, Questions, Wait } from './waits.js';

/** Kind of the records of questions that are open. */
const PROMPT = 'prompt';
/** Length of a peer's words in ours, in UTF-16 units. */
const MAX_QUOTE = 128;

/** What may be wrong with an answer. */
export type AnswerIssue = (answer: JsonValue) => { readonly path: string; readonly issue: string } | undefined;

/** What becomes of a question that was sent. */
export interface PromptTerms {
  readonly type: 'human.input.response' | 'human.choice.response';
  readonly expiresAtMs: number;
  /** Of `countQuestion`. */
  readonly uncount: () => void;
  readonly issueOf: AnswerIssue;
  /** The answer where nobody gives one in time. */
  readonly default?: JsonValue | undefined;
}

interface Prompt extends Question, PromptTerms {
  readonly wait: Wait<JsonValue>;
}

/** The open questions. */
export class OpenPrompts {
  readonly #open = new Questions<Prompt>();

  /**
   * Waits for the answer to a question.
   *
   * @param id Of its request; `undefined` where the job ended while it was put together.
   * @throws what the job ended with.
   */
  add(job: JobPort, id: MessageId | undefined, terms: PromptTerms): Promise<JsonValue> {
    if (id === undefined) throw job.signal.reason;
    const wait = new Wait<JsonValue>(job, terms.expiresAtMs, terms.uncount, {
      onExpired: () => this.#expire(prompt),
      onAborted: (reason) => this.#withdraw(prompt, reason),
    });
    const prompt: Prompt = { ...terms, id, job, wait };
    this.#open.add(prompt);
    job.session.runtime.write([{ kind: PROMPT, key: id, value: { sessionId: job.session.id, jobId: job.id } }]);
    return wait.answer;
  }

  /** @throws {ArcpError} an answer that does not count, where nobody answered before. */
  answer(session: SessionPort, message: Message<PromptTerms['type']>, answer: JsonValue): void {
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

  /** Questions of before a restart: whoever asked them is gone, or asks anew. */
  async recover(runtime: RuntimePort): Promise<void> {
    for await (const { key, value } of allRecords(runtime.log, PROMPT)) {
      if (this.#open.has(key)) continue;
      runtime.write([{ kind: PROMPT, key, value: undefined }]);
      const { sessionId, jobId } = value as { readonly sessionId: string; readonly jobId: string };
      const job = runtime.session(sessionId)?.job(jobId);
      if (job !== undefined) this.#tell({ id: key as MessageId, job }, 'CANCELLED', 'the runtime was restarted');
    }
  }

  /** The runtime closes. Its jobs are the next one's, which asks anew. */
  stop(): void {
    for (const prompt of this.#open.all()) prompt.wait.stop();
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

function invalid(path: string, issue: string): ArcpError {
  return new ArcpError('INVALID_ARGUMENT', `${path} ${issue}`, { details: { path, issue } });
}

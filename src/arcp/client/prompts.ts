// Questions a job asks a human, and permissions it asks for (ARCP v1.0, sections 12 and 15). Each shows who asks, takes one
// answer, and is over when the runtime or the time says so.

import { printable } from '../../bytes/printable.js';
import type { JsonValue } from '../../codec/json-value.js';
import { deferred, quiet } from '../../deferred.js';
import { ArcpError, arcpError } from '../errors.js';
import type { Message } from '../wire/envelope.js';
import type { HumanChoice } from '../wire/human.js';
import type { JobId, MessageId } from '../wire/ids.js';
import type { LeaseScope } from '../wire/permission.js';
import { timestampMs, timestampOf } from '../wire/timestamp.js';
import type { CallFields } from './compose.js';
import type { Core } from './core.js';
import { deliver } from './deliver.js';
import { isChoked } from './refusals.js';

/** Longest text of a prompt that is shown, in UTF-16 units. */
const MAX_TEXT_CHARS = 4_096;

/** Longest part of a permission's: none may push the others out of sight. */
const MAX_PART_CHARS = 1_000;

/** Lease granted where neither the job nor the caller says how long. */
const DEFAULT_LEASE_SECONDS = 300;

/** How a prompt ended: answered by us; answered, cancelled or given up elsewhere; or past its time. */
export type PromptEnd = 'answered' | 'cancelled' | 'expired';

/**
 * What every prompt has. All text is safe to show: what a terminal would act on is escaped, and what is longer than 4,096
 * units, or 1,000 where a permission's words stand in its text, is cut and ends in `...`.
 */
interface PromptBase {
  /** Id of the request. */
  readonly id: MessageId;
  readonly jobId?: JobId | undefined;
  /**
   * Agent that asks: the sender the message names, without the tool behind its slash; else the runtime's fingerprint, else
   * its kind. A DID where the runtime has one. Not proof of anything.
   */
  readonly agent: string;
  /** Tool that asks: the one this session started the job with; of other jobs the one that the message names, where it does. */
  readonly tool?: string | undefined;
  /** Until when it can be answered, by our clock. Permissions have no such time. */
  readonly expiresAtMs?: number | undefined;
  readonly isOpen: boolean;
  /** Settles when nobody needs to answer any more. Never rejects. */
  readonly ended: Promise<PromptEnd>;
}

/** Asks for a value. */
export interface InputPrompt extends PromptBase {
  readonly kind: 'input';
  readonly text: string;
  /** JSON Schema of the answer, as it came: a stranger's, so bound what judges it. The runtime checks the answer. */
  readonly schema: JsonValue;
  readonly default?: JsonValue | undefined;
  /**
   * Answers.
   *
   * @throws {ArcpError} ERR_ARCP_INVALID_ARGUMENT: not what the schema says; the prompt stays open.
   *   ERR_ARCP_FAILED_PRECONDITION: answered before. ERR_ARCP_DEADLINE_EXCEEDED: too late. ERR_ARCP_UNAVAILABLE: no answer.
   */
  answer(value: JsonValue, options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** Declines to answer. Throws as {@link InputPrompt.answer}. */
  cancel(message?: string, options?: { readonly signal?: AbortSignal }): Promise<void>;
}

/** Asks for one of several answers. */
export interface ChoicePrompt extends PromptBase {
  readonly kind: 'choice';
  readonly text: string;
  /** Labels are safe to show; ids are as they came. */
  readonly options: readonly HumanChoice[];
  /** Answers. Throws as {@link InputPrompt.answer}. */
  choose(choiceId: string, options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** Declines to answer. Throws as {@link InputPrompt.answer}. */
  cancel(message?: string, options?: { readonly signal?: AbortSignal }): Promise<void>;
}

/** Asks for permission. The three words of its scope are what a lease is bound to: as they came, not made safe to show. */
export interface PermissionPrompt extends PromptBase, LeaseScope {
  readonly kind: 'permission';
  /** What to show: permission, resource and operation in one line, and the reason. */
  readonly text: string;
  /** Why the job wants it, safe to show. */
  readonly reason?: string | undefined;
  readonly requestedLeaseSeconds?: number | undefined;
  /** Grants it. @param leaseSeconds Default what was asked for, else 300. Throws as {@link InputPrompt.answer}. */
  grant(leaseSeconds?: number, options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** Refuses it. Throws as {@link InputPrompt.answer}. */
  deny(reason: string, options?: { readonly signal?: AbortSignal }): Promise<void>;
}

/** A question of a job. Rejections of its answers that nobody looks at do no harm. */
export type Prompt = InputPrompt | ChoicePrompt | PermissionPrompt;

/** Types that ask. */
export type PromptRequest = 'human.input.request' | 'human.choice.request' | 'permission.request';

/** A prompt, and the end of it that is ours. */
export interface OpenPrompt {
  readonly prompt: Prompt;
  end(how: PromptEnd): void;
  /** Whether a message is an answer of ours to it. */
  isOurs(id: MessageId): boolean;
  /** It, its job or the session is over: so is it, unless an answer of ours is on its way, which then says how it ended. */
  abandon(): void;
}

/** Makes a prompt of a request. @param onEnd Called once. */
export function openPrompt(
  core: Core,
  message: Message<PromptRequest>,
  tool: string | undefined,
  onEnd: () => void,
): OpenPrompt {
  const { id, job_id: jobId, source } = message;
  const { clock, now, respondedBy } = core.options;
  const ended = deferred<PromptEnd>();
  let state: 'open' | 'answering' | PromptEnd = 'open';
  /** What becomes of it where the answer on its way is not taken. */
  let fate: PromptEnd | undefined;
  /** Ids of our answers: those that were refused are few. */
  const answers = new Set<MessageId>();
  const sent = (answerId: MessageId) => void answers.add(answerId);
  let stopTimer = () => {};

  const end = (how: PromptEnd) => {
    if (state !== 'open' && state !== 'answering') return;
    state = how;
    stopTimer();
    onEnd();
    ended.resolve(how);
  };
  /** Ends it, unless an answer of ours is on its way. */
  const give = (how: PromptEnd) => {
    if (state === 'answering') fate ??= how;
    else end(how);
  };
  const expiresAtMs =
    message.type === 'permission.request' ? undefined : timestampMs(message.payload.expires_at) + core.clockOffsetMs;
  if (expiresAtMs !== undefined) stopTimer = clock.setTimer(() => give('expired'), Math.max(0, expiresAtMs - now()));

  const fields: CallFields = { job_id: jobId, correlation_id: id };
  const reply = (send: () => Promise<void>) => quiet(answerWith(send));
  const answerWith = async (send: () => Promise<void>) => {
    if (state === 'expired') throw arcpError('DEADLINE_EXCEEDED', 'the prompt has expired');
    if (state !== 'open') throw arcpError('FAILED_PRECONDITION', 'the prompt was answered, or is over');
    state = 'answering';
    try {
      await send();
    } catch (error) {
      // Another try does no harm: the runtime takes one answer only.
      if (state === 'answering') state = 'open';
      if (fate !== undefined || (error instanceof ArcpError && error.wireCode === 'NOT_FOUND')) {
        end(fate ?? 'cancelled');
      }
      throw error;
    }
    end('answered');
    // Somebody else was faster, and the runtime had no word for us.
    if ((await ended.promise) !== 'answered') throw arcpError('FAILED_PRECONDITION', 'the prompt was over before');
  };
  const responded = () => ({ responded_by: respondedBy, responded_at: timestampOf(now()) });
  const cancel: InputPrompt['cancel'] = (text, options) =>
    reply(() =>
      deliver(core, 'human.input.cancelled', { code: 'CANCELLED', message: text }, options?.signal, fields, sent),
    );

  const base = {
    id,
    jobId,
    ...askerOf(core, source, tool),
    expiresAtMs,
    get isOpen() {
      return state === 'open';
    },
    ended: ended.promise,
  };
  const prompt = ((): Prompt => {
    switch (message.type) {
      case 'human.input.request': {
        const { prompt: text, response_schema: schema, default: value } = message.payload;
        const answer: InputPrompt['answer'] = (given, options) =>
          reply(() =>
            deliver(core, 'human.input.response', { value: given, ...responded() }, options?.signal, fields, sent),
          );
        return define(base, { kind: 'input', text: shown(text), schema, default: value, answer, cancel });
      }
      case 'human.choice.request': {
        const { prompt: text, options: choices } = message.payload;
        const choose: ChoicePrompt['choose'] = (choiceId, options) =>
          reply(() =>
            deliver(
              core,
              'human.choice.response',
              { choice_id: choiceId, ...responded() },
              options?.signal,
              fields,
              sent,
            ),
          );
        const options = choices.map((choice) => ({ id: choice.id, label: shown(choice.label) }));
        return define(base, { kind: 'choice', text: shown(text), options, choose, cancel });
      }
      case 'permission.request': {
        const { permission, resource, operation, reason, requested_lease_seconds: asked } = message.payload;
        const scope = { permission, resource, operation };
        const grant: PermissionPrompt['grant'] = (leaseSeconds = asked ?? DEFAULT_LEASE_SECONDS, options) =>
          reply(() =>
            deliver(core, 'permission.grant', { ...scope, lease_seconds: leaseSeconds }, options?.signal, fields, sent),
          );
        const deny: PermissionPrompt['deny'] = (why, options) =>
          reply(() => deliver(core, 'permission.deny', { permission, reason: why }, options?.signal, fields, sent));
        const [what, how, where, why] = [permission, operation, resource, reason ?? ''].map((part) =>
          cut(part, MAX_PART_CHARS),
        );
        const text = shown(`${what}: ${how} ${where}${why === '' ? '' : ` (${why})`}`);
        const facts = { ...scope, text, reason: reason === undefined ? undefined : shown(reason) };
        return define(base, { kind: 'permission', ...facts, requestedLeaseSeconds: asked, grant, deny });
      }
    }
  })();
  return { prompt, end, isOurs: (answerId) => answers.has(answerId), abandon: () => give('cancelled') };
}

/** Answers a request that nobody will: there are too many already. */
export function refusePrompt(core: Core, message: Message<PromptRequest>): void {
  if (isChoked(core)) return;
  const fields: CallFields = { job_id: message.job_id, correlation_id: message.id };
  if (message.type === 'permission.request') {
    const { permission } = message.payload;
    core.post('permission.deny', { permission, reason: 'too many prompts are open' }, fields);
  } else core.post('human.input.cancelled', { code: 'RESOURCE_EXHAUSTED' }, fields);
}

/** Who asks: a sender is an agent, or an agent, a slash and its tool. */
function askerOf(core: Core, source: string | undefined, started: string | undefined) {
  const { fingerprint, kind } = core.accepted.runtime;
  if (source === undefined) return { agent: shown(fingerprint ?? kind), tool: started };
  const isStarted = started !== undefined && source.endsWith(`/${started}`);
  const at = isStarted ? source.length - started.length - 1 : source.indexOf('/');
  if (at <= 0) return { agent: shown(source), tool: started };
  return { agent: shown(source.slice(0, at)), tool: started ?? shown(source.slice(at + 1)) };
}

/** Adds members to what every prompt has, its getter kept. */
function define<Base extends object, const Rest extends object>(base: Base, rest: Rest): Base & Rest {
  return Object.defineProperties(base, Object.getOwnPropertyDescriptors(rest)) as Base & Rest;
}

function shown(text: string): string {
  // The one mark that turns the reading direction and that `printable` lets pass.
  return printable(cut(text, MAX_TEXT_CHARS)).replaceAll('\u061c', '\\u061c');
}

/** A text, or its beginning with a sign that there is more. Never half a character. */
function cut(text: string, maxChars: number): string {
  return text.length <= maxChars ? text : `${text.slice(0, maxChars - 3).replace(/[\ud800-\udbff]$/, '')}...`;
}

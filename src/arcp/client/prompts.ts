// Questions a job asks a human, and permissions it asks for (ARCP v1.0, sections 12 and 15). Each shows who asks, takes one
// answer, and is over when the runtime or the time says so.

import { printable } from '../../bytes/printable.js';
import type { JsonValue } from '../../codec/json-value.js';
import { type ArcpCode, ArcpError, arcpError } from '../errors.js';
import type { Message } from '../wire/envelope.js';
import type { HumanChoice } from '../wire/human.js';
import type { JobId, MessageId } from '../wire/ids.js';
import type { LeaseScope } from '../wire/permission.js';
import { timestampMs, timestampOf } from '../wire/timestamp.js';
import type { CallFields } from './compose.js';
import type { Core } from './core.js';
import { deferred } from './deferred.js';

/** Longest text of a prompt that is shown, in UTF-16 units. */
const MAX_TEXT_CHARS = 4_096;

/** Lease granted where neither the job nor the caller says how long. */
const DEFAULT_LEASE_SECONDS = 300;

/** How a prompt ended: answered by us; answered, cancelled or given up elsewhere; or past its time. */
export type PromptEnd = 'answered' | 'cancelled' | 'expired';

/** What every prompt has. All text is safe to show: what a terminal would act on is escaped, and it is cut at 4,096 units. */
interface PromptBase {
  /** Id of the request. */
  readonly id: MessageId;
  readonly jobId?: JobId | undefined;
  /** Who asks: the sender the message names, else the runtime's fingerprint, else its kind. Not proof of anything. */
  readonly agent: string;
  /** Tool of the job, where this session started it. */
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
  cancel(message?: string): Promise<void>;
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
  cancel(message?: string): Promise<void>;
}

/** Asks for permission. The three words of its scope are what a lease is bound to: as they came, not made safe to show. */
export interface PermissionPrompt extends PromptBase, LeaseScope {
  readonly kind: 'permission';
  /** What to show: permission, resource and operation in one line, and the reason. */
  readonly text: string;
  readonly requestedLeaseSeconds?: number | undefined;
  /** Grants it. @param leaseSeconds Default what was asked for, else 300. Throws as {@link InputPrompt.answer}. */
  grant(leaseSeconds?: number, options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** Refuses it. Throws as {@link InputPrompt.answer}. */
  deny(reason: string, options?: { readonly signal?: AbortSignal }): Promise<void>;
}

/** A question of a job. */
export type Prompt = InputPrompt | ChoicePrompt | PermissionPrompt;

/** Types that ask. */
export type PromptRequest = 'human.input.request' | 'human.choice.request' | 'permission.request';

/** A prompt, and the end of it that is ours. */
export interface OpenPrompt {
  readonly prompt: Prompt;
  end(how: PromptEnd): void;
  /** It, its job or the session is over: so is it, unless an answer of ours is on its way, which then says how it ended. */
  abandon(): void;
  /** Answers that nobody will: there are too many already. */
  refuse(): void;
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
  let isAbandoned = false;
  let stopTimer = () => {};

  const end = (how: PromptEnd) => {
    if (state !== 'open' && state !== 'answering') return;
    state = how;
    stopTimer();
    onEnd();
    ended.resolve(how);
  };
  const expiresAtMs =
    message.type === 'permission.request' ? undefined : timestampMs(message.payload.expires_at) + core.clockOffsetMs;
  if (expiresAtMs !== undefined) stopTimer = clock.setTimer(() => end('expired'), Math.max(0, expiresAtMs - now()));

  const fields: CallFields = { job_id: jobId, correlation_id: id };
  const reply = async (send: () => Promise<void>) => {
    if (state === 'expired') throw arcpError('DEADLINE_EXCEEDED', 'the prompt has expired');
    if (state !== 'open') throw arcpError('FAILED_PRECONDITION', 'the prompt was answered, or is over');
    state = 'answering';
    try {
      await send();
    } catch (error) {
      // Another try does no harm: the runtime takes one answer only.
      if (state === 'answering') state = 'open';
      if (isAbandoned || (error instanceof ArcpError && error.wireCode === 'NOT_FOUND')) end('cancelled');
      throw error;
    }
    end('answered');
  };
  const responded = () => ({ responded_by: respondedBy, responded_at: timestampOf(now()) });
  const cancel = (text?: string, code: ArcpCode = 'CANCELLED') =>
    reply(() => core.deliver('human.input.cancelled', { code, message: text }, undefined, fields));

  const base = {
    id,
    jobId,
    agent: shown(source ?? core.accepted.runtime.fingerprint ?? core.accepted.runtime.kind),
    tool,
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
          reply(() => core.deliver('human.input.response', { value: given, ...responded() }, options?.signal, fields));
        return define(base, { kind: 'input', text: shown(text), schema, default: value, answer, cancel });
      }
      case 'human.choice.request': {
        const { prompt: text, options: choices } = message.payload;
        const choose: ChoicePrompt['choose'] = (choiceId, options) =>
          reply(() =>
            core.deliver('human.choice.response', { choice_id: choiceId, ...responded() }, options?.signal, fields),
          );
        const options = choices.map((choice) => ({ id: choice.id, label: shown(choice.label) }));
        return define(base, { kind: 'choice', text: shown(text), options, choose, cancel });
      }
      case 'permission.request': {
        const { permission, resource, operation, reason, requested_lease_seconds: asked } = message.payload;
        const scope = { permission, resource, operation };
        const grant: PermissionPrompt['grant'] = (leaseSeconds = asked ?? DEFAULT_LEASE_SECONDS, options) =>
          reply(() =>
            core.deliver('permission.grant', { ...scope, lease_seconds: leaseSeconds }, options?.signal, fields),
          );
        const deny: PermissionPrompt['deny'] = (why, options) =>
          reply(() => core.deliver('permission.deny', { permission, reason: why }, options?.signal, fields));
        const text = shown(`${permission}: ${operation} ${resource}${reason === undefined ? '' : ` (${reason})`}`);
        return define(base, { kind: 'permission', ...scope, text, requestedLeaseSeconds: asked, grant, deny });
      }
    }
  })();
  const refuse = () => {
    const refused =
      prompt.kind === 'permission' ? prompt.deny('too many prompts are open') : cancel(undefined, 'RESOURCE_EXHAUSTED');
    refused.catch(() => {});
  };
  const abandon = () => {
    isAbandoned = true;
    if (state === 'open') end('cancelled');
  };
  return { prompt, end, abandon, refuse };
}

/** Adds members to what every prompt has, its getter kept. */
function define<Base extends object, const Rest extends object>(base: Base, rest: Rest): Base & Rest {
  return Object.defineProperties(base, Object.getOwnPropertyDescriptors(rest)) as Base & Rest;
}

function shown(text: string): string {
  return printable(text.slice(0, MAX_TEXT_CHARS));
}

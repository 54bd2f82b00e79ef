// Logical idempotency (ARCP v1.0, section 6.4): the same intent, by principal and key, runs once, also under new message
// ids and in other sessions of the principal. What came of it is kept with the log.

import { encodeUtf8 } from '../../../bytes/utf8.js';
import { isObject } from '../../../codec/is-object.js';
import { canonicalize } from '../../../codec/jcs.js';
import type { JsonValue } from '../../../codec/json-value.js';
import type { EventLog, MaybePromise, RecordWrite } from '../../log/contract.js';
import type { JobId } from '../../wire/ids.js';
import { sha256Hex } from '../../wire/sha256.js';
import { ANONYMOUS } from '../authenticator.js';
import { shareOf } from '../limits.js';
import { allRecords } from '../log-records.js';
import type { JobEnd } from '../service.js';
import { Turns } from '../turns.js';

/** Kind of the records. */
export const INTENT = 'intent';

/** What is known of an intent. */
export interface Intent {
  /** Hash of type and payload: the same key with another body is a conflict. */
  readonly print: string;
  /** The job it started; absent where it was something else. */
  readonly jobId?: JobId | undefined;
  /** What came of it, where it was no job. */
  readonly outcome?: string | undefined;
  readonly expiresAtMs: number;
  /** How it ended; absent while it runs. */
  readonly end?: JobEnd | undefined;
}

/** Intents of this run that have ended and are at hand without asking the log. */
const MAX_AT_HAND = 4_096;

/** How much is kept, and for how long. */
export interface IntentLimits {
  readonly idempotencyMs: number;
  /** Of one principal: keys, and characters of what came of them. */
  readonly maxIntents: number;
  readonly maxIntentChars: number;
}

/** What an intent is counted as beside what came of it, in characters. */
const BASE_CHARS = 256;

/** The intents of a runtime. */
export class Intents {
  readonly #log: EventLog;
  readonly #now: () => number;
  /** Those whose jobs run. */
  readonly #running = new Map<string, Intent>();
  /** Those that have ended, the oldest first: what was written and may not be in the log yet. */
  readonly #ended = new Map<string, Intent>();
  readonly #turns = new Turns();
  /** By principal: what is kept of it. */
  readonly #usage = new Map<string, { count: number; chars: number }>();
  readonly #limits: IntentLimits;

  constructor(log: EventLog, now: () => number, limits: IntentLimits) {
    this.#log = log;
    this.#now = now;
    this.#limits = limits;
  }

  /** Name of an intent: no principal can name another's. */
  static scope(principal: string, key: string): string {
    return `${principal.length}:${principal}${key}`;
  }

  /** What tells one body from another. */
  static print(type: string, payload: JsonValue): Promise<string> {
    return sha256Hex(encodeUtf8(canonicalize({ type, payload }, 1_000)));
  }

  /** Does something with an intent while nobody else does: two of the same key come one after the other. */
  inTurn(scope: string, work: (known: Intent | undefined) => MaybePromise<void>): Promise<void> {
    return this.#turns.take(scope, async () => work(await this.#find(scope)));
  }

  /** Whether a principal may use one more key. Those it has used are not forgotten for it: what they did must not be done again. */
  hasRoom(principal: string): boolean {
    const { count, chars } = this.#usage.get(principal) ?? { count: 0, chars: 0 };
    const { maxIntents, maxIntentChars } = this.#limits;
    const isStranger = principal.startsWith(ANONYMOUS);
    return count < shareOf(maxIntents, isStranger) && chars < shareOf(maxIntentChars, isStranger);
  }

  /** Counts what a runtime before this one kept. */
  async recover(): Promise<void> {
    for await (const { key, value } of allRecords(this.#log, INTENT)) {
      const intent = asIntent(value);
      if (intent !== undefined) this.#count(key, sizeOf(intent), 1);
    }
  }

  /** A new intent. @returns What to keep with its `job.accepted`. */
  begin(scope: string, print: string, jobId: JobId): RecordWrite {
    const intent = { print, jobId, expiresAtMs: this.#now() + this.#limits.idempotencyMs };
    this.#count(scope, sizeOf(intent), 1);
    return this.#keep(scope, intent);
  }

  /** As {@link begin}, of what is no job and done already. */
  done(scope: string, print: string, outcome: string): RecordWrite {
    const intent = { print, outcome, expiresAtMs: this.#now() + this.#limits.idempotencyMs };
    this.#count(scope, sizeOf(intent), 1);
    return this.#keep(scope, intent);
  }

  /** How it ended. @returns What to keep with the terminal event; `undefined` where the intent is not known any more. */
  end(scope: string, end: JobEnd): RecordWrite | undefined {
    const intent = this.#atHand(scope);
    if (intent === undefined) return undefined;
    const ended = { ...intent, end };
    this.#count(scope, sizeOf(ended) - sizeOf(intent), 0);
    return this.#keep(scope, ended);
  }

  /** The log has lost that a job was started under it: nothing was done, and the key is free. */
  forget(scope: string, jobId: JobId): void {
    const intent = this.#atHand(scope);
    if (intent?.jobId !== jobId) return;
    this.#drop(scope);
    this.#count(scope, -sizeOf(intent), -1);
  }

  /** Puts an intent at hand that a job of before the restart was started under. */
  async restore(scope: string): Promise<void> {
    const intent = await this.#find(scope);
    if (intent !== undefined) this.#keep(scope, intent);
  }

  /**
   * Removes what has expired, and what nobody can ask for any more.
   *
   * @param isGone Whether a principal will never come again: a stranger's session has ended.
   */
  async sweep(write: (records: readonly RecordWrite[]) => void, isGone: (principal: string) => boolean): Promise<void> {
    for await (const { key, value } of allRecords(this.#log, INTENT)) {
      const intent = asIntent(value);
      if (intent !== undefined && intent.expiresAtMs > this.#now() && !isGone(principalOf(key))) continue;
      this.#drop(key);
      if (intent !== undefined) this.#count(key, -sizeOf(intent), -1);
      write([{ kind: INTENT, key, value: undefined }]);
    }
  }

  #count(scope: string, chars: number, count: number): void {
    const principal = principalOf(scope);
    const usage = this.#usage.get(principal) ?? { count: 0, chars: 0 };
    usage.count += count;
    usage.chars += chars;
    if (usage.count > 0) this.#usage.set(principal, usage);
    else this.#usage.delete(principal);
  }

  async #find(scope: string): Promise<Intent | undefined> {
    const intent = this.#atHand(scope) ?? asIntent(await this.#log.record(INTENT, scope));
    return intent !== undefined && intent.expiresAtMs > this.#now() ? intent : undefined;
  }

  #atHand(scope: string): Intent | undefined {
    return this.#running.get(scope) ?? this.#ended.get(scope);
  }

  #drop(scope: string): void {
    this.#running.delete(scope);
    this.#ended.delete(scope);
  }

  #keep(scope: string, intent: Intent): RecordWrite {
    this.#drop(scope);
    const isRunning = intent.end === undefined && intent.outcome === undefined;
    (isRunning ? this.#running : this.#ended).set(scope, intent);
    // The oldest is in the log for long.
    if (this.#ended.size > MAX_AT_HAND) this.#ended.delete(this.#ended.keys().next().value as string);
    return { kind: INTENT, key: scope, value: intent as unknown as JsonValue };
  }
}

/** The principal of a scope. */
function principalOf(scope: string): string {
  const colon = scope.indexOf(':');
  return scope.slice(colon + 1, colon + 1 + Number(scope.slice(0, colon)));
}

function sizeOf({ end }: Intent): number {
  return BASE_CHARS + (end === undefined ? 0 : lengthOf(end));
}

/** About what it takes to keep; what JSON cannot say is not kept. */
function lengthOf(end: JobEnd): number {
  try {
    return JSON.stringify(end.payload)?.length ?? 0;
  } catch {
    return 0;
  }
}

function asIntent(record: JsonValue | undefined): Intent | undefined {
  return isObject(record) ? (record as unknown as Intent) : undefined;
}

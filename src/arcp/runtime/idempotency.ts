// Logical idempotency (ARCP v1.0, section 6.4): the same intent, by principal and key, runs once, also under new message
// ids and in other sessions of the principal. What came of it is kept with the log.

import { encodeUtf8 } from '../../bytes/utf8.js';
import { isObject } from '../../codec/is-object.js';
import { canonicalize } from '../../codec/jcs.js';
import type { JsonValue } from '../../codec/json-value.js';
import type { EventLog, RecordWrite } from '../log/contract.js';
import type { JobId } from '../wire/ids.js';
import { sha256Hex } from '../wire/sha256.js';
import type { JobEnd } from './service.js';

/** Kind of the records. */
export const INTENT = 'intent';

/** What is known of an intent. */
export interface Intent {
  /** Hash of type and payload: the same key with another body is a conflict. */
  readonly print: string;
  readonly jobId: JobId;
  readonly expiresAtMs: number;
  /** How it ended; absent while it runs. */
  readonly end?: JobEnd | undefined;
}

/** Intents of this run that are at hand without asking the log. */
const MAX_AT_HAND = 4_096;

/** The intents of a runtime. */
export class Intents {
  readonly #log: EventLog;
  readonly #now: () => number;
  readonly #keepMs: number;
  /** What was written and may not be in the log yet. */
  readonly #atHand = new Map<string, Intent>();
  readonly #turns = new Map<string, Promise<void>>();

  constructor(log: EventLog, now: () => number, keepMs: number) {
    this.#log = log;
    this.#now = now;
    this.#keepMs = keepMs;
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
  async inTurn(scope: string, work: (known: Intent | undefined) => void): Promise<void> {
    const before = this.#turns.get(scope);
    const turn = (async () => {
      await before;
      work(await this.#find(scope));
    })();
    const quiet = turn.catch(() => {});
    this.#turns.set(scope, quiet);
    try {
      await turn;
    } finally {
      if (this.#turns.get(scope) === quiet) this.#turns.delete(scope);
    }
  }

  /** A new intent. @returns What to keep with its `job.accepted`. */
  begin(scope: string, print: string, jobId: JobId): RecordWrite {
    return this.#keep(scope, { print, jobId, expiresAtMs: this.#now() + this.#keepMs });
  }

  /** How it ended. @returns What to keep with the terminal event; `undefined` where the intent is not known any more. */
  end(scope: string, end: JobEnd): RecordWrite | undefined {
    const intent = this.#atHand.get(scope);
    return intent === undefined ? undefined : this.#keep(scope, { ...intent, end });
  }

  /** Puts an intent at hand that a job of before the restart was started under. */
  async restore(scope: string): Promise<void> {
    const intent = await this.#find(scope);
    if (intent !== undefined) this.#keep(scope, intent);
  }

  /** Removes what has expired. */
  async sweep(write: (records: readonly RecordWrite[]) => void): Promise<void> {
    let after: string | undefined;
    for (;;) {
      const records = await this.#log.records(INTENT, { after, limit: 256 });
      const expired = records.filter(({ value }) => !((asIntent(value)?.expiresAtMs ?? 0) > this.#now()));
      for (const { key } of expired) this.#atHand.delete(key);
      if (expired.length > 0) write(expired.map(({ key }) => ({ kind: INTENT, key, value: undefined })));
      if (records.length < 256) return;
      after = records.at(-1)?.key;
    }
  }

  async #find(scope: string): Promise<Intent | undefined> {
    const intent = this.#atHand.get(scope) ?? asIntent(await this.#log.record(INTENT, scope));
    return intent !== undefined && intent.expiresAtMs > this.#now() ? intent : undefined;
  }

  #keep(scope: string, intent: Intent): RecordWrite {
    this.#atHand.delete(scope);
    this.#atHand.set(scope, intent);
    if (this.#atHand.size > MAX_AT_HAND) {
      // The oldest that has ended: it is in the log for long. Those that run stay at hand.
      for (const [oldest, { end }] of this.#atHand) {
        if (end === undefined) continue;
        this.#atHand.delete(oldest);
        break;
      }
    }
    return { kind: INTENT, key: scope, value: intent as unknown as JsonValue };
  }
}

function asIntent(record: JsonValue | undefined): Intent | undefined {
  return isObject(record) ? (record as unknown as Intent) : undefined;
}

// Placeholders that stand for numbers, nonces and texts nobody verifies (section 13.7), filled before anything is signed.

import { concatBytes } from '../../bytes/concat.js';
import { encodeUtf8 } from '../../bytes/utf8.js';
import { encodeBase64url } from '../../codec/base64url.js';
import { isObject } from '../../codec/is-object.js';
import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import { sha256 } from '../../curves/sha256.js';

/** The clock of the fixtures, in Unix seconds. */
export const REFERENCE_SEC = 1_711_900_000;

const PLACEHOLDER = /^__[A-Z][A-Z0-9_]+__$/;
const TIME = /^__NOW(?:_(PLUS|MINUS)_(\d+))?__$/;
const NONCE = '__VALID_NONCE__';
const ECHO = '__VALID_NONCE_ECHO__';

/** Well-formed, and never verified. */
const ANY: Readonly<Record<string, string>> = {
  __ANY_JWS__: `e30.e30.${'A'.repeat(86)}`,
  __ANY_CHAIN_HASH__: 'A'.repeat(43),
  __ANY_CHAIN_STEP_SIG__: 'A'.repeat(86),
  __ANY_DELEGATION_SIG__: 'A'.repeat(86),
  __VALID_GRANT_PROOF_SIG__: 'A'.repeat(86),
};

/** Whether a value is a placeholder, known or not. */
export function isPlaceholder(value: JsonValue | undefined): value is string {
  return typeof value === 'string' && PLACEHOLDER.test(value);
}

/** Fills numbers, nonces and their echoes, and texts nobody verifies. @returns A copy. */
export async function mintValues(input: JsonObject): Promise<JsonObject> {
  const nonces = new NonceSource();
  const filled = await fill(input, nonces);
  return fillEchoes(filled, undefined, nonces) as JsonObject;
}

/** Makes the nonces of one fixture, and remembers inside which values they stand. */
class NonceSource {
  readonly #inside = new WeakMap<object, readonly string[]>();
  #counter = 0;

  async next(): Promise<string> {
    const counter = new Uint8Array(4);
    new DataView(counter.buffer).setUint32(0, this.#counter++);
    return encodeBase64url((await sha256(concatBytes(encodeUtf8(NONCE), counter))).subarray(0, 16));
  }

  /** Notes what stands directly in a value, and what stands in the values inside it. */
  note(value: object, own: readonly string[]): void {
    const parts = Object.values(value).flatMap((part) => this.inside(part as JsonValue));
    this.#inside.set(value, [...own, ...parts]);
  }

  inside(value: JsonValue): readonly string[] {
    return typeof value === 'object' && value !== null ? (this.#inside.get(value) ?? []) : [];
  }
}

async function fill(value: JsonValue, nonces: NonceSource): Promise<JsonValue> {
  if (typeof value === 'string') return ANY[value] ?? timeOf(value) ?? value;
  if (typeof value !== 'object' || value === null) return value;
  const own: string[] = [];
  const filled: [string, JsonValue][] = [];
  for (const [name, member] of Object.entries(value)) {
    if (member === NONCE) own.push(await nonces.next());
    filled.push([name, member === NONCE ? (own.at(-1) as string) : await fill(member, nonces)]);
  }
  const copy = Array.isArray(value) ? filled.map(([, member]) => member) : Object.fromEntries(filled);
  nonces.note(copy, own);
  return copy;
}

function timeOf(text: string): number | undefined {
  const found = TIME.exec(text);
  if (found === null) return undefined;
  const [, sign, seconds = '0'] = found;
  return REFERENCE_SEC + (sign === 'MINUS' ? -Number(seconds) : Number(seconds));
}

/**
 * Fills echoes: with the latest nonce of the smallest value around it that has one. So each side of a handshake echoes its
 * own, and a later step of a sequence that of the steps before it.
 */
function fillEchoes(value: JsonValue, latest: string | undefined, nonces: NonceSource): JsonValue {
  if (value === ECHO) return latest ?? value;
  if (Array.isArray(value)) {
    let before = latest;
    return value.map((item: JsonValue) => {
      before = nonces.inside(item).at(-1) ?? before;
      return fillEchoes(item, before, nonces);
    });
  }
  if (!isObject(value)) return value;
  const around = nonces.inside(value).at(-1) ?? latest;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, fillEchoes(item, around, nonces)]));
}

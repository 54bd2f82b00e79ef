// Claims that more than one kind of compact token has (sections 5.1, 5.4 and 6.1): how they are read, and what they are
// judged against. Each kind's own set of names stays with its own file.

import { assertInteger } from '../bytes/assert.js';
import { isObject } from '../codec/is-object.js';
import type { JsonObject } from '../codec/json-value.js';
import { type Aid, parseAid } from './aid.js';
import { anyObject, capability, closedObject, hashText, listOf, oneOf, optional, seconds } from './closed.js';
import { AITP_VERSION } from './constants.js';
import { AitpError, type AitpWireCode } from './errors.js';

/** One capability or more, none of them twice. */
export const grantList = /* @__PURE__ */ listOf(capability, { min: 1, unique: true });

/** `ver`. Another text was refused before. */
export const versionClaim = /* @__PURE__ */ oneOf(AITP_VERSION);

/** `iat`. */
export const issuedAtClaim = /* @__PURE__ */ seconds(0);

/** `exp`. */
export const expiryClaim = /* @__PURE__ */ seconds(1);

/** `cnf`: the thumbprint of the holder's key, and nothing else. */
export const confirmationClaim = /* @__PURE__ */ (() => closedObject({ jkt: hashText }))();

/** `ext`: kept, covered by the signature, and never a reason for anything. */
export const extensionClaim = /* @__PURE__ */ optional(anyObject);

/**
 * Checks that a token is bound to the key of its holder.
 *
 * @throws {AitpError} `code`: `cnf.jkt` is the thumbprint of another key.
 */
export async function checkConfirmation(jkt: string, subject: Aid, code: AitpWireCode): Promise<void> {
  if (jkt === (await parseAid(subject).jkt())) return;
  throw new AitpError(code, 'the token is bound to another key than that of its subject');
}

/** Whether every one of `wanted` is in `held`. Capabilities are opaque: compared exactly. */
export function isWithin(wanted: readonly string[], held: readonly string[]): boolean {
  return narrow(wanted, held).length === wanted.length;
}

/** Those of `wanted` that are in `held`, in their order. A single pass: peers write lists of thousands. */
export function narrow(wanted: readonly string[], held: readonly string[]): readonly string[] {
  const known = new Set(held);
  return wanted.filter((grant) => known.has(grant));
}

/**
 * Copies a list of capabilities a caller wants to write into a token.
 *
 * @throws {TypeError} not a list of different texts, each with content and without whitespace, one or more.
 */
export function assertGrants(grants: readonly string[], name: string): readonly string[] {
  const list: readonly unknown[] = Array.isArray(grants) ? [...grants] : [];
  const wellFormed = list.every((grant) => typeof grant === 'string' && /^\S+$/.test(grant));
  if (list.length > 0 && wellFormed && new Set(list).size === list.length) return list as readonly string[];
  throw new TypeError(`${name} must be one or more different strings without whitespace`);
}

/**
 * The end of a lifetime that starts now and is capped.
 *
 * @param ttlSec 1 or more.
 * @param capSec Unix second it may not go past; `undefined` for none.
 * @returns Unix seconds; not later than `nowSec` where the cap has passed already.
 */
export function expiryWithin(nowSec: number, ttlSec: number, capSec: number | undefined): number {
  assertInteger(ttlSec, 'ttlSec', 1);
  return Math.min(nowSec + ttlSec, capSec ?? Number.MAX_SAFE_INTEGER);
}

/** `ext` as a member, or nothing. @throws {TypeError} not an object. */
export function extMember(extensions: JsonObject | undefined): { readonly ext?: JsonObject } {
  if (extensions === undefined) return {};
  if (!isObject(extensions)) throw new TypeError('extensions must be an object');
  return { ext: extensions };
}

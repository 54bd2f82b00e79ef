// Agent identifiers: the public key is the name (section 2.3). Three forms, read strictly: the pattern, the length, and
// a key that is a usable point of its curve. Names are compared as exact strings inside the protocol.

import { decodeUtf8, encodeUtf8 } from '../bytes/utf8.js';
import { decodeBase64url, encodeBase64url } from '../codec/base64url.js';
import type { KeyCurve } from '../documents/algorithms.js';
import { jwkThumbprint } from '../documents/thumbprint.js';
import { keyFromBytes, keyFromDid, keyToJwk, type VerificationKey } from '../documents/verification-key.js';
import type { Did } from '../identity/identity.js';
import { AitpError, type AitpWireCode } from './errors.js';

declare const brand: unique symbol;

/** `aid:pubkey:...` of a key that can be used. Made by {@link parseAid} and {@link aidOfKey} alone. */
export type Aid = string & { readonly [brand]: 'aid' };

/** The two kinds of key an agent may have. */
export type AitpSuite = 'ed25519' | 'p256';

/** What an AID says. */
export interface ParsedAid {
  /** The text it was read from. */
  readonly aid: Aid;
  readonly suite: AitpSuite;
  /** Whether the text names its suite. P-256 always does. */
  readonly tagged: boolean;
  /** The key in base64url: 43 characters, or 44 for P-256 (compressed). */
  readonly identifier: string;
  /** The key, imported once. Shared: read only. */
  readonly key: VerificationKey;
  /** RFC 7638 thumbprint of the key, 43 characters; computed once. */
  jkt(): Promise<string>;
}

const PATTERN = /^aid:pubkey:(?:([\w-]{43})|ed25519:([\w-]{43})|p256:([\w-]{44}))$/;

/** Longest AID: `aid:pubkey:ed25519:` and 43 characters. */
const MAX_CHARACTERS = 62;

/** Most AIDs that are kept in parsed form. Whoever sends more of them pays for parsing with our time, not our memory. */
const MAX_KEPT = 1_000;

let recent = /* @__PURE__ */ new Map<string, ParsedAid>();
let older = recent;

/**
 * Reads an AID.
 *
 * @param text From anywhere.
 * @param code Code of the refusal, which depends on where the AID stood.
 * @throws {AitpError} `code`: not an AID, or one of a key that is no point of its curve or of small order.
 */
export function parseAid(text: unknown, code: AitpWireCode = 'IDENTITY_FAILED'): ParsedAid {
  if (typeof text !== 'string' || text.length > MAX_CHARACTERS) throw new AitpError(code, 'not an AID');
  const known = recent.get(text);
  if (known !== undefined) return known;
  // A copy: engines keep a whole message alive for a name that was cut out of it.
  const parsed = older.get(text) ?? readAid(decodeUtf8(encodeUtf8(text)), code);
  // Half of the room each: whoever is asked for at all often enough is taken over before the older half is dropped.
  if (recent.size >= MAX_KEPT / 2) {
    older = recent;
    recent = new Map();
  }
  recent.set(parsed.aid, parsed);
  return parsed;
}

/** Whether a text has the form of an AID, whatever its key is worth: cheap, and said of thousands before any is read. */
export function hasAidForm(text: string): boolean {
  return PATTERN.test(text);
}

/** Whether a value is an AID of a usable key. */
export function isAid(value: unknown): value is Aid {
  try {
    parseAid(value);
    return true;
  } catch {
    return false;
  }
}

/** How an AID is written. */
export interface AidForm {
  /** Write `ed25519:` before an Ed25519 key. Default false: the form peers know longest. P-256 is always tagged. */
  readonly tagged?: boolean;
}

/**
 * Names a public key.
 *
 * An agent keeps one form for life: to its peers the tagged and the untagged AID of one key are two agents.
 *
 * @param key A key or a signer. P-256: 65 bytes, `04 | x | y`.
 * @throws {VerifyError} ERR_VERIFY_KEY_UNUSABLE: not a usable point of its curve.
 */
export function aidOfKey(key: { readonly curve: KeyCurve; readonly publicKey: Uint8Array }, form: AidForm = {}): Aid {
  const { curve, publicKey } = keyFromBytes(key.curve, key.publicKey);
  if (curve === 'P-256') return `aid:pubkey:p256:${encodeBase64url(compress(publicKey))}` as Aid;
  return `aid:pubkey:${form.tagged === true ? 'ed25519:' : ''}${encodeBase64url(publicKey)}` as Aid;
}

/** The AID of the key a did:key names. @throws {IdentityError} ERR_IDENTITY_DID, ERR_IDENTITY_KEY. */
export function aidFromDid(did: Did, form: AidForm = {}): Aid {
  return aidOfKey(keyFromDid(did), form);
}

/** The did:key of the same key; `undefined` for P-256, which has none here. @throws {AitpError} IDENTITY_FAILED. */
export function didFromAid(aid: string): Did | undefined {
  return parseAid(aid).key.did;
}

/**
 * Whether two AIDs name one key, whichever way they are written. For policy; the protocol compares exact strings.
 *
 * @throws {AitpError} IDENTITY_FAILED: not an AID.
 */
export function sameKey(a: string, b: string): boolean {
  const [left, right] = [parseAid(a), parseAid(b)];
  return left.suite === right.suite && left.identifier === right.identifier;
}

/** RFC 7638 thumbprint of the key in an AID, 43 characters. @throws {AitpError} IDENTITY_FAILED: not an AID. */
export async function aidJkt(aid: string): Promise<string> {
  return parseAid(aid).jkt();
}

function readAid(text: string, code: AitpWireCode): ParsedAid {
  const [, bare, tagged, p256] = PATTERN.exec(text) ?? [];
  const identifier = bare ?? tagged ?? p256;
  if (identifier === undefined) throw new AitpError(code, 'not an AID');
  let key: VerificationKey;
  try {
    key = keyFromBytes(p256 === undefined ? 'Ed25519' : 'P-256', decodeBase64url(identifier));
  } catch (cause) {
    throw new AitpError(code, 'an AID of a key that cannot be used', { cause });
  }
  let thumbprint: Promise<string> | undefined;
  return {
    aid: text as Aid,
    suite: p256 === undefined ? 'ed25519' : 'p256',
    tagged: bare === undefined,
    identifier,
    key,
    jkt() {
      thumbprint ??= jwkThumbprint(keyToJwk(key));
      return thumbprint;
    },
  };
}

/** SEC 1 compressed form of `04 | x | y`. */
function compress(publicKey: Uint8Array): Uint8Array {
  const compressed = publicKey.slice(0, 33);
  compressed[0] = 2 + ((publicKey[64] as number) & 1);
  return compressed;
}

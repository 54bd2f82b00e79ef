// Telling what one was given: the signed things of AITP, by their looks alone. Nothing is verified here.

import { DELEGATION_TYP, TCT_TYP, VOUCHER_TYP } from '../aitp/constants.js';
import { decodeUtf8 } from '../bytes/utf8.js';
import { decodeBase64url } from '../codec/base64url.js';
import { isObject } from '../codec/is-object.js';
import { VerifyError } from '../errors.js';

/** Something that looks like one of the signed things of AITP. */
export type Artifact =
  | { readonly kind: 'manifest'; readonly text: string }
  | { readonly kind: 'revocation_list'; readonly text: string }
  | { readonly kind: 'tct'; readonly tct: string; readonly voucher?: string }
  | { readonly kind: 'voucher'; readonly voucher: string }
  | { readonly kind: 'delegation'; readonly delegation: string };

/** What people call each kind. */
export const KIND_NAMES: Readonly<Record<Artifact['kind'], string>> = {
  manifest: 'a Manifest',
  revocation_list: 'a revocation list',
  tct: 'a trust context token',
  voucher: 'a grant voucher',
  delegation: 'a delegation',
};

/** A number of tokens, in words. */
export function tokensText(count: number): string {
  return count === 1 ? '1 token' : `${count === 0 ? 'no' : count} tokens`;
}

const KIND_OF_TYP: Readonly<Record<string, 'tct' | 'voucher' | 'delegation'>> = {
  [TCT_TYP]: 'tct',
  [VOUCHER_TYP]: 'voucher',
  [DELEGATION_TYP]: 'delegation',
};

/**
 * Tells what bytes are: JSON as it is published or as `--json` prints it, or tokens, of which a trust context token and its
 * voucher may stand together, in any order, with whitespace between them.
 *
 * @param name Where they are from, for the message.
 * @throws {VerifyError} ERR_VERIFY_TYPE: nothing of the kind.
 */
export function readArtifact(bytes: Uint8Array, name: string): Artifact {
  const what = name === '-' ? 'standard input' : name;
  const unknown = (why: string, cause?: unknown) =>
    new VerifyError('ERR_VERIFY_TYPE', `${what} holds nothing that AITP signs: ${why}`, { cause });
  let text: string;
  try {
    text = decodeUtf8(bytes);
  } catch (cause) {
    throw unknown('not UTF-8', cause);
  }
  const trimmed = text.trim();
  if (trimmed === '') throw unknown('it is empty');
  const artifact = trimmed.startsWith('{') ? ofJson(text) : ofTokens(trimmed.split(/\s+/, 3));
  if (typeof artifact !== 'string') return artifact;
  throw unknown(artifact);
}

function ofJson(text: string): Artifact | string {
  let value: unknown;
  try {
    // Only to look at its members: whoever verifies it parses it strictly.
    value = JSON.parse(text);
  } catch {
    return 'not JSON';
  }
  if (!isObject(value)) return 'no object';
  const has = (member: string) => Object.hasOwn(value, member);
  if (has('manifest')) return { kind: 'manifest', text };
  if (has('revocation_list')) return { kind: 'revocation_list', text };
  const { tct, grant_voucher: voucher, delegation } = value;
  const tokens = [tct, voucher, delegation].filter((token) => token !== undefined);
  if (tokens.length > 0 && tokens.every((token) => typeof token === 'string')) return ofTokens(tokens);
  return 'neither "manifest" nor "revocation_list" nor a token is in it';
}

function ofTokens(tokens: readonly string[]): Artifact | string {
  const found = new Map<string, string>();
  for (const token of tokens) {
    const typ = typOf(token);
    if (typ === undefined) return 'neither JSON nor tokens of three segments';
    const kind = Object.hasOwn(KIND_OF_TYP, typ) ? KIND_OF_TYP[typ] : undefined;
    if (kind === undefined) return `a token of the type ${JSON.stringify(typ.slice(0, 40))}`;
    found.set(kind, token);
  }
  const { tct, voucher, delegation } = Object.fromEntries(found) as Record<string, string | undefined>;
  const several = tokens.length > found.size || (found.size > 1 && delegation !== undefined);
  if (several) return 'several tokens, of which only a token and its voucher go together';
  if (delegation !== undefined) return { kind: 'delegation', delegation };
  if (tct !== undefined) return { kind: 'tct', tct, ...(voucher !== undefined && { voucher }) };
  return { kind: 'voucher', voucher: voucher as string };
}

/** The type a token says it is of; `undefined` where it is none. */
function typOf(token: string): string | undefined {
  const [header, ...others] = token.split('.', 4);
  if (header === undefined || others.length !== 2) return undefined;
  try {
    const { typ } = JSON.parse(decodeUtf8(decodeBase64url(header)));
    return typeof typ === 'string' ? typ : undefined;
  } catch {
    return undefined;
  }
}

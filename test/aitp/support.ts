// What the tests of AITP share: the test keys, the reference time, and how a refusal is told.

import { parseAid } from '../../src/aitp/aid.js';
import type { AitpError, AitpWireCode } from '../../src/aitp/errors.js';
import { signJcs } from '../../src/aitp/jcs-profile.js';
import { signPop } from '../../src/aitp/pop.js';
import { type AitpSigner, aitpSignerFromSeed } from '../../src/aitp/signer.js';
import { canonicalize } from '../../src/codec/jcs.js';
import type { JsonObject } from '../../src/codec/json-value.js';
import primitives from '../../vectors/aitp/primitives.json' with { type: 'json' };
import { unhex } from '../support/hex.js';

/** Reference time of the vectors. */
export const T = primitives.time;

/** Names of the test keys; `P` is P-256. */
export type KeyName = keyof typeof primitives.keys;

/** A signer of the test keys. */
export function signerOf(name: KeyName): Promise<AitpSigner> {
  const { seedHex, suite } = primitives.keys[name];
  return aitpSignerFromSeed(unhex(seedHex), { suite: suite as 'ed25519' | 'p256' });
}

/** Whether a signature over a message holds under an AID, by the rules all verifiers of AITP use. */
export function holdsUnder(aid: string, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
  return parseAid(aid).key.verify(message, signature, { requireLowS: true });
}

/** Registered code of a refusal, the code of another error of the package, or `accepted`. */
export async function outcome(run: () => unknown): Promise<AitpWireCode | 'accepted' | string> {
  try {
    await run();
    return 'accepted';
  } catch (error) {
    const { wireCode, code } = error as Partial<AitpError>;
    if (wireCode === undefined && code === undefined) throw error;
    return wireCode ?? (code as string);
  }
}

/** Inner Manifest of B that accepts oidc, unsigned, its proof included. */
export async function manifestOf(signer: AitpSigner, more: JsonObject = {}): Promise<JsonObject> {
  const challenge = 'E1P1xitRfiKsGDoeyKCI0w';
  return {
    version: 'aitp/0.2',
    aid: signer.aid,
    identity_hint: { type: 'oidc', issuer: 'https://auth.example.com', subject: 'agent' },
    handshake_endpoint: 'https://agents.example.com/aitp/handshake/',
    accepted_trust_anchors: ['https://auth.example.com'],
    offered_capabilities: ['macp.mode.task.v1'],
    proof_of_possession: { challenge, signature: await signPop(challenge, signer) },
    published_at: T,
    expires_at: T + 3600,
    ...more,
  };
}

/** Published text of an inner Manifest, signed over all it holds. */
export async function publish(body: JsonObject, signer: AitpSigner): Promise<string> {
  return canonicalize({ manifest: { ...body, signature: await signJcs(body, signer) } });
}

/** Published text of a revocation list, signed over all it holds. */
export async function publishList(body: JsonObject, signer: AitpSigner): Promise<string> {
  return canonicalize({ revocation_list: body, signature: await signJcs(body, signer) });
}

/** The text with one character of its last signature changed. */
export function withBadSignature(text: string): string {
  const at = text.lastIndexOf('"signature":"') + 13;
  return text.slice(0, at + 20) + (text[at + 20] === 'A' ? 'B' : 'A') + text.slice(at + 21);
}

/** Every text that differs from this one in one byte, three ways for each byte. */
export function* mutations(text: string): Generator<{ readonly at: number; readonly bytes: Uint8Array }> {
  const original = new TextEncoder().encode(text);
  for (let at = 0; at < original.length; at++) {
    for (const mask of [0x01, 0x20, 0x80]) {
      const bytes = new Uint8Array(original);
      bytes[at] = (bytes[at] as number) ^ mask;
      yield { at, bytes };
    }
  }
}

// What the tests of cards share: keys, cards, and comparisons that see every member.

import { deepStrictEqual } from 'node:assert';
import {
  type AgentCard,
  type AgentCardSignature,
  type CanonicalProfile,
  type SignedAgentCard,
  spec,
} from '../../../src/a2a/card/index.js';
import { encodeUtf8 } from '../../../src/bytes/utf8.js';
import type { JsonObject } from '../../../src/codec/json-value.js';
import { signDetached } from '../../../src/documents/sign.js';
import { signerFromJwk } from '../../../src/documents/signer.js';
import keyFile from '../../../vectors/a2a/keys.json' with { type: 'json' };

export { codeOf, codeOfCall } from '../../support/code-of.js';
export { runs } from '../../support/runs.js';

/** Public keys of the vectors. */
export const { jwks } = keyFile;

/** Private keys of the vectors. */
export const [ed, edNew, ec, ecNew] = keyFile.private as unknown as [TestKey, TestKey, TestKey, TestKey];

/** A private JWK. */
export interface TestKey {
  readonly kty: string;
  readonly crv: string;
  readonly x: string;
  readonly y?: string;
  readonly d: string;
  readonly kid: string;
}

/** The public part of a private JWK. */
export function publicOf({ d: _, ...jwk }: TestKey): Omit<TestKey, 'd'> {
  return jwk;
}

/** A plain card, of which every profile makes the same. */
export const plainCard: AgentCard = {
  name: 'Lock Keeper',
  description: 'Opens and shuts the lock.',
  version: '2.0.0',
  supportedInterfaces: [
    { url: 'https://lock.example/rpc', protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
    { url: 'https://lock.example/v1', protocolBinding: 'HTTP+JSON', protocolVersion: '1.0', tenant: 'upper' },
  ],
  capabilities: { streaming: true },
  defaultInputModes: ['text/plain'],
  defaultOutputModes: ['text/plain'],
  skills: [{ id: 'open', name: 'Open', description: 'Opens the lock.', tags: ['lock'] }],
};

/**
 * Expects the same JSON: members named `__proto__` or `constructor` are members like any other. Vitest's own comparison
 * asks members of that name for an opinion.
 */
export function sameJson(actual: unknown, expected: unknown): void {
  deepStrictEqual(JSON.parse(JSON.stringify(actual)), JSON.parse(JSON.stringify(expected)));
}

/** A signature over what a profile makes of a card, without the checks that our own signing does first. */
export async function signatureOver(
  card: object,
  key: TestKey,
  { profile = spec, ...header }: { profile?: CanonicalProfile; kid?: string; typ?: string | null; jku?: string } = {},
): Promise<AgentCardSignature> {
  const { kid = key.kid, typ = 'JOSE', jku } = header;
  const payload = encodeUtf8(profile.canonicalize(card as JsonObject));
  const parameters = { ...(typ === null ? {} : { typ }), ...(jku === undefined ? {} : { jku }) };
  return signDetached(payload, await signerFromJwk(key, kid), parameters);
}

/** The card with one such signature. */
export async function withSignature(
  card: AgentCard,
  key: TestKey,
  options?: Parameters<typeof signatureOver>[2],
): Promise<SignedAgentCard> {
  return { ...card, signatures: [await signatureOver(card, key, options)] };
}

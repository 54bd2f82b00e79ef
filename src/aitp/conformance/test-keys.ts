// The public test keys of the fixtures (section 14.1), by role, and the identity providers that are made up for them.
// Everybody has their secrets: they are for fixtures and nothing else.

import { encodeUtf8 } from '../../bytes/utf8.js';
import { sha256 } from '../../curves/sha256.js';
import { type AitpSigner, aitpSignerFromSeed } from '../signer.js';

/** Roles. `P` is P-256. */
export type Role = 'A' | 'B' | 'C' | 'D' | 'P' | 'attacker';

/** Seed of a role: 32 bytes, fresh. */
export function seedOfRole(role: Role): Uint8Array {
  if (role === 'B') return Uint8Array.from({ length: 32 }, (_, at) => at);
  return new Uint8Array(32).fill({ A: 0x00, C: 0xff, D: 0x01, P: 0x05, attacker: 0xaa }[role]);
}

/** Signers made so far: a run asks for the same few again and again. */
const made = /* @__PURE__ */ new Map<Role, Promise<AitpSigner>>();

/** Signer of a role. */
export function signerOfRole(role: Role): Promise<AitpSigner> {
  const signer = made.get(role) ?? aitpSignerFromSeed(seedOfRole(role), { suite: role === 'P' ? 'p256' : 'ed25519' });
  made.set(role, signer);
  return signer;
}

const ROLES = ['A', 'B', 'C', 'D', 'P', 'attacker'] as const satisfies readonly Role[];

/** The test signer of an AID; `undefined` where no test key has that name. */
export async function testSignerOf(aid: unknown): Promise<AitpSigner | undefined> {
  for (const role of ROLES) {
    const signer = await signerOfRole(role);
    if (signer.aid === aid) return signer;
  }
  return undefined;
}

/** AID of role A, the verifier where a fixture names none. */
export const DEFAULT_VERIFIER = 'aid:pubkey:O2onvM62pC1io6jQKm8Nc2UyFXcd4kOmOsBIoYtZ2ik';

/** The made-up key of an identity provider: an Ed25519 key derived from its name. */
export async function providerOf(issuer: string): Promise<AitpSigner> {
  return aitpSignerFromSeed(await sha256(encodeUtf8(`aitp-conformance-issuer:${issuer}`)));
}

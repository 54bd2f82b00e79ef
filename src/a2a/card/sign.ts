// Signing an agent card so that every verifier out there accepts it (A2A v1.0, section 8.4.2). Most programs
// only verify: what does the work is loaded when it is first wanted.

import type { JsonObject } from '../../codec/json-value.js';
import type { JwsSigner } from '../../documents/signer.js';
import type { Identity } from '../../identity/identity.js';
import type { AgentCard, AgentCardSignature } from './agent-card.js';

/** What signs: an identity, any JWS signer, or a private JWK. */
export type CardSigner = Identity | JwsSigner | PrivateJwk;

/** A private key as a JWK. */
export interface PrivateJwk {
  readonly kty: string;
  readonly crv: string;
  readonly x: string;
  readonly y?: string | undefined;
  readonly d: string;
  readonly kid?: string | undefined;
}

/** How {@link signAgentCard} signs. */
export interface SignCardOptions {
  /**
   * `auto` (the default): where the official SDKs would canonicalize the card differently, a second signature by the same
   * key is added over their form. `off`: only the specification's form is signed.
   */
  readonly compat?: 'auto' | 'off';
  /** Whether signatures already there stay (`append`, the default) or go (`replace`). They hold only if nothing changed. */
  readonly existing?: 'append' | 'replace';
  /** Name verifiers know the key by. Default: the signer's own; an identity's DID; else the RFC 7638 thumbprint. */
  readonly kid?: string;
  /** Where verifiers may find the key, if they choose to. */
  readonly jku?: string;
  /** Further parameters of the protected header. */
  readonly header?: JsonObject;
  /** Whether members v1.0 does not know are let through. They are not signed. Default false. */
  readonly allowUnknown?: boolean;
}

/** A card with signatures. */
export type SignedAgentCard = AgentCard & { readonly signatures: readonly AgentCardSignature[] };

/**
 * Signs an agent card, and verifies what it made before giving it away.
 *
 * The protected header is `{"alg","typ":"JOSE","kid"}`, then `jku` and what else was given.
 *
 * @param card In the exact JSON of v1.0. Borrowed, not modified.
 * @returns Fresh card with its signatures, to be served as JSON in any layout.
 * @throws {A2aError} ERR_A2A_INVALID_CARD with `pointer`: a required member is missing, a value is of the wrong kind,
 *   `null`, or of a member v1.0 does not know in this spelling, or an interface is not at an absolute `https` URL; `http`,
 *   `ws` and `wss` will do on this machine, the latter two for phones, and a host with or without a port for gRPC.
 *   ERR_A2A_CANONICALIZATION_FAILED: a lone surrogate, an
 *   integer beyond 2^53 - 1, nested too deep, or not JSON. ERR_A2A_INVALID_KEY: no private key, or one whose signatures do
 *   not hold. ERR_A2A_INVALID_HEADER: `crit`, `b64`, a parameter that has an option of its own, or not JSON.
 * @throws {TypeError} an argument of the wrong kind.
 * @throws whatever the signer rejects with.
 *
 * @example
 * ```ts
 * const signed = await signAgentCard(card, await createIdentity());
 * return Response.json(signed);
 * ```
 */
export async function signAgentCard(
  card: AgentCard | JsonObject,
  signer: CardSigner,
  options: SignCardOptions = {},
): Promise<SignedAgentCard> {
  const { signCard } = await import('./make-signatures.js');
  return signCard(card, signer, options);
}

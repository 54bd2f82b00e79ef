// One agent: a key, a Manifest, and the calls people make with them (AITP 0.2; the calls of section 8.9).
// Texts go in and texts come out; nothing here uses the network. Each call is one function of this room with the key, the
// clock and the decisions of the agent filled in.

import type { Verified } from '../documents/verified.js';
import type { Identity } from '../identity/identity.js';
import type { Aid, AidForm } from './aid.js';
import { DEFAULT_TCT_TTL_SEC } from './constants.js';
import {
  type Delegation,
  issueDelegation,
  issueTctForDelegatee,
  type VerifyDelegationOptions,
  verifyDelegation,
} from './delegation.js';
import { AitpError, type AitpWireCode } from './errors.js';
import { HandshakeInitiator } from './handshake/initiator.js';
import type { HandshakeOptions } from './handshake/options.js';
import { buildRefusal } from './handshake/refusal.js';
import { HandshakeResponder, type HandshakeResponderOptions } from './handshake/responder.js';
import { encodeManifest, type Manifest } from './manifest.js';
import { buildManifest, type ManifestContent } from './manifest-build.js';
import {
  buildRenewalRequest,
  type FindHolderManifest,
  type RenewedTct,
  type RenewTctOptions,
  renewTct,
} from './renewal.js';
import { memoryReplayStore, type ReplayStore } from './replay-store.js';
import type { RevocationDecision } from './revocation.js';
import { buildSnapshot, type RevocationEntry } from './revocation-snapshot.js';
import {
  type AitpSigner,
  aitpSignerFromIdentity,
  aitpSignerFromSeed,
  generateAitpSigner,
  type SeedOptions,
} from './signer.js';
import { type IssuedTct, type ManifestBound, type Tct, verifyTct } from './tct.js';
import { type AitpClock, readClock, systemClockSec } from './timestamps.js';

const DEFAULT_SNAPSHOT_TTL_SEC = 3_600;
const DEFAULT_AGENT_MANIFEST_TTL_SEC = 3_600;

/** What an agent is told once, for all its handshakes. `revocation` has no default: it is a decision. */
export interface AitpAgentOptions extends Omit<HandshakeOptions, 'signer' | 'manifest' | 'now' | 'replay'> {
  /** Default: the host's wall clock. */
  readonly now?: HandshakeOptions['now'];
  /** Default: a memory of 100,000 identifiers that lives as long as the agent. */
  readonly replay?: HandshakeOptions['replay'];
}

/** What the Manifest of an agent says. */
export interface AgentManifestOptions extends Omit<ManifestContent, 'now' | 'identity'> {
  /** Default: `pinned_key`, with the display name as subject. A P-256 agent needs `oidc`. */
  readonly identity?: ManifestContent['identity'];
  /** Lifetime in seconds. Default 3,600. */
  readonly ttlSec?: number;
}

/** How a token is verified by an agent. */
export interface AgentVerifyTctOptions {
  /** AID of the holder. Default: our own, for a token somebody granted us. A resource server passes the caller's. */
  readonly expectedAudience?: string;
  /** AID of whoever granted. Default, where a caller presents the token: our own. */
  readonly issuer?: string;
  /** Default, where we granted: our own Manifest. */
  readonly issuerManifest?: ManifestBound;
  /** For tokens we granted, our own list: `ownRevocations`. */
  readonly revocation: RevocationDecision;
  readonly signal?: AbortSignal;
}

/** Where the Manifests of holders are found, or that a proof everybody can copy is good enough. */
export type HolderManifests = FindHolderManifest | { readonly dangerouslyIgnoreManifest: true };

/** How a request for renewal is answered by an agent. `revocation` and `findManifest` have no default. */
export interface AgentRenewalOptions extends Omit<RenewTctOptions, 'now' | 'ownManifest' | 'replay' | 'findManifest'> {
  /** `manifestOf` of our book of peers. */
  readonly findManifest: HolderManifests;
}

/** What a token is good for. */
export interface TctVerdict {
  /** The other side: who granted, or for a token of our own who holds it. */
  readonly peerAid: Aid;
  readonly grants: readonly string[];
  /** Unix seconds. */
  readonly expiresAt: number;
  readonly jti: string;
  /** The token itself. */
  readonly claims: Verified<Tct>;
}

/** One agent. Safe to use for any number of handshakes at once. */
export class AitpAgent {
  readonly signer: AitpSigner;
  readonly #options: AitpAgentOptions & Pick<HandshakeOptions, 'now' | 'replay'>;
  #manifest: Verified<Manifest> | undefined;

  /** @throws {TypeError} no signer. What is wrong with other options shows when they are first used. */
  constructor(signer: AitpSigner, options: AitpAgentOptions) {
    if (typeof signer?.sign !== 'function') throw new TypeError('signer must be an AitpSigner');
    const now = options.now ?? systemClockSec;
    this.signer = signer;
    this.#options = { ...options, now, replay: options.replay ?? memoryReplayStore({ now }) };
  }

  /** Makes an agent with a fresh key that lives as long as the program holds it. */
  static async generate(options: AitpAgentOptions & SeedOptions): Promise<AitpAgent> {
    return new AitpAgent(await generateAitpSigner(options), options);
  }

  /**
   * Makes the agent of a known secret.
   *
   * @param seed 32 bytes. Copied; the caller wipes its own.
   * @throws as `aitpSignerFromSeed`.
   */
  static async fromSeed(seed: Uint8Array, options: AitpAgentOptions & SeedOptions): Promise<AitpAgent> {
    return new AitpAgent(await aitpSignerFromSeed(seed, options), options);
  }

  /** Makes the agent of an identity of this package: the same key under another name. */
  static fromIdentity(identity: Identity, options: AitpAgentOptions & AidForm): AitpAgent {
    return new AitpAgent(aitpSignerFromIdentity(identity, options), options);
  }

  /** Name of the agent. */
  get aid(): Aid {
    return this.signer.aid;
  }

  /** The clock the agent goes by, and whatever works for it: Unix seconds. */
  get now(): AitpClock {
    return this.#options.now;
  }

  /** The Manifest last made; `undefined` before {@link buildManifest}. */
  get manifest(): Verified<Manifest> | undefined {
    return this.#manifest;
  }

  /**
   * Makes the Manifest, which is used from then on.
   *
   * @returns What is published, JSON text.
   * @throws {TypeError} an identity is missing, and cannot be that of a pinned key by display name.
   * @throws as `buildManifest` of this room.
   */
  async buildManifest(options: AgentManifestOptions): Promise<string> {
    const { identity = this.#pinnedIdentity(options.displayName), ttlSec = DEFAULT_AGENT_MANIFEST_TTL_SEC } = options;
    const { now, allowHttpLoopback = false } = this.#options;
    const content = { allowHttpLoopback, ...options, identity, ttlSec, now };
    this.#manifest = await buildManifest(content, this.signer);
    return encodeManifest(this.#manifest);
  }

  /**
   * Begins a handshake as the side that calls.
   *
   * @param options Whatever is to be different from the options of the agent. What is `undefined` is not different: a
   *   policy of the agent cannot be lost by mistake.
   * @throws {TypeError} no Manifest was made yet.
   */
  newSession(options: Partial<HandshakeOptions> = {}): HandshakeInitiator {
    return new HandshakeInitiator({ ...this.#handshake(), ...given(options) });
  }

  /**
   * Begins a handshake as the side that is called. One for each peer that calls.
   *
   * @param options As for {@link newSession}.
   * @throws {TypeError} no Manifest was made yet.
   */
  newResponder(options: Partial<HandshakeResponderOptions> = {}): HandshakeResponder {
    return new HandshakeResponder({ ...this.#handshake(), ...given(options) });
  }

  /** Makes the `error` message that tells a peer why an exchange ended. @returns JSON text. */
  buildError(code: AitpWireCode): Promise<string> {
    return buildRefusal(code, { signer: this.signer, now: this.#options.now });
  }

  /**
   * Verifies a token, and that it grants something.
   *
   * A token presented by a caller proves by itself only that somebody granted it: have the caller prove its key, too.
   *
   * @param requiredGrant Compared exactly.
   * @throws {AitpError} codes of section 5.2. POLICY_VIOLATION: it does not grant that.
   * @throws {TypeError} `issuer` or `issuerManifest` is missing where there is no default.
   */
  async verifyTct(token: string, requiredGrant: string, options: AgentVerifyTctOptions): Promise<TctVerdict> {
    const { expectedAudience: audience = this.aid, revocation, signal } = options;
    const issuer = options.issuer ?? (audience === this.aid ? undefined : this.aid);
    if (issuer === undefined) throw new TypeError('issuer must be given for a token that somebody granted us');
    const issuerManifest = options.issuerManifest ?? (issuer === this.aid ? this.#manifest : undefined);
    if (issuerManifest === undefined) throw new TypeError('issuerManifest must be given');
    const { now } = this.#options;
    const common = { issuer, audience, now, issuerManifest, revocation };
    const claims = await verifyTct(token, signal === undefined ? common : { ...common, signal });
    if (!claims.grants.includes(requiredGrant)) {
      throw new AitpError('POLICY_VIOLATION', 'the token does not grant what is asked for');
    }
    const peerAid = claims.issuer === this.aid ? claims.subject : claims.issuer;
    return { peerAid, grants: claims.grants, expiresAt: claims.expiresAtSec, jti: claims.jti, claims };
  }

  /**
   * Delegates some of what a peer granted us.
   *
   * @param voucher As it came with our token.
   * @param ttlSec Lifetime in seconds. Default 1,800; cut at the end of the voucher.
   * @returns The delegation, for the delegatee.
   * @throws as `issueDelegation`.
   */
  buildDelegation(
    voucher: string,
    delegatee: string,
    scope: readonly string[],
    { ttlSec }: { readonly ttlSec?: number } = {},
  ): Promise<string> {
    const content = { voucher, delegatee, scope, now: this.#options.now };
    return issueDelegation(this.signer, ttlSec === undefined ? content : { ...content, ttlSec });
  }

  /** Verifies a delegation of what we granted. @throws as `verifyDelegation`. */
  verifyDelegation(
    token: string,
    options: Omit<VerifyDelegationOptions, 'verifier' | 'now'>,
  ): Promise<Verified<Delegation>> {
    return verifyDelegation(token, { ...options, verifier: this.aid, now: this.#options.now });
  }

  /**
   * Issues a delegatee the token its delegation earns it.
   *
   * @param ttlSec Lifetime in seconds. Default 3,600; cut at the end of the delegation and of our Manifest.
   * @throws {TypeError} no Manifest was made yet.
   * @throws as `issueTctForDelegatee` of this room.
   */
  async issueTctForDelegatee(
    delegation: Verified<Delegation>,
    { ttlSec = DEFAULT_TCT_TTL_SEC, grants }: { readonly ttlSec?: number; readonly grants?: readonly string[] } = {},
  ): Promise<IssuedTct> {
    const options = { now: this.#options.now, issuerManifest: this.#published(), ttlSec };
    return issueTctForDelegatee(this.signer, delegation, grants === undefined ? options : { ...options, grants });
  }

  /**
   * Asks the issuer of one of our tokens for another. Where to send it, its Manifest says (`addresses.renewUri`).
   *
   * @returns Body of the request, JSON text.
   */
  buildRenewalRequest(current: Verified<Tct>): Promise<string> {
    return buildRenewalRequest(this.signer, current);
  }

  /**
   * Answers a request to renew a token we granted.
   *
   * @throws {TypeError} no Manifest was made yet, no decision about the holder's, or the agent was told to do without a
   *   memory of identifiers.
   * @throws as `renewTct`.
   */
  async processRenewalRequest(request: string | Uint8Array, options: AgentRenewalOptions): Promise<RenewedTct> {
    const { now, replay } = this.#options;
    const { findManifest, ...others } = options;
    assertHolderManifests(findManifest);
    const own = { now, ownManifest: this.#published(), replay: replay as ReplayStore };
    const looked = typeof findManifest === 'function' ? { findManifest } : {};
    return renewTct(request, this.signer, { ...others, ...own, ...looked });
  }

  /**
   * Signs the list of tokens we take back. An empty list says that none was, and has to be published as well.
   *
   * @param ttlSec Lifetime in seconds. Default 3,600.
   * @returns What is published, JSON text.
   * @throws as `buildSnapshot`.
   */
  signRevocationList(
    entries: readonly (Omit<RevocationEntry, 'revokedAtSec'> & { readonly revokedAtSec?: number })[],
    { ttlSec = DEFAULT_SNAPSHOT_TTL_SEC }: { readonly ttlSec?: number } = {},
  ): Promise<string> {
    const publishedAtSec = readClock(this.#options.now);
    const dated = entries.map((entry) => ({ revokedAtSec: publishedAtSec, ...entry }));
    return buildSnapshot({ publishedAtSec, expiresAtSec: publishedAtSec + ttlSec, entries: dated }, this.signer);
  }

  #handshake(): HandshakeOptions {
    return { ...this.#options, signer: this.signer, manifest: this.#published() };
  }

  #published(): Verified<Manifest> {
    if (this.#manifest === undefined) throw new TypeError('the agent has no Manifest yet: call buildManifest');
    return this.#manifest;
  }

  #pinnedIdentity(subject: string | undefined): ManifestContent['identity'] {
    if (this.signer.suite === 'ed25519' && subject !== undefined && subject !== '') {
      return { type: 'pinned_key', subject };
    }
    throw new TypeError('identity must be given: a pinned key needs a display name and an Ed25519 key');
  }
}

/** @throws {TypeError} no decision. */
export function assertHolderManifests(value: HolderManifests | undefined): asserts value is HolderManifests {
  if (
    typeof value === 'function' ||
    (value as { dangerouslyIgnoreManifest?: unknown })?.dangerouslyIgnoreManifest === true
  )
    return;
  throw new TypeError('findManifest must be a function, or { dangerouslyIgnoreManifest: true }');
}

/** The members of an object that have a value. */
function given<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

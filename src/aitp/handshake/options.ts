// What both roles of a handshake are given: who we are, whom we believe, and what we grant. Nothing has a hidden default
// that widens trust: without pinned keys no pinned key is believed, without issuer keys no token of an issuer.

import { assertInteger } from '../../bytes/assert.js';
import type { Verified } from '../../documents/verified.js';
import type { Aid } from '../aid.js';
import { DEFAULT_TCT_TTL_SEC } from '../constants.js';
import { assertReplayDecision, type ReplayDecision } from '../envelope-verify.js';
import type { JcsOptions } from '../jcs-profile.js';
import type { FetcherIdentity, Manifest } from '../manifest.js';
import type { IssuerKeys } from '../oidc-keys.js';
import type { PinnedKeys } from '../pinned-keys.js';
import type { GrantPolicy } from '../policy.js';
import type { RandomSource } from '../random.js';
import { assertRevocationDecision, type RevocationDecision } from '../revocation.js';
import type { AitpSigner } from '../signer.js';
import { type AitpClock, readClock } from '../timestamps.js';

/** How long a session waits for the next message, in seconds, unless told otherwise. */
export const DEFAULT_SESSION_TIMEOUT_SEC = 60;

/** Longest a session may wait for the next message, in seconds. */
export const MAX_SESSION_TIMEOUT_SEC = 300;

/** What an identity provider is asked to put into a token. */
export interface MintJwtRequest {
  /** `nonce`. */
  readonly nonce: string;
  /** `aud`, a single string: AID of the peer. */
  readonly audience: Aid;
  /** `cnf.jkt`: thumbprint of our own key. */
  readonly jkt: string;
  readonly signal?: AbortSignal | undefined;
}

/** Has our identity provider make a token. Called once for each handshake. */
export type MintJwt = (request: MintJwtRequest) => string | Promise<string>;

/** Options of both roles. */
export interface HandshakeOptions extends JcsOptions {
  /** Our key. */
  readonly signer: AitpSigner;
  /** Our own Manifest, as published: the signer's. */
  readonly manifest: Verified<Manifest>;
  readonly now: AitpClock;
  /** Memory of message identifiers: one for all sessions of the agent. */
  readonly replay: ReplayDecision;
  /** How it is found out whether a token the peer grants us has been revoked. */
  readonly revocation: RevocationDecision;
  /** Has our provider make the token that says who we are. Needed where our Manifest says `oidc`. */
  readonly mintJwt?: MintJwt | undefined;
  /** Pinned keys we believe. Default: none. */
  readonly pinnedKeys?: PinnedKeys | undefined;
  /** Where keys of identity providers come from. Default: nowhere, and no `oidc` peer is believed. */
  readonly issuerKeys?: IssuerKeys | undefined;
  /** Issuers we believe. Default: those our Manifest names. */
  readonly trustAnchors?: readonly string[] | undefined;
  /** What peers are granted of what they ask for and we offer. Default: all of it. */
  readonly grantPolicy?: GrantPolicy | undefined;
  /** Lifetime of the tokens we issue, in seconds; never past our Manifest. Default 3,600. */
  readonly tctTtlSec?: number | undefined;
  /** Issue no grant voucher, so that the peer can delegate nothing. Default false. */
  readonly withoutVoucher?: boolean | undefined;
  /** How long the session waits for the next message, in seconds, 1 to 300. Default 60. */
  readonly sessionTimeoutSec?: number | undefined;
  /** Longest message, in bytes. Default 65,536. */
  readonly maxBytes?: number | undefined;
  /** Take Manifests with `http://localhost` endpoints, for development. Default false. */
  readonly allowHttpLoopback?: boolean | undefined;
  /** For tests: where nonces and identifiers come from. */
  readonly random?: RandomSource | undefined;
}

/** {@link HandshakeOptions} with the defaults filled in. */
export interface HandshakeSettings extends HandshakeOptions {
  readonly trustAnchors: readonly string[];
  readonly tctTtlSec: number;
  readonly sessionTimeoutSec: number;
}

/**
 * Checks options before a session begins.
 *
 * @throws {TypeError} something needed is missing or of the wrong kind, or the Manifest is not the signer's.
 * @throws {RangeError} a number outside its range.
 */
export function handshakeSettings(options: HandshakeOptions): HandshakeSettings {
  const { signer, manifest, now, replay, revocation, mintJwt } = (options ?? {}) as Partial<HandshakeOptions>;
  if (typeof signer?.sign !== 'function') throw new TypeError('signer must be an AitpSigner');
  if (manifest?.aid !== signer.aid) throw new TypeError('manifest must be the Manifest of the signer');
  readClock(now as AitpClock);
  assertReplayDecision(replay);
  assertRevocationDecision(revocation);
  const { type } = manifest.identityHint;
  if (type === 'oidc' && typeof mintJwt !== 'function') throw new TypeError('an oidc identity needs mintJwt');
  if (type === 'pinned_key' && signer.suite !== 'ed25519') {
    throw new TypeError('a pinned-key identity needs an Ed25519 key');
  }
  const { tctTtlSec = DEFAULT_TCT_TTL_SEC, sessionTimeoutSec = DEFAULT_SESSION_TIMEOUT_SEC } = options;
  assertInteger(tctTtlSec, 'tctTtlSec', 1);
  assertInteger(sessionTimeoutSec, 'sessionTimeoutSec', 1, MAX_SESSION_TIMEOUT_SEC);
  const trustAnchors = options.trustAnchors ?? manifest.acceptedTrustAnchors;
  return { ...options, trustAnchors: [...trustAnchors], tctTtlSec, sessionTimeoutSec };
}

/** How we introduce ourselves, as the reader of a peer's Manifest. */
export function ownIdentity({ identityHint }: Pick<Manifest, 'identityHint'>): FetcherIdentity {
  return identityHint.type === 'oidc' ? { type: 'oidc', issuer: identityHint.issuer } : { type: 'pinned_key' };
}

// Tier A of the ops (section 13.2): verification of what a request carries. Envelopes and handshakes are files of their own.

import { encodeUtf8 } from '../../bytes/utf8.js';
import { canonicalize } from '../../codec/jcs.js';
import type { JsonObject } from '../../codec/json-value.js';
import { aidJkt } from '../aid.js';
import { verifyDelegation } from '../delegation.js';
import { AitpError } from '../errors.js';
import { verifyManifest } from '../manifest.js';
import { verifyDelegationMultihop } from '../multihop.js';
import { ownRevocations } from '../revocation.js';
import { isUsable, verifySnapshot } from '../revocation-snapshot.js';
import { verifySessionBundle } from '../session-bundle.js';
import { verifyTct } from '../tct.js';
import { verifyVoucher } from '../voucher.js';
import { asText, clockOf, invalid, type Op, peekClaims, textOf, unwrapped } from './context.js';
import { Params } from './params.js';
import { AdapterFault } from './request.js';
import { listRevocations, policyOf, snapshotOf, snapshotRevocations } from './revocation-params.js';
import { DEFAULT_VERIFIER } from './test-keys.js';

/** `verify_manifest`. */
export const verifyManifestOp: Op = async (context) => {
  const { params } = context;
  const given = params.object('manifest', 'envelope');
  const body = unwrapped(given, 'manifest');
  const versions = params.optionalTexts('supported_versions');
  if (versions !== undefined && typeof body.version === 'string' && !versions.includes(body.version)) {
    throw new AitpError('MANIFEST_VERSION_UNKNOWN', 'the request does not support this version');
  }
  await verifyManifest(asText({ manifest: body }), { now: clockOf(context) });
  return { verified: true };
};

/** `verify_tct`. */
export const verifyTctOp: Op = async (context) => {
  const { params, effects } = context;
  if (params.any('revocation_instrumented') === true) {
    effects.revocation_lookup_called = false;
    effects.network_fetch_called = false;
  }
  const token = params.required('tct_token', 'tct');
  const manifest = new Params(params.optionalObject('issuer_manifest') ?? {});
  const issuer = params.optionalText('issuer') ?? manifest.optionalText('aid') ?? aidOfPubkey(params);
  const audience = params.optionalText('expected_audience', 'self_aid') ?? textOf(peekClaims(token).aud);
  const expiresAtSec = params.optionalInteger('issuer_manifest_expires_at') ?? manifest.optionalInteger('expires_at');
  const { grants } = await verifyTct(token, {
    issuer: issuer ?? { dangerouslyAcceptAnyIssuer: true },
    audience: audience ?? { dangerouslyAcceptAnyHolder: true },
    now: clockOf(context),
    issuerManifest: expiresAtSec === undefined ? { dangerouslyIgnoreIssuerManifest: true } : { expiresAtSec },
    revocation: listRevocations(context),
  });
  return { verified: true, grants };
};

function aidOfPubkey(params: Params): string | undefined {
  const key = params.optionalText('issuer_pubkey');
  if (key === undefined) return undefined;
  return key.length === 44 ? `aid:pubkey:p256:${key}` : `aid:pubkey:${key}`;
}

/** `verify_grant_voucher`. */
export const verifyGrantVoucherOp: Op = async (context) => {
  const { params } = context;
  const token = params.required('voucher_token', 'voucher', 'grant_voucher');
  const verifier = params.text('verifier_aid', 'self_aid');
  const { grants } = await verifyVoucher(token, { verifier, now: clockOf(context) });
  return { verified: true, grants };
};

/** `verify_delegation_token`. The proof of the delegatee is no part of it: fixtures have nobody to ask. */
export const verifyDelegationTokenOp: Op = async (context) => {
  const { params, state } = context;
  const token = params.required('delegation_token', 'delegation');
  const verifier = params.optionalText('verifier_aid', 'self_aid', 'audience') ?? textOf(peekClaims(token).aud);
  const revocation = snapshotRevocations(context);
  const options = {
    verifier: verifier ?? DEFAULT_VERIFIER,
    now: clockOf(context),
    revocation,
    pop: { dangerouslySkipPop: true },
  } as const;
  const maxDelegationHops = params.optionalInteger('max_delegation_hops');
  const { grants } = state.features.has('experimental-multihop-delegation')
    ? await verifyDelegationMultihop(token, {
        ...options,
        hopRevocation: revocation,
        ...(maxDelegationHops === undefined ? {} : { maxDelegationHops }),
      })
    : await verifyDelegation(token, options);
  return { verified: true, grants };
};

/** `verify_revocation_snapshot`. */
export const verifyRevocationSnapshotOp: Op = async (context) => {
  const { params } = context;
  const snapshot = await verifySnapshot(asText(snapshotOf(params)));
  const { failMode, maxStalenessSec } = policyOf(new Params(params.optionalObject('policy') ?? {}));
  const issuer = params.optionalText('expected_issuer') ?? snapshot.issuer;
  if (isUsable(snapshot, issuer, clockOf(context)(), maxStalenessSec)) {
    const queried = params.optionalText('queried_jti');
    if (queried !== undefined && snapshot.revokedJtis.has(queried)) {
      throw new AitpError('TCT_REVOKED', 'the token is on the list');
    }
    return { verified: true, revoked_count: snapshot.entries.length };
  }
  // Nothing is asked for here that a safe subset could narrow, so that the soft mode lets it pass as the open one does.
  if (failMode !== 'fail_closed') return { verified: true, stale: true };
  throw new AitpError('TCT_REVOKED', 'no usable revocation snapshot');
};

/** `verify_jcs`. */
export const verifyJcsOp: Op = async ({ params }) => {
  const input = params.required('input');
  let text: string;
  try {
    text = canonicalize(input);
  } catch {
    throw new AdapterFault('JCS_ERROR', 'the input has no canonical form');
  }
  const hex = Array.from(encodeUtf8(text), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return { canonical_hex: hex, canonical_utf8: text };
};

/** `compute_jwk_thumbprint`. */
export const computeJwkThumbprintOp: Op = async ({ params }) => {
  const key = params.text('public_key');
  if (key.length !== 43 && key.length !== 44) throw invalid('public_key must have 43 or 44 characters');
  return { thumbprint: await aidJkt(key.length === 44 ? `aid:pubkey:p256:${key}` : `aid:pubkey:${key}`) };
};

/** `verify_session_bundle`. */
export const verifySessionBundleOp: Op = async (context) => {
  const { params, state } = context;
  const bundle: JsonObject = params.object('session_bundle', 'bundle_envelope');
  const revoked = new Set([...(params.optionalTexts('revoked_jtis') ?? []), ...state.revokedJtis]);
  const verified = await verifySessionBundle(asText(bundle), {
    verifier: params.text('verifier_aid', 'self_aid'),
    now: clockOf(context),
    revocation: ownRevocations(revoked),
  });
  return {
    verified: true,
    outcome: verified.kind === 'clear' ? 'clear' : 'degraded_subset',
    active_aids: verified.activeAids,
    ...(verified.droppedAids.length === 0 ? {} : { dropped_aids: verified.droppedAids }),
  };
};

// A conformance adapter (section 13.1) as a function from one request to one answer. No input or output of its own: whoever
// has lines, in a pipe or in memory, hands them over one by one.

import { isObject } from '../../codec/is-object.js';
import type { JsonObject } from '../../codec/json-value.js';
import { isSdkError } from '../../errors.js';
import { AITP_SPEC_VERSION } from '../constants.js';
import { AitpError } from '../errors.js';
import { AitpPeerError } from '../peer-error.js';
import { type AitpClock, systemClockSec } from '../timestamps.js';
import type { Op } from './context.js';
import { verifyEnvelopeOp } from './ops-envelope.js';
import {
  generateKeypairOp,
  issueDelegationTokenOp,
  issueManifestOp,
  issueSessionBundleOp,
  issueTctOp,
  signEnvelopeOp,
} from './ops-issue.js';
import { verifyHandshakePayloadOp } from './ops-payload.js';
import {
  authorizeCapabilityInvocationOp,
  expectPopChallengeIssuedOp,
  issuePopChallengeOp,
  producePopResponseOp,
  verifyPopResponseOp,
  withholdPopResponseOp,
} from './ops-pop.js';
import {
  dumpSessionOp,
  processHandshakeMessageOp,
  revokeTctOp,
  setClockOp,
  setFeaturesOp,
  startHandshakeOp,
} from './ops-session.js';
import {
  computeJwkThumbprintOp,
  verifyDelegationTokenOp,
  verifyGrantVoucherOp,
  verifyJcsOp,
  verifyManifestOp,
  verifyRevocationSnapshotOp,
  verifySessionBundleOp,
  verifyTctOp,
} from './ops-verify.js';
import { Params } from './params.js';
import { AdapterFault, type AdapterRequest, type AdapterResponse, readRequest, refusal } from './request.js';
import { AdapterState, FEATURES } from './state.js';

/** How an adapter is made. */
export interface AdapterOptions {
  /** Version of the package, for `init`. */
  readonly version?: string;
  /** Counts until `set_clock`. Default: the host's wall clock. */
  readonly now?: AitpClock;
}

/** An adapter. One request at a time: an answer is awaited before the next request. */
export interface Adapter {
  /** @returns The answer. Never rejects. */
  handle(request: AdapterRequest): Promise<AdapterResponse>;

  /**
   * Does the same with a line.
   *
   * @param line Without its end; text, or UTF-8 bytes.
   * @returns The line to answer with, without its end; `undefined` for a blank line. Never rejects.
   */
  handleLine(line: string | Uint8Array): Promise<string | undefined>;

  /** Whether `shutdown` was asked for: the answer to it is the last. */
  readonly ended: boolean;
}

const OPS: Readonly<Record<string, Op>> = {
  verify_envelope: verifyEnvelopeOp,
  verify_manifest: verifyManifestOp,
  verify_tct: verifyTctOp,
  verify_grant_voucher: verifyGrantVoucherOp,
  verify_delegation_token: verifyDelegationTokenOp,
  verify_revocation_snapshot: verifyRevocationSnapshotOp,
  verify_handshake_payload: verifyHandshakePayloadOp,
  verify_jcs: verifyJcsOp,
  compute_jwk_thumbprint: computeJwkThumbprintOp,
  verify_session_bundle: verifySessionBundleOp,
  generate_keypair: generateKeypairOp,
  issue_manifest: issueManifestOp,
  issue_tct: issueTctOp,
  issue_delegation_token: issueDelegationTokenOp,
  sign_envelope: signEnvelopeOp,
  issue_pop_challenge: issuePopChallengeOp,
  issue_session_bundle: issueSessionBundleOp,
  start_handshake: startHandshakeOp,
  process_handshake_message: processHandshakeMessageOp,
  revoke_tct: revokeTctOp,
  authorize_capability_invocation: authorizeCapabilityInvocationOp,
  expect_pop_challenge_issued: expectPopChallengeIssuedOp,
  withhold_pop_response: withholdPopResponseOp,
  produce_pop_response: producePopResponseOp,
  verify_pop_response: verifyPopResponseOp,
  set_clock: setClockOp,
  inject_revocation: revokeTctOp,
  set_features: setFeaturesOp,
  dump_session: dumpSessionOp,
};

/**
 * Makes an adapter.
 *
 * @throws {TypeError | RangeError} an option of the wrong kind or range.
 */
export function conformanceAdapter({ version = '0', now = systemClockSec }: AdapterOptions = {}): Adapter {
  const state = new AdapterState(now);
  let ended = false;

  async function handle(request: AdapterRequest): Promise<AdapterResponse> {
    const { id, op } = request;
    if (op === 'init') return { id, ok: true, result: introduction(version) };
    if (op === 'shutdown') {
      ended = true;
      return { id, ok: true };
    }
    if (!Object.hasOwn(OPS, op)) return refusal(id, 'OP_NOT_SUPPORTED', 'there is no such op');
    const effects: Record<string, boolean> = {};
    const watched = () => (Object.keys(effects).length === 0 ? undefined : effects);
    try {
      const result = await (OPS[op] as Op)({ params: new Params(request.params), state, effects });
      const seen = watched();
      return { id, ok: true, result: seen === undefined ? result : { ...result, side_effects: seen } };
    } catch (error) {
      const { code, message } = failureOf(error);
      return refusal(id, code, message, watched());
    }
  }

  return {
    handle,
    async handleLine(line) {
      const blank = typeof line === 'string' ? line.trim() === '' : line.every((byte) => byte <= 0x20);
      if (blank) return undefined;
      const request = readRequest(line);
      return JSON.stringify('op' in request ? await handle(request) : request);
    },
    get ended() {
      return ended;
    },
  };
}

function introduction(version: string): JsonObject {
  return {
    implementation: 'ringline',
    version,
    spec_version: AITP_SPEC_VERSION,
    supported_ops: Object.keys(OPS),
    supported_features: ['pinned_key_identity', 'oidc_identity', ...FEATURES],
  };
}

/** What went wrong, as the answer says it. */
function failureOf(error: unknown): { readonly code: string; readonly message: string } {
  if (error instanceof AitpError) return { code: error.wireCode, message: error.message };
  if (error instanceof AdapterFault) return { code: error.code, message: error.message };
  if (error instanceof AitpPeerError) return { code: 'HANDSHAKE_FAILED', message: error.message };
  // Our own functions say so where they were called with something they cannot be called with.
  const misuse = error instanceof TypeError || error instanceof RangeError || isSdkError(error);
  return { code: misuse ? 'INVALID_REQUEST' : 'INTERNAL_ERROR', message: (error as Error | undefined)?.message ?? '' };
}

/** Whether an answer is well formed. For runners: an adapter is anybody's. */
export function isResponse(value: unknown): value is AdapterResponse {
  const response = value as { id?: unknown; ok?: unknown; error_code?: unknown; result?: never } | null;
  if (typeof response !== 'object' || response === null || typeof response.id !== 'string') return false;
  if (response.ok === true) return response.result === undefined || isObject(response.result);
  return response.ok === false && typeof response.error_code === 'string';
}

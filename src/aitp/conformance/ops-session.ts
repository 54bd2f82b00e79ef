// Handshakes in sessions, and what only tests may do (sections 13.4 and 13.5).

import { parseJsonStrict } from '../../codec/json.js';
import type { JsonObject } from '../../codec/json-value.js';
import { parseAid } from '../aid.js';
import { HandshakeInitiator } from '../handshake/initiator.js';
import type { HandshakeOptions } from '../handshake/options.js';
import { HandshakeResponder } from '../handshake/responder.js';
import type { HandshakeResult } from '../handshake/second-round.js';
import { verifyManifest } from '../manifest.js';
import { issuerKeys } from '../oidc-keys.js';
import { trustAnyPinnedKey } from '../pinned-keys.js';
import { asText, clockOf, invalid, type Op, type OpContext, peekClaims, seeIdentifier, unwrapped } from './context.js';
import { JWT_TTL_SEC, mintJwt } from './oidc-mint.js';
import { signerOf } from './ops-issue.js';
import { scenarioRevocations } from './revocation-params.js';
import { FEATURES } from './state.js';
import { providerOf } from './test-keys.js';

/** `start_handshake`. */
export const startHandshakeOp: Op = async (context) => {
  const { params, state } = context;
  const role = params.text('role');
  const requestedGrants = params.optionalTexts('requested_grants') ?? [];
  const options = await optionsOf(context);
  if (role === 'responder') {
    const asked = params.has('requested_grants') ? { requestedGrants } : {};
    const session = new HandshakeResponder({ ...options, ...asked });
    return { session_id: state.keepSession({ kind: role, session }), awaiting: 'MUTUAL_HELLO' };
  }
  if (role !== 'initiator') throw invalid('role must be initiator or responder');
  const session = new HandshakeInitiator(options);
  const hello = await session.buildHello(manifestText(params.object('peer_manifest')), requestedGrants);
  return { session_id: state.keepSession({ kind: role, session }), envelope: parseJsonStrict(hello) };
};

async function optionsOf(context: OpContext): Promise<HandshakeOptions> {
  const { params, state } = context;
  const signer = signerOf(context, 'keypair');
  const manifest = await verifyManifest(manifestText(params.object('manifest')), { now: clockOf(context) });
  const { issuer = '', subject } = manifest.identityHint;
  return {
    signer,
    manifest,
    now: state.now,
    replay: state.replay,
    revocation: scenarioRevocations(context),
    pinnedKeys: trustAnyPinnedKey(),
    issuerKeys: {
      async find(request) {
        const { identifier } = parseAid((await providerOf(request.issuer)).aid);
        return issuerKeys({ [request.issuer]: [identifier] }).find(request);
      },
    },
    mintJwt: ({ nonce, audience, jkt }) => {
      const iat = state.now();
      const claims = { iss: issuer, sub: subject, aud: audience, iat, exp: iat + JWT_TTL_SEC, nonce, cnf: { jkt } };
      return mintJwt(issuer, claims);
    },
  };
}

/** A Manifest in the published form, whichever way it was given. */
function manifestText(given: JsonObject): string {
  return asText({ manifest: unwrapped(given, 'manifest') });
}

/** `process_handshake_message`. */
export const processHandshakeMessageOp: Op = async (context) => {
  const { params, state } = context;
  if (!params.has('envelope')) return seeIdentifier(context);
  const message = asText(params.object('envelope'));
  const running = state.session(params.text('session_id'));
  if (running.kind === 'initiator') {
    if (running.session.state === 'awaiting-hello-ack') {
      return { next_envelope: parseJsonStrict(await running.session.processHelloAck(message)), completed: false };
    }
    return { completed: true, held_tct: heldOf(await running.session.complete(message)) };
  }
  if (running.session.state === 'idle') {
    const { ackJson } = await running.session.processHello(message);
    return { next_envelope: parseJsonStrict(ackJson), completed: false };
  }
  const { ackJson, completed } = await running.session.processCommit(message);
  return { next_envelope: parseJsonStrict(ackJson), completed: true, held_tct: heldOf(completed) };
};

function heldOf({ tct, grantVoucher }: HandshakeResult): JsonObject {
  const voucher = grantVoucher === undefined ? {} : { grant_voucher: grantVoucher };
  return { tct_token: tct, tct_claims: peekClaims(tct), ...voucher };
}

/** `revoke_tct`, and `inject_revocation`. */
export const revokeTctOp: Op = async ({ params, state }) => {
  state.revokedJtis.add(params.text('jti'));
  return { revoked_count: state.revokedJtis.size };
};

/** `set_clock`. */
export const setClockOp: Op = async ({ params, state }) => {
  const nowSec = params.optionalInteger('now_unix_secs');
  if (nowSec === undefined || nowSec < 0) throw invalid('now_unix_secs must be Unix seconds');
  state.setClock(nowSec);
  return { now_unix_secs: nowSec };
};

/** `set_features`. What is not known stays off. */
export const setFeaturesOp: Op = async ({ params, state }) => {
  const wanted = params.optionalTexts('features') ?? [];
  state.features.clear();
  for (const feature of FEATURES) if (wanted.includes(feature)) state.features.add(feature);
  return { enabled: [...state.features] };
};

/** `dump_session`. */
export const dumpSessionOp: Op = async ({ params, state }) => {
  const handle = params.optionalText('session_id');
  if (handle === undefined) return { ...state.counters };
  const found = state.findSession(handle);
  if (found === undefined) return { session_id: handle, exists: false, kind: null };
  return { session_id: handle, exists: true, kind: found.kind, state: found.session.state };
};

// `verify_envelope` (section 13.2), which is four questions: about an envelope, about an identifier seen before, about a
// capability under a token, and about where the key of a sender could be had.

import { isObject } from '../../codec/is-object.js';
import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import { TCT_TYP } from '../constants.js';
import { verifyEnvelope } from '../envelope-verify.js';
import { AitpError } from '../errors.js';
import { checkJwsSignature, parseJws } from '../jws-profile.js';
import { asText, clockOf, type Op, type OpContext, seeIdentifier } from './context.js';
import type { Params } from './params.js';

/** `verify_envelope`. */
export const verifyEnvelopeOp: Op = async (context) => {
  const { params, state } = context;
  if (params.has('needed_key_for')) return findKey(params);
  if (params.has('requested_capability')) return allow(context);
  if (!params.has('envelope')) return seeIdentifier(context);
  const toleranceSec = params.optionalInteger('tolerance_seconds');
  await verifyEnvelope(asText(params.object('envelope')), {
    now: clockOf(context),
    replay: state.replay,
    ...(toleranceSec === undefined ? {} : { toleranceSec }),
  });
  return { verified: true };
};

/** Whether an active token grants a capability. Its times were judged when it became active, and are not judged again. */
async function allow({ params }: OpContext): Promise<JsonObject> {
  const code = 'TCT_SIGNATURE_INVALID';
  const jws = parseJws(params.required('active_tct', 'tct_token'), { typ: TCT_TYP, code });
  await checkJwsSignature(jws, jws.claims.iss, code);
  const { grants } = jws.claims;
  if (Array.isArray(grants) && grants.includes(params.text('requested_capability'))) {
    return { verified: true, outcome: 'allowed' };
  }
  throw new AitpError('POLICY_VIOLATION', 'the capability is not granted');
}

/** Which source would give a key. Sources are asked in the order in which they cost. */
function findKey(params: Params): JsonObject {
  const wanted = params.required('needed_key_for');
  if (listed(params, 'pinned_keys', wanted)) return { verified: true, source: 'pinned_keys' };
  for (const source of ['manifest_fetch', 'oidc_discovery']) {
    if (isReached(params.any(source))) return { verified: true, source };
  }
  if (listed(params, 'well_known_keys', wanted)) return { verified: true, source: 'well_known_keys' };
  throw new AitpError('KEY_RESOLUTION_FAILED', 'no source has the key');
}

/** Whether one entry of a list is about the agent, as a text or in one of its members. */
function listed(params: Params, name: string, wanted: JsonValue): boolean {
  return (params.optionalList(name) ?? []).some(
    (entry) => entry === wanted || (isObject(entry) && Object.values(entry).includes(wanted)),
  );
}

function isReached(source: JsonValue | undefined): boolean {
  if (!isObject(source)) return false;
  const { status } = source;
  return status === 'ok' || status === 'success' || (typeof status === 'number' && status >= 200 && status < 300);
}

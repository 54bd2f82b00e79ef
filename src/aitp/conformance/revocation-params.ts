// What a request says of revocation: lists it carries, and tokens revoked earlier in the scenario.

import { isObject } from '../../codec/is-object.js';
import type { JsonObject } from '../../codec/json-value.js';
import { AitpError } from '../errors.js';
import { type FailMode, judgeRevocation, ownRevocations, type RevocationCheck } from '../revocation.js';
import { verifySnapshot } from '../revocation-snapshot.js';
import { asText, invalid, type OpContext } from './context.js';
import { Params } from './params.js';

/** Tells of the tokens revoked in this scenario. */
export function scenarioRevocations({ state }: OpContext): RevocationCheck {
  return ownRevocations(state.revokedJtis);
}

/** Tells of `issuer_revocation_list` and of the scenario. Notes that it was asked. */
export function listRevocations(context: OpContext): RevocationCheck {
  const list = context.params.optionalObject('issuer_revocation_list');
  const scenario = scenarioRevocations(context);
  return {
    async check(query) {
      context.effects.revocation_lookup_called = true;
      const answer = await scenario.check(query);
      if (list === undefined) return answer;
      const params = new Params(list);
      const issuer = params.optionalText('issuer') ?? query.issuer;
      const jtis = params.optionalTexts('revoked_jtis');
      if (issuer === query.issuer && jtis?.includes(query.jti)) {
        throw new AitpError('TCT_REVOKED', 'the token is on the list');
      }
      const given = params.optionalObject('snapshot');
      // A bare list of identifiers is an answer; a list that has neither is none.
      if (given === undefined && jtis !== undefined && issuer === query.issuer) return answer;
      const snapshot = given === undefined ? undefined : await verifySnapshot(asText(given));
      return judgeRevocation(snapshot, query, policyOf(params));
    },
  };
}

/** Tells of `revocation_snapshots`, each by its issuer, and of the scenario. */
export function snapshotRevocations(context: OpContext): RevocationCheck {
  const given = context.params.optionalList('revocation_snapshots') ?? [];
  const entries = given.map((entry) => {
    if (!isObject(entry)) throw invalid('revocation_snapshots must hold objects');
    return new Params(entry);
  });
  const scenario = scenarioRevocations(context);
  return {
    async check(query) {
      const answer = await scenario.check(query);
      const entry = entries.find((each) => each.optionalText('issuer_aid') === query.issuer);
      if (entry === undefined) return answer;
      return judgeRevocation(await verifySnapshot(asText(entry.object('snapshot'))), query, policyOf(entry));
    },
  };
}

/** `fail_mode`, `max_staleness_secs` and `safe_subset`. */
export function policyOf(params: Params) {
  const maxStalenessSec = params.optionalInteger('max_staleness_secs');
  const safeSubset = params.optionalTexts('safe_subset');
  return {
    failMode: failModeOf(params),
    ...(maxStalenessSec === undefined ? {} : { maxStalenessSec }),
    ...(safeSubset === undefined ? {} : { safeSubset }),
  };
}

function failModeOf(params: Params): FailMode {
  const mode = params.optionalText('fail_mode') ?? 'fail_closed';
  if (mode === 'fail_closed' || mode === 'soft_fail' || mode === 'fail_open') return mode;
  throw invalid('no such fail_mode');
}

/** Finds the signed snapshot in a request: whole, or its two members side by side. */
export function snapshotOf(params: Params): JsonObject {
  const given = params.object('snapshot', 'envelope', 'revocation_list');
  if (Object.hasOwn(given, 'revocation_list') || !params.has('signature')) return given;
  return { revocation_list: given, signature: params.required('signature') };
}

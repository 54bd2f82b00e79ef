// The decoder of another implementation and ours, on the same texts.

import { decodeEnvelope, decodePayload, encodeMessage } from '../../../dist/arcp/wire/envelope.js';
import { isExtensionName } from '../../../dist/arcp/wire/extension-names.js';
import { REGISTRY } from '../../../dist/arcp/wire/registry.js';
import { timestampMs } from '../../../dist/arcp/wire/timestamp.js';
import { UNKNOWN_TO_CRATE } from './common.mjs';
import { BAD_TEXTS, GOOD_TEXTS, NAMES, PAYLOADS } from './corpus.mjs';
import { decodeAll } from './peer-process.mjs';

/** @typedef {import('./common.mjs').Results} Results */

/**
 * Its decoder and ours.
 *
 * @param {readonly string[]} command
 * @param {readonly string[]} sent What was sent while the checks above ran.
 * @returns {Promise<Results>}
 */
export async function compareDecoders(command, sent) {
  /** @type {Results} */
  const results = new Map();
  const types = Object.keys(REGISTRY);
  const corpus = types.map((type) => encodeMessage(/** @type {any} */ ({ ...FIELDS, type, payload: PAYLOADS[type] })));
  const verdicts = await decodeAll(command, corpus);
  const wrong = types.filter((type, at) => verdicts[at]?.ok === UNKNOWN_TO_CRATE.test(type));
  results.set(
    `each of ${types.filter((type) => !UNKNOWN_TO_CRATE.test(type)).length} types it knows`,
    wrong.length === 0,
  );
  results.set(
    'unknown types are what it stumbles over',
    types.every((type, at) => !UNKNOWN_TO_CRATE.test(type) || /unknown variant/.test(verdicts[at]?.error ?? '')),
  );
  results.set(
    'what it writes of each',
    verdicts.every(({ ok, again = '' }, at) => !ok || isPartOf(JSON.parse(again), JSON.parse(corpus[at] ?? ''))) &&
      verdicts.every(({ ok, again = '' }) => !ok || readable(again)),
  );

  const live = await decodeAll(command, sent);
  const spoilt = live.findIndex(({ ok }) => !ok);
  if (spoilt !== -1) console.error(`${live[spoilt]?.error}: ${sent[spoilt]}`);
  results.set(`everything we sent, of ${new Set(sent.map(typeOf)).size} types`, sent.length > 0 && spoilt === -1);

  const [ping, normal, high, slower] = await decodeAll(command, [
    encodeMessage(message('ping', {})),
    encodeMessage(message('ping', {}, { priority: 'normal' })),
    encodeMessage(message('ping', {}, { priority: 'high' })),
    JSON.stringify(message('nack', { code: 'RATE_LIMITED', message: 'slower' })),
  ]);
  const bare = encodeMessage(message('ping', {}));
  results.set(
    'bytes of a ping',
    [bare, ping?.again ?? ''].every(
      (text) => Object.keys(JSON.parse(text)).sort().join() === 'arcp,id,payload,timestamp,type',
    ),
  );
  results.set(
    'priority',
    normal?.again === ping?.again && JSON.parse(high?.again ?? '{}').priority === 'high' && !bare.includes('priority'),
  );
  results.set('RATE_LIMITED', JSON.parse(slower?.again ?? '{}').payload?.code === 'RESOURCE_EXHAUSTED');

  const judged = async (/** @type {readonly string[]} */ texts, /** @type {boolean} */ good) => {
    const theirs = await decodeAll(command, texts);
    const differ = texts.filter((text, at) => readable(text) !== good || theirs[at]?.ok !== good);
    for (const text of differ) console.error(`${good ? 'refused' : 'taken'} by one: ${text}`);
    return differ.length === 0;
  };
  results.set(`${GOOD_TEXTS.length} good texts`, await judged(GOOD_TEXTS, true));
  results.set(`${BAD_TEXTS.length} bad texts`, await judged(BAD_TEXTS, false));
  const names = Object.entries(NAMES);
  const named = await decodeAll(
    command,
    names.map(([name]) => `name ${name}`),
  );
  results.set(
    'extension names',
    names.every(([name, good], at) => isExtensionName(name) === good && named[at]?.ok === good),
  );
  return results;
}

const FIELDS = {
  arcp: '1.0',
  id: 'msg_1',
  timestamp: '2026-03-02T08:15:42.120Z',
  source: 'a',
  target: 'b',
  session_id: 'sess_1',
  job_id: 'job_1',
  stream_id: 'str_1',
  subscription_id: 'sub_1',
  trace_id: 't1',
  span_id: 's1',
  parent_span_id: 's0',
  correlation_id: 'msg_2',
  causation_id: 'msg_3',
  idempotency_key: 'k',
  priority: 'critical',
  extensions: { optional: true, 'arcpx.acme.billing.v1': { cost_center: 'R12' } },
};

/** @param {string} type @param {object} payload @returns {any} */
function message(type, payload, fields = {}) {
  return { arcp: '1.0', id: 'msg_1', timestamp: '2026-03-02T08:15:42.120Z', ...fields, type, payload };
}

/** Whether we take a text for a message of a core type. @param {string} text */
function readable(text) {
  const decoded = decodeEnvelope(text);
  if (decoded.kind !== 'envelope') return false;
  try {
    decodePayload(decoded.envelope, /** @type {any} */ (decoded.envelope.type));
    return true;
  } catch {
    return false;
  }
}

/**
 * Whether everything in one value is in the other, times compared as times: it leaves out members it does not know.
 *
 * @param {any} part @param {any} whole @returns {boolean}
 */
function isPartOf(part, whole) {
  if (typeof part === 'string' && typeof whole === 'string' && /^\d{4}-\d\d-\d\dT/.test(part)) {
    return timestampMs(part) === timestampMs(whole);
  }
  if (part === null || typeof part !== 'object') return part === whole;
  if (whole === null || typeof whole !== 'object') return false;
  return Object.keys(part).every((key) => Object.hasOwn(whole, key) && isPartOf(part[key], whole[key]));
}

/** @param {string} text */
const typeOf = (text) => JSON.parse(text).type;

// Payloads of all core types of ARCP v1.0, and texts that both sides must judge alike.

import { CATALOGUE } from '../../../test/arcp/catalogue.mjs';

/** One payload of each core type with all its members. @type {Readonly<Record<string, object>>} */
export const PAYLOADS = Object.fromEntries(CATALOGUE.map(({ type, full }) => [type, full]));

const BASE = { arcp: '1.0', id: 'msg_1', type: 'ping', timestamp: '2026-03-02T08:15:42Z', payload: {} };
const text = (/** @type {object} */ changes) => JSON.stringify({ ...BASE, ...changes });
const of = (/** @type {string} */ type, /** @type {unknown} */ payload) => text({ type, payload });
const opened = (/** @type {object} */ changes) =>
  of('session.open', { auth: { scheme: 'none' }, client: { kind: 'c', version: '1' }, ...changes });

/** What both take. @type {readonly string[]} */
export const GOOD_TEXTS = [
  text({}),
  text({ timestamp: '2026-03-02T08:15:42+02:00' }),
  text({ timestamp: '2026-03-02T08:15:42.123456789Z' }),
  text({ timestamp: '2026-03-02 08:15:42z' }),
  text({ unknown: 3, payload: { other: 1 } }),
  text({ priority: 'normal' }),
  text({ priority: 'critical', trace_id: 't', idempotency_key: 'k', extensions: { optional: true } }),
  of('tool.invoke', { tool: 'echo', arguments: null }),
  of('metric', { name: 'n', value: 1, unit: 'u' }).replace('"value":1', '"value":1432.0'),
  of('nack', { code: 'RATE_LIMITED', message: 'slower' }),
  opened({}),
];

/** What neither takes. @type {readonly string[]} */
export const BAD_TEXTS = [
  '[{"arcp":"1.0"}]',
  '{not json',
  `\ufeff${text({})}`,
  text({ arcp: 1 }),
  text({ payload: undefined }),
  text({ payload: null }),
  text({ id: '01KDMX4Q8W7R2N5T0V9Y3B6C1Z' }),
  text({ id: 'msg_' }),
  text({ id: 'MSG_1' }),
  text({ correlation_id: 'job_1' }),
  text({ session_id: 'msg_1' }),
  text({ trace_id: '' }),
  text({ idempotency_key: '' }),
  text({ timestamp: '2026-03-02T08:15:42' }),
  text({ timestamp: '2026-03-02' }),
  text({ timestamp: 1_772_439_342 }),
  text({ priority: 'urgent' }),
  text({ priority: 'High' }),
  opened({ auth: { scheme: 'Bearer' } }),
  opened({ capabilities: null }),
  opened({ capabilities: { streaming: 'true' } }),
  of('cancel', {}),
  of('cancel', { target: 'subscription', target_id: 'sub_1' }),
  of('cancel', { target: 'job', target_id: 'job_1', deadline_ms: -1 }),
  of('cancel', { target: 'job', target_id: 'job_1', deadline_ms: 1.5 }),
  of('tool.invoke', { tool: 'echo' }),
  of('job.heartbeat', { sequence: 0.5, state: 'running' }),
  of('job.heartbeat', { sequence: 1, state: 'Running' }),
  of('subscribe', { filter: { session_id: 'sess_1' } }),
  of('subscribe', { filter: { session_id: ['job_1'] } }),
  of('log', { level: 'warning', message: 'hot' }),
  of('metric', { name: 'n', value: '1', unit: 'u' }),
  of('unsubscribe', { subscription_id: 'str_1' }),
  // Not wrapped in a member `artifact`.
  of('artifact.ref', /** @type {any} */ (PAYLOADS['artifact.ref']).artifact),
];

/** Extension names, and what are none. @type {Readonly<Record<string, boolean>>} */
export const NAMES = {
  'arcpx.example.v1': true,
  'arcpx.acme.billing.v12': true,
  'com.acme.v1': true,
  'org.acme.work_flow.x-1.v1': true,
  'arcpx.foo': false,
  'arcpx.v1': false,
  'com.acme.workflow': false,
  'COM.acme.x.v1': false,
  'arcpx..v1': false,
  'arcpx.acme.v': false,
  'x-debug': false,
  'session.open': false,
};

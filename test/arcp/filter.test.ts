// The filter engine of ARCP v1.0, section 13.2, one envelope at a time.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileFilter, type Filter } from '../../src/arcp/filter.js';
import { envelopeOf, expectRefused, messageOf, wire } from './envelopes.js';

/** Whether a filter, as it comes over the wire, takes an envelope. */
function takes(filter: unknown, type: string, fields: object = {}): boolean {
  const { payload } = messageOf('subscribe', { filter });
  return compileFilter(payload.filter ?? {})(envelopeOf(wire(type, {}, fields)));
}

describe('a filter', () => {
  it('[10.59] by type takes that type and no other', () => {
    expect(takes({ types: ['metric'] }, 'metric')).toBe(true);
    expect(takes({ types: ['metric'] }, 'ping')).toBe(false);
    expect(takes({ types: ['metric', 'log'] }, 'log')).toBe(true);
  });

  it('[10.59] compares types whole: no prefix, no wildcard, no other case', () => {
    for (const types of [['job'], ['job.'], ['job.*'], ['*'], ['JOB.started'], ['job.started ']]) {
      expect(takes({ types }, 'job.started')).toBe(false);
    }
  });

  it.each([
    ['low', ['low', undefined, 'normal', 'high', 'critical']],
    ['normal', [undefined, 'normal', 'high', 'critical']],
    ['high', ['high', 'critical']],
    ['critical', ['critical']],
  ])(
    '[10.60] with min_priority %s takes what ranks as high or higher, nothing said ranking as normal',
    (min, taken) => {
      const all = [undefined, 'low', 'normal', 'high', 'critical'];
      expect(all.filter((priority) => takes({ min_priority: min }, 'log', { priority })).sort()).toEqual(
        [...taken].sort(),
      );
    },
  );

  it("[10.61] of session and type leaves out another session's log and this one's metric", () => {
    const filter = { session_id: ['sess_a'], types: ['log'] };
    expect(takes(filter, 'log', { session_id: 'sess_a' })).toBe(true);
    expect(takes(filter, 'log', { session_id: 'sess_b' })).toBe(false);
    expect(takes(filter, 'metric', { session_id: 'sess_a' })).toBe(false);
  });

  it.each([
    ['session_id', 'sess_1', 'sess_2'],
    ['trace_id', 't1', 't2'],
    ['job_id', 'job_1', 'job_2'],
    ['stream_id', 'str_1', 'str_2'],
  ])('[10.61] by %s takes one of the list, and never an envelope without one', (name, one, other) => {
    expect(takes({ [name]: [other, one] }, 'log', { [name]: one })).toBe(true);
    expect(takes({ [name]: [other] }, 'log', { [name]: one })).toBe(false);
    expect(takes({ [name]: [one] }, 'log')).toBe(false);
    expect(takes({ [name]: [] }, 'log')).toBe(true);
  });

  it('without a clause takes everything, empty lists being no clauses', () => {
    const empty = { session_id: [], trace_id: [], job_id: [], stream_id: [], types: [] };
    for (const filter of [undefined, {}, empty]) {
      expect(takes(filter, 'ping')).toBe(true);
      expect(takes(filter, 'arcpx.acme.x.v1', { priority: 'low', session_id: 'sess_9' })).toBe(true);
    }
  });

  it.each([
    ['session_id', 'sess_1'],
    ['trace_id', 't1'],
    ['job_id', 'job_1'],
    ['stream_id', 'str_1'],
    ['types', 'log'],
  ])('[10.64] with a bare text for %s is refused', (name, value) => {
    expectRefused('subscribe', { filter: { [name]: value } }, `payload.filter.${name}`);
    expectRefused('subscribe', { filter: { [name]: null } }, `payload.filter.${name}`);
  });

  it('[10.64] that is null, a list, or names an id of another kind, is refused', () => {
    expectRefused('subscribe', { filter: null }, 'payload.filter');
    expectRefused('subscribe', { filter: [] }, 'payload.filter');
    expectRefused('subscribe', { filter: { session_id: ['job_1'] } }, 'payload.filter.session_id.0');
    expectRefused('subscribe', { filter: { job_id: ['job_1', 'sess_1'] } }, 'payload.filter.job_id.1');
    expectRefused('subscribe', { filter: { min_priority: 'High' } }, 'payload.filter.min_priority');
    expectRefused('subscribe', { since: { after_message_id: 'chk_1' } }, 'payload.since.after_message_id');
  });

  it('agrees with the rules read aloud, clause by clause', () => {
    const RANKS = ['low', 'normal', 'high', 'critical'];
    const list = (...entries: string[]) => fc.option(fc.subarray(entries), { nil: undefined });
    const one = (...values: string[]) => fc.constantFrom(undefined, ...values);
    const filters = fc.record({
      session_id: list('sess_a', 'sess_b'),
      trace_id: list('t1', 't2'),
      job_id: list('job_a', 'job_b'),
      stream_id: list('str_a', 'str_b'),
      types: list('log', 'metric', 'ping'),
      min_priority: one(...RANKS),
    });
    const envelopes = fc.record({
      type: fc.constantFrom('log', 'metric', 'ping', 'job.started'),
      session_id: one('sess_a', 'sess_b'),
      trace_id: one('t1', 't2'),
      job_id: one('job_a', 'job_b'),
      stream_id: one('str_a', 'str_b'),
      priority: one(...RANKS),
    });
    fc.assert(
      fc.property(filters, envelopes, (filter, { type, ...fields }) => {
        const ids = ['session_id', 'trace_id', 'job_id', 'stream_id'] as const;
        const expected =
          ids.every((name) => {
            const entries = filter[name] ?? [];
            return entries.length === 0 || entries.some((entry) => entry === fields[name]);
          }) &&
          ((filter.types ?? []).length === 0 || (filter.types as string[]).includes(type)) &&
          RANKS.indexOf(fields.priority ?? 'normal') >= RANKS.indexOf(filter.min_priority ?? 'low');
        expect(compileFilter(filter as Filter)(envelopeOf(wire(type, {}, fields)))).toBe(expected);
      }),
      { numRuns: 2_000 },
    );
  });
});

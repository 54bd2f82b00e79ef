// The pass rule, with adapters that answer what a test says.

import { describe, expect, it } from 'vitest';
import { readFixture } from '../../../src/aitp/conformance/fixture.js';
import type { AdapterRequest, AdapterResponse } from '../../../src/aitp/conformance/request.js';
import { runFixtures } from '../../../src/aitp/conformance/runner.js';
import type { JsonObject } from '../../../src/codec/json-value.js';

const base = { id: 'x-001', rfc: 'RFC-AITP-0001', status: 'core', required_for_v0_1: false, required_for_v0_2: true };
const fails = (code: string, more: JsonObject = {}) => ({ outcome: 'failure', error_code: code, ...more });

function fixture(expected: JsonObject, more: JsonObject = {}, input: JsonObject = { operation: 'op' }) {
  return readFixture({ ...base, feature: null, input, expected, ...more });
}

type Answer = { ok: true; result?: JsonObject } | { ok: false; error_code: string; side_effects?: JsonObject };

function scripted(answer: (op: string, params: JsonObject) => Answer, enabled: readonly string[] = []) {
  const asked: [string, JsonObject][] = [];
  const request = async ({ id, op, params }: AdapterRequest): Promise<AdapterResponse> => {
    asked.push([op, params]);
    if (op === 'set_features') return { id, ok: true, result: { enabled } };
    if (op === 'init' || op === 'set_clock') return { id, ok: true };
    const given = answer(op, params);
    return given.ok ? { id, ...given } : { id, message: '', ...given };
  };
  return { request, asked };
}

async function verdict(expected: JsonObject, answer: Answer, more?: JsonObject) {
  const [result] = await runFixtures(
    [fixture(expected, more)],
    scripted(() => answer),
  );
  return result?.verdict;
}

const OK: Answer = { ok: true };
const refused = (error_code: string, side_effects?: JsonObject): Answer => ({
  ok: false,
  error_code,
  ...(side_effects === undefined ? {} : { side_effects }),
});

describe('[13.8] a fixture passes', () => {
  it.each<[string, JsonObject, Answer, string]>([
    ['by its outcome', { outcome: 'success' }, OK, 'pass'],
    ['not by another outcome', { outcome: 'success' }, refused('X'), 'fail'],
    ['not when it should fail', fails('X'), OK, 'fail'],
    ['by the exact code', fails('X'), refused('X'), 'pass'],
    ['not by another code', fails('X'), refused('Y'), 'fail'],
    [
      'by a side effect that is reported',
      fails('X', { side_effects: { a: false } }),
      refused('X', { a: false }),
      'pass',
    ],
    ['not by another one', fails('X', { side_effects: { a: false } }), refused('X', { a: true }), 'fail'],
    ['without one that is not reported', fails('X', { side_effects: { a: false } }), refused('X', { b: true }), 'pass'],
    ['by its grants in any order', { outcome: 'success', grants: ['a', 'b'] }, granted('b', 'a'), 'pass'],
    ['not with more grants', { outcome: 'success', grants: ['a'] }, granted('b', 'a'), 'fail'],
  ])('%s', async (_, expected, answer, wanted) => {
    expect(await verdict(expected, answer)).toBe(wanted);
  });

  it('only when every step does, and what stands beside the steps is in each of them', async () => {
    const sequence = [
      { step: 1, expected: { outcome: 'success' } },
      { step: 2, operation: 'other', b: 3, expected: fails('X') },
    ];
    const input = { operation: 'op', a: 1, b: 2, sequence };
    const adapter = scripted((op) => (op === 'op' ? OK : refused('X')));
    const stepped = readFixture({ ...base, feature: null, input });
    expect(await runFixtures([stepped], adapter)).toEqual([{ id: 'x-001', verdict: 'pass' }]);
    expect(adapter.asked.slice(3)).toEqual([
      ['op', { a: 1, b: 2 }],
      ['other', { a: 1, b: 3 }],
    ]);
    const other = await runFixtures(
      [stepped],
      scripted(() => OK),
    );
    expect(other).toMatchObject([{ verdict: 'fail', reason: expect.stringContaining('step 2') }]);
  });
});

describe('[13.8] a fixture is skipped', () => {
  const draft = { status: 'draft', required_for_v0_2: false, feature: 'f' };

  it('when it is a draft that is off, or that the adapter does not know', async () => {
    expect(await verdict({ outcome: 'success' }, OK, draft)).toBe('skip');
    const one = [fixture({ outcome: 'success' }, draft)];
    const features = ['f'];
    expect(
      await runFixtures(
        one,
        scripted(() => OK),
        { features },
      ),
    ).toMatchObject([{ verdict: 'skip' }]);
    expect(
      await runFixtures(
        one,
        scripted(() => OK, ['f']),
        { features },
      ),
    ).toMatchObject([{ verdict: 'pass' }]);
  });

  it('when its op is missing and it is not required; otherwise it fails', async () => {
    const missing = refused('OP_NOT_SUPPORTED');
    expect(await verdict({ outcome: 'success' }, missing, { required_for_v0_2: false })).toBe('skip');
    expect(await verdict({ outcome: 'success' }, missing)).toBe('fail');
    expect(await verdict(fails('OP_NOT_SUPPORTED'), missing)).toBe('fail');
  });

  it('when several hops are on and it expects them to be off', async () => {
    const features = ['experimental-multihop-delegation'];
    const core = [fixture(fails('DELEGATION_MULTIHOP_NOT_SUPPORTED'))];
    const adapter = () => scripted(() => refused('DELEGATION_MULTIHOP_NOT_SUPPORTED'), features);
    expect(await runFixtures(core, adapter(), { features })).toMatchObject([{ verdict: 'skip' }]);
    expect(await runFixtures(core, adapter())).toMatchObject([{ verdict: 'pass' }]);
  });
});

describe('the order of requests', () => {
  it('features once, then for each fixture the clock, the preconditions and the op', async () => {
    const adapter = scripted(() => OK);
    const prepared = fixture({ outcome: 'success' }, { preconditions: { before: { a: 1 } } });
    await runFixtures([prepared, prepared], adapter, { features: ['f'] });
    const each = [
      ['set_clock', { now_unix_secs: 1_711_900_000 }],
      ['before', { a: 1 }],
      ['op', {}],
    ];
    const begun = [
      ['init', { version: '1' }],
      ['set_features', { features: ['f'] }],
    ];
    expect(adapter.asked).toEqual([...begun, ...each, ...each]);
  });

  it('is not begun where a fixture cannot be minted or makes no sense', async () => {
    const adapter = scripted(() => OK);
    const good = fixture({ outcome: 'success' });
    for (const input of [{ operation: 'op', a: '__NO_SUCH_THING__' }, { a: 1 }, { operation: 'op', sequence: [] }]) {
      await expect(runFixtures([good, fixture({ outcome: 'success' }, {}, input)], adapter)).rejects.toThrow('x-001');
    }
    expect(adapter.asked).toEqual([]);
  });

  it('goes on after an adapter that breaks down, and ends when it is told to', async () => {
    const two = [fixture({ outcome: 'success' }), fixture({ outcome: 'success' }, { id: 'x-002' })];
    const broken = scripted(() => {
      throw new Error('gone');
    });
    expect(await runFixtures(two, broken)).toMatchObject([{ reason: 'gone' }, { verdict: 'fail', reason: 'gone' }]);
    const reason = new Error('stop');
    const controller = new AbortController();
    const onResult = () => controller.abort(reason);
    await expect(
      runFixtures(
        two,
        scripted(() => OK),
        { onResult, signal: controller.signal },
      ),
    ).rejects.toBe(reason);
  });

  it('is not trusted to an adapter that answers something else', async () => {
    const { request } = scripted(() => OK);
    const confused = { request: async (sent: AdapterRequest) => ({ ...(await request(sent)), id: 'other' }) };
    await expect(runFixtures([fixture({ outcome: 'success' })], confused)).rejects.toThrow('another request');
  });
});

function granted(...grants: string[]): Answer {
  return { ok: true, result: { grants } };
}

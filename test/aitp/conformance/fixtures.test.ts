// Every fixture through the runner and our own adapter: ours always, the published ones where they are at hand.

import { describe, expect, it } from 'vitest';
import type { Fixture } from '../../../src/aitp/conformance/fixture.js';
import { closingLine, matrixOf, tallyOf } from '../../../src/aitp/conformance/matrix.js';
import { mintFixture, runFixtures } from '../../../src/aitp/conformance/runner.js';
import { channel, DRAFTS, fixturesIn, OWN, SHARED } from './in-process.js';

const own = fixturesIn(OWN);
const shared = fixturesIn(SHARED);

/** Whether a fixture is for adapters that refuse delegations of several hops. */
const needsCore = ({ expected, feature }: Fixture) =>
  feature === undefined && expected?.errorCode === 'DELEGATION_MULTIHOP_NOT_SUPPORTED';

function suite(fixtures: readonly Fixture[]) {
  it.each(fixtures.map((fixture) => [fixture.id, fixture] as const))('%s', async (id, fixture) => {
    const features = needsCore(fixture) ? [] : DRAFTS;
    const results = await runFixtures([fixture], channel(), { features });
    expect(results).toEqual([{ id, verdict: 'pass' }]);
  });

  it('all in one adapter, drafts off', async () => {
    const results = await runFixtures(fixtures, channel());
    const skipped = fixtures.filter(({ status }) => status === 'draft').length;
    expect(tallyOf(results)).toEqual({ passed: fixtures.length - skipped, failed: 0, skipped });
  });

  it('all in one adapter, drafts on, and in the opposite order', async () => {
    const skipped = fixtures.filter(needsCore).length;
    const tally = { passed: fixtures.length - skipped, failed: 0, skipped };
    expect(tallyOf(await runFixtures(fixtures, channel(), { features: DRAFTS }))).toEqual(tally);
    expect(tallyOf(await runFixtures([...fixtures].reverse(), channel(), { features: DRAFTS }))).toEqual(tally);
  });
}

describe('our own fixtures', () => suite(own));

describe('what the README says of them', () => {
  it.each([
    [[], '62 passed, 0 failed, 9 skipped'],
    [DRAFTS, '70 passed, 0 failed, 1 skipped'],
  ])('%j', async (features, line) => {
    expect(closingLine(tallyOf(await runFixtures(own, channel(), { features })))).toBe(line);
  });
});

describe.runIf(shared.length > 0)('published fixtures', () => {
  suite(shared);

  it('whose defect is mended are accepted', async () => {
    for (const id of ['id-001', 'id-002']) {
      const fixture = shared.find((each) => each.id === id) as Fixture;
      const { jwt_aud_claim: _, ...input } = JSON.parse(JSON.stringify(fixture.input));
      input.envelope.payload.identity.proof = '__VALID_JWT__';
      const mended = { ...fixture, input, expected: { outcome: 'success' } } as const;
      expect(await runFixtures([mended], channel())).toEqual([{ id, verdict: 'pass' }]);
    }
  });
});

describe('the table', () => {
  it('has a row for each group', () => {
    const results = [
      { id: 'del-001', verdict: 'pass' },
      { id: 'del-mh-001', verdict: 'skip' },
      { id: 'mh-success-001', verdict: 'fail', reason: 'x' },
      { id: 'del-002-more', verdict: 'pass' },
    ] as const;
    const rows = matrixOf(results)
      .split('\n')
      .map((row) => row.trim().split(/ +/));
    expect(rows).toEqual([
      ['group', 'passed', 'failed', 'skipped'],
      ['del', '2', '0', '0'],
      ['del-mh', '0', '0', '1'],
      ['mh', '0', '1', '0'],
      [''],
    ]);
  });
});

describe('minting', () => {
  it('leaves no placeholder and no claims behind, and is repeatable but for P-256', async () => {
    for (const fixture of [...own, ...shared]) {
      const once = JSON.stringify(await mintFixture(fixture));
      expect(once).not.toMatch(/"__[A-Z]|_claims"/);
      if (!JSON.stringify(fixture.input).includes('p256'))
        expect(JSON.stringify(await mintFixture(fixture))).toBe(once);
    }
  });
});

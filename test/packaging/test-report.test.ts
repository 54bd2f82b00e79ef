// What a test run adds up to: nothing that went wrong may end as a pass.

import { describe, expect, it } from 'vitest';
import { closingLine, countsIn, exitCode, resultOf, table } from '../../scripts/test/report.mjs';

const row = (name: string, passed: number, failed: number, skipped = 0, noBrowser = false) => ({
  name,
  passed,
  failed,
  skipped,
  noBrowser,
  time: '1.0 s',
});

describe('counts', () => {
  it('come from the last line that stands alone', () => {
    expect(countsIn('1 passed, 0 failed\nthen\n    12 passed, 3 failed, 4 skipped\nbye')).toEqual({
      passed: 12,
      failed: 3,
      skipped: 4,
    });
    expect(countsIn('deno: 12 passed, 3 failed')).toBeUndefined();
    expect(countsIn('')).toBeUndefined();
  });
});

describe('a runner', () => {
  it('passes by its counts and its exit code together', () => {
    expect(resultOf(0, '3 passed, 0 failed')).toMatchObject({ passed: 3, failed: 0, noBrowser: false });
    expect(resultOf(1, '3 passed, 2 failed')).toMatchObject({ passed: 3, failed: 2, noBrowser: false });
  });

  it('has failed when it ended badly, whatever it counted', () => {
    expect(resultOf(1, '3 passed, 0 failed').failed).toBe(1);
    expect(resultOf(134, '').failed).toBe(1);
  });

  it('has failed when it ran nothing', () => {
    expect(resultOf(0, '').failed).toBe(1);
    expect(resultOf(0, '0 passed, 0 failed, 9 skipped').failed).toBe(1);
  });

  it('may lack a browser, but not on top of a failure', () => {
    expect(resultOf(2, '3 passed, 0 failed')).toMatchObject({ failed: 0, noBrowser: true });
    expect(resultOf(2, '3 passed, 1 failed')).toMatchObject({ failed: 1, noBrowser: false });
  });
});

describe('a run', () => {
  it('ends with one line, a table above it and the right code', () => {
    const rows = [row('unit', 10, 0, 1), row('runtimes', 5, 0)];
    expect(closingLine(rows)).toBe('15 passed, 0 failed, 1 skipped');
    expect(
      table(rows, '2.0 s')
        .split('\n')
        .map((line) => line.split(/\s+/)),
    ).toEqual([
      ['step', 'passed', 'failed', 'skipped', 'time'],
      ['unit', '10', '0', '1', '1.0', 's'],
      ['runtimes', '5', '0', '0', '1.0', 's'],
      ['all', '15', '0', '1', '2.0', 's'],
    ]);
    expect(exitCode(rows)).toBe(0);
  });

  it('ends with 2 only when a missing browser is all that is wrong', () => {
    expect(exitCode([row('unit', 1, 0), row('runtimes', 1, 0, 0, true)])).toBe(2);
    expect(exitCode([row('unit', 1, 1), row('runtimes', 1, 0, 0, true)])).toBe(1);
  });
});

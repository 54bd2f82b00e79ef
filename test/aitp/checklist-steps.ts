// Tables of ordered checks: what is broken alone has its code, and of two things that are broken the earlier one wins.

import { describe, expect, it } from 'vitest';

/** What is broken, by name, and the code that tells of it. */
export type Step<Name extends string> = readonly [name: Name, code: string];

/** How a table is run. */
export interface StepOptions<Name extends string> {
  /**
   * What is broken beside a step: each later one in turn, or all of them at once, which says the same in fewer runs where no
   * break hides another. Default: each in turn.
   */
  readonly beside?: 'each' | 'all';
  /** Pairs that cannot be broken at once, each with the reason. */
  readonly never?: readonly (readonly [Name, Name, string])[];
}

/**
 * Runs a table.
 *
 * @param steps In the order of the checks.
 * @param run Makes an input with these things broken and nothing else, and gives the code of its refusal or `accepted`.
 */
export function checksInOrder<Name extends string>(
  title: string,
  steps: readonly Step<Name>[],
  run: (broken: ReadonlySet<Name>) => Promise<string>,
  { beside = 'each', never = [] }: StepOptions<Name> = {},
): void {
  const laterThan = (name: Name) => {
    const later = steps.slice(steps.findIndex(([each]) => each === name) + 1).map(([each]) => each);
    return later.filter((other) => !never.some(([one, two]) => one === name && two === other));
  };

  describe(title, () => {
    it('nothing broken, nothing refused', async () => {
      expect(await run(new Set())).toBe('accepted');
    });

    it.each(steps)('%s alone: %s', async (name, code) => {
      expect(await run(new Set([name]))).toBe(code);
    });

    it.each(steps.slice(0, -1))('%s goes before everything later: %s', async (name, code) => {
      const later = laterThan(name);
      for (const others of beside === 'all' ? [later] : later.map((other) => [other])) {
        expect([others, await run(new Set([name, ...others]))]).toEqual([others, code]);
      }
    });
  });
}

/** What is broken, the code that tells of it, and how: what is to be different in a case. */
export type Break<Case> = readonly [name: string, code: string, change: (state: Case) => Partial<Case>];

/**
 * As {@link checksInOrder}, where each step says itself how a case is broken. Of several steps the later ones come first, so
 * that they find the case as it was.
 *
 * @param run Makes a case, passes it through `spoil`, and gives the code of its refusal or `accepted`.
 */
export function breaksInOrder<Case extends object>(
  title: string,
  steps: readonly Break<Case>[],
  run: (spoil: (state: Case) => Case) => Promise<string>,
): void {
  const lastFirst = steps.toReversed();
  checksInOrder(
    title,
    steps.map(([name, code]) => [name, code] as const),
    (broken) =>
      run((state) => {
        for (const [name, , change] of lastFirst) if (broken.has(name)) Object.assign(state, change(state));
        return state;
      }),
  );
}

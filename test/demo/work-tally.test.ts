import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Tally } from '../../demo/page/work/tally.js';

type Event = readonly [jobId: string, id: string];

function tallyOf(events: readonly Event[]): Tally {
  const tally = new Tally();
  for (const [jobId, id] of events) tally.note(jobId, id);
  return tally;
}

const SAME = { missing: 0, ahead: 0, repeated: 0, sameOrder: true };

describe('what came, held against what an observer has', () => {
  it('is the same where two jobs are told in another turn: between jobs there is no order', () => {
    const mine = tallyOf([
      ['a', '1'],
      ['b', '2'],
      ['a', '3'],
    ]);
    const theirs = tallyOf([
      ['b', '2'],
      ['a', '1'],
      ['a', '3'],
    ]);
    expect(mine.against(theirs)).toEqual({ mine: 3, theirs: 3, ...SAME });
  });

  it('notices an event that is missing in the middle, of a job that otherwise goes on', () => {
    const whole: Event[] = [
      ['a', '1'],
      ['a', '2'],
      ['a', '3'],
    ];
    const mine = tallyOf([whole[0] as Event, whole[2] as Event]);
    expect(mine.against(tallyOf(whole))).toEqual({ mine: 2, theirs: 3, ...SAME, missing: 1 });
    expect(tallyOf(whole).against(mine)).toEqual({ mine: 3, theirs: 2, ...SAME, ahead: 1 });
  });

  it('notices a job of which nothing came at all', () => {
    expect(tallyOf([]).against(tallyOf([['a', '1']]))).toEqual({ mine: 0, theirs: 1, ...SAME, missing: 1 });
  });

  it('notices an event that came twice, here or there', () => {
    const once: Event[] = [['a', '1']];
    const twice: Event[] = [...once, ...once];
    expect(tallyOf(twice).against(tallyOf(once))).toEqual({ mine: 2, theirs: 1, ...SAME, repeated: 1 });
    expect(tallyOf(once).against(tallyOf(twice))).toEqual({ mine: 1, theirs: 2, ...SAME, repeated: 1 });
    expect(new Tally().note('a', '1')).toBe(true);
    expect(tallyOf(once).note('b', '1')).toBe(false);
  });

  it('notices two events in the wrong order', () => {
    const mine = tallyOf([
      ['a', '1'],
      ['a', '2'],
    ]);
    const theirs = tallyOf([
      ['a', '2'],
      ['a', '1'],
    ]);
    expect(mine.against(theirs).sameOrder).toBe(false);
  });

  it('counts as missing just what was left out, wherever that was, and keeps the order of the rest', () => {
    const events = fc.uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.string({ minLength: 1 })), {
      selector: ([, id]) => id,
    });
    fc.assert(
      fc.property(events, fc.func(fc.boolean()), (whole, isKept) => {
        const kept = whole.filter(([jobId, id]) => isKept(jobId, id));
        expect(tallyOf(kept).against(tallyOf(whole))).toEqual({
          ...SAME,
          mine: kept.length,
          theirs: whole.length,
          missing: whole.length - kept.length,
        });
      }),
    );
  });
});

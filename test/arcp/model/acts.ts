// What tools may be told to do, drawn by chance.

import type { Random } from './random.js';

/** One thing a tool does. */
export type Act =
  | {
      readonly do:
        | 'progress'
        | 'log'
        | 'metric'
        | 'think'
        | 'choose'
        | 'save'
        | 'keep'
        | 'throw'
        | 'hang'
        | 'nonsense'
        | 'read';
    }
  | { readonly do: 'sleep' | 'ignore'; readonly ms: number }
  | {
      readonly do: 'stream' | 'bytes';
      readonly count: number;
      readonly pauseMs: number;
      readonly isClosed: boolean;
    }
  | { readonly do: 'delegate'; readonly acts: readonly Act[] }
  | { readonly do: 'ask'; readonly expiresInMs: number; readonly hasDefault: boolean }
  | { readonly do: 'permit'; readonly resource: string }
  | { readonly do: 'fail'; readonly code: 'RESOURCE_EXHAUSTED' | 'ABORTED' | 'OUT_OF_RANGE' };

/** What a tool is asked to do. The tag has the name of whoever asks, and goes into everything the tool says. */
export interface Script {
  readonly tag: string;
  readonly acts: readonly Act[];
}

/** Draws what a tool does. */
export function someActs(random: Random): readonly Act[] {
  const acts: Act[] = [];
  for (let left = random.int(4); left >= 0; left--) acts.push(someAct(random));
  return acts;
}

function someAct(random: Random): Act {
  switch (random.int(22)) {
    case 0:
    case 1:
    case 2:
      return { do: 'progress' };
    case 3:
      return { do: random.among(['log', 'metric']) };
    case 4:
      return { do: 'think' };
    case 5:
    case 6:
      return { do: 'sleep', ms: random.among([1, 50, 1_000, 20_000]) };
    case 7:
    case 8:
      return {
        do: 'stream',
        count: random.int(6),
        pauseMs: random.among([0, 0, 20]),
        isClosed: random.chance(0.8),
      };
    case 9:
    case 10:
      return { do: 'ask', expiresInMs: random.among([2_000, 60_000]), hasDefault: random.chance(0.4) };
    case 11:
      return { do: 'choose' };
    case 12:
      return { do: 'permit', resource: random.among(['/x', '/y']) };
    case 13:
      return { do: random.among(['save', 'keep']) };
    case 14:
      return { do: 'hang' };
    case 15:
      return { do: 'ignore', ms: random.among([10, 30_000]) };
    case 16:
    case 17:
      return {
        do: 'bytes',
        count: random.int(6),
        pauseMs: random.among([0, 0, 20]),
        isClosed: random.chance(0.8),
      };
    case 18:
    case 19:
      return { do: 'delegate', acts: someTask(random) };
    case 20:
      return { do: 'read' };
    default:
      return random.among<Act>([
        { do: 'fail', code: 'RESOURCE_EXHAUSTED' },
        { do: 'fail', code: 'ABORTED' },
        { do: 'fail', code: 'OUT_OF_RANGE' },
        { do: 'throw' },
        { do: 'nonsense' },
      ]);
  }
}

/** Draws what the other runtime does for this one: nobody answers its questions. */
export function someTask(random: Random): readonly Act[] {
  return someActs(random).filter(
    (act) => !['ask', 'choose', 'permit', 'save', 'bytes', 'delegate', 'read'].includes(act.do),
  );
}

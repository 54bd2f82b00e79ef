// How many requests are read or judged at once (AITP 0.2, sections 8.4 and 9.2), in all and of one address:
// bodies may be slow, and whoever sends slow ones must not keep everybody else out.

/** How many are let through. */
export interface InFlightLimits {
  /** In all: 1 or more. */
  readonly max: number;
  /** Of one address, where addresses are known: 1 or more. */
  readonly maxPerAddress: number;
}

/** Counts requests under way. */
export interface InFlight {
  /**
   * Lets one in.
   *
   * @param name What its address counts as; `undefined` where that is not known.
   * @returns Lets it out again, once; `undefined` where there is no room.
   */
  enter(name: string | undefined): (() => void) | undefined;
}

/** Makes a counter that stands at nothing. */
export function inFlight({ max, maxPerAddress }: InFlightLimits): InFlight {
  let all = 0;
  const byAddress = new Map<string, number>();
  return {
    enter(name) {
      const here = name === undefined ? 0 : (byAddress.get(name) ?? 0);
      if (all >= max || here >= maxPerAddress) return undefined;
      all++;
      if (name !== undefined) byAddress.set(name, here + 1);
      let isIn = true;
      return () => {
        if (!isIn) return;
        isIn = false;
        all--;
        if (name === undefined) return;
        const left = (byAddress.get(name) ?? 1) - 1;
        if (left === 0) byAddress.delete(name);
        else byAddress.set(name, left);
      };
    },
  };
}

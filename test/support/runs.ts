/** Options of a property: how often it is tried every day, and with RINGLINE_LONG=1. */
export function runs(everyDay: number, long = everyDay * 20): { numRuns: number } {
  return { numRuns: process.env.RINGLINE_LONG === '1' ? long : everyDay };
}

// Moments as people read them.

/** Last second that a date of the runtime can tell. */
const MAX_SEC = 8_640_000_000_000;

const UNITS = [
  [172_800, 86_400, 'days'],
  [7_200, 3_600, 'hours'],
  [120, 60, 'minutes'],
  [0, 1, 'seconds'],
] as const;

/** A moment in UTC. @param sec Unix seconds. */
export function momentText(sec: number): string {
  if (sec > MAX_SEC) return `second ${sec} of Unix time`;
  return `${new Date(sec * 1_000).toISOString().replace('T', ' ').slice(0, -5)} UTC`;
}

/** A time span, in the largest unit of which there are two. @param sec 0 or more. */
export function spanText(sec: number): string {
  const [, unitSec, name] = UNITS.find(([fromSec]) => sec >= fromSec) as (typeof UNITS)[number];
  const count = Math.floor(sec / unitSec);
  return count === 1 ? `1 ${name.slice(0, -1)}` : `${count} ${name}`;
}

/** The end of something that holds: moment and time left. @param sec Unix seconds, not before `nowSec`. */
export function untilText(sec: number, nowSec: number): string {
  return `${momentText(sec)} (${spanText(sec - nowSec)} from now)`;
}

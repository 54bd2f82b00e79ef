// Measuring on a shared and noisy machine: cases take turns inside every round, and what counts is the median of the
// ratios of one round, never an absolute time.

/**
 * @typedef {object} Series
 * @property {string} name
 * @property {number[]} values One per round, the unit is the case's own; smaller is better unless said otherwise.
 */

/** @param {readonly number[]} values At least one. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (/** @type {number} */ index) => /** @type {number} */ (sorted[index]);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? at(middle) : (at(middle - 1) + at(middle)) / 2;
}

/**
 * Runs every case once a round, in an order that moves on by one each round.
 *
 * @template {string} Name
 * @param {Record<Name, () => number | Promise<number>>} cases Each measures itself.
 * @param {number} rounds
 * @param {() => void} onRound
 * @returns {Promise<Record<Name, number[]>>}
 */
export async function interleave(cases, rounds, onRound) {
  const names = /** @type {Name[]} */ (Object.keys(cases));
  const series = /** @type {Record<Name, number[]>} */ (Object.fromEntries(names.map((name) => [name, []])));
  for (let round = 0; round < rounds; round++) {
    const turn = round % names.length;
    for (const name of [...names.slice(turn), ...names.slice(0, turn)]) series[name].push(await cases[name]());
    onRound();
  }
  return series;
}

/** Medians of `a[i] / b[i]`, with the smallest and the largest. @param {number[]} a @param {number[]} b */
export function ratio(a, b) {
  const ratios = a.map((value, i) => value / /** @type {number} */ (b[i]));
  return { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) };
}

/**
 * Times a synchronous piece of work for about 40 ms, after as long a warm-up.
 *
 * @param {() => unknown} work
 * @returns {() => number} Nanoseconds for one.
 */
export function timed(work) {
  const spend = (/** @type {number} */ ms) => {
    const until = performance.now() + ms;
    let count = 0;
    const start = process.hrtime.bigint();
    do {
      for (let i = 0; i < 50; i++) work();
      count += 50;
    } while (performance.now() < until);
    return Number(process.hrtime.bigint() - start) / count;
  };
  return () => {
    spend(15);
    return spend(40);
  };
}

/** As {@link timed}, for work that is awaited one after the other. @param {() => Promise<unknown>} work */
export function timedAsync(work, count = 30) {
  return async () => {
    await work();
    const start = process.hrtime.bigint();
    for (let i = 0; i < count; i++) await work();
    return Number(process.hrtime.bigint() - start) / count;
  };
}

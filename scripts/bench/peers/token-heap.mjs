// What one verification of a token takes from the heap: bytes by which it grows over 200 of them, between two collections
// and with none in between. Prints nine such figures for us and nine for jose.
//   node --expose-gc --max-semi-space-size=64 token-heap.mjs

import { tokenSample } from '../token-sample.mjs';

const CALLS = 200;

const grownBy = async (verify) => {
  globalThis.gc();
  const before = process.memoryUsage().heapUsed;
  for (let n = 0; n < CALLS; n++) await verify();
  return (process.memoryUsage().heapUsed - before) / CALLS;
};

const { ours, jose } = await tokenSample('ed25519');
const figures = { ours: [], jose: [] };
for (const verify of [ours, jose]) for (let n = 0; n < 3_000; n++) await verify();
for (let turn = 0; turn < 9; turn++) {
  figures.ours.push(await grownBy(ours));
  figures.jose.push(await grownBy(jose));
}
console.log(JSON.stringify(figures));

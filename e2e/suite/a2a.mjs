// Agents of A2A: their cards, finding them, and talking to them. Nothing here needs a network.

import { cardCases } from './cards.mjs';
import { discoveryCases } from './discovery.mjs';
import { exchangeCases } from './exchange.mjs';
import { sseCases } from './sse.mjs';

/** @param {any} library */
export function a2aCases(library) {
  return [...cardCases(library), ...discoveryCases(library), ...sseCases(library), ...exchangeCases(library)];
}

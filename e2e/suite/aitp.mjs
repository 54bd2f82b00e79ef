// Trust between agents: the handshake, what it leaves, and what is refused. Nothing here needs a network.

import { flipCases } from './aitp-flips.mjs';
import { handshakeCases } from './aitp-handshake.mjs';
import { refusalCases } from './aitp-refusals.mjs';
import { replayCases } from './aitp-replay.mjs';
import { tokenCases } from './aitp-tokens.mjs';

/** @param {any} library */
export function aitpCases(library) {
  const { memoryStore } = library.storage;
  return [
    ...handshakeCases(library),
    ...refusalCases(library),
    ...tokenCases(library),
    ...flipCases(library),
    ...replayCases(library, 'replay memory over a store', memoryStore, (store) => store),
  ];
}

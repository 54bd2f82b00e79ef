// What is tried with a peer of ARCP in another language: our client against its runtime, its client against our runtime,
// and its decoder with everything that either side of ours has sent.

import { answerClient, CLIENT_CHECKS } from './answer-client.mjs';
import { callRuntime, RUNTIME_CHECKS } from './call-runtime.mjs';
import { compareDecoders } from './decoders.mjs';
import { overSockets, overStdio } from './peer-process.mjs';

/** @typedef {import('./common.mjs').Results} Results */

/**
 * The parts, in order: the last one looks at what was sent in those before.
 *
 * @param {readonly string[]} command The peer.
 * @returns {readonly { name: string, run: () => Promise<Results>, wanted: readonly string[] }[]}
 *   `wanted`: checks without which a part is none.
 */
export function partsOf(command) {
  /** @type {string[]} */
  const sent = [];
  const call = (/** @type {import('./common.mjs').Dial} */ dial) => callRuntime(dial, sent);
  return [
    { name: 'we call it, WebSocket', run: () => overSockets(command, call), wanted: RUNTIME_CHECKS },
    { name: 'we call it, standard input and output', run: () => overStdio(command, call), wanted: RUNTIME_CHECKS },
    { name: 'it calls us, WebSocket', run: () => answerClient(command, sent), wanted: CLIENT_CHECKS },
    { name: 'its decoder and ours', run: () => compareDecoders(command, sent), wanted: [] },
  ];
}

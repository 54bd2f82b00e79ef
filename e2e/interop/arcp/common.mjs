// What the checks with a peer of ARCP share: who we say we are, and what the published crate cannot read.

/** @typedef {import('./peer-process.mjs').Dial} Dial */
/** @typedef {Map<string, boolean>} Results */

export const TOKEN = 'tok-interop';
export const CLIENT = { kind: 'ringline-interop', version: '1' };
export const BEARER = { scheme: /** @type {const} */ ('bearer'), token: TOKEN };
export const OFFER = { streaming: true, durable_jobs: true, subscriptions: true, human_input: true };

/** Longest wait for anything. */
export const WAIT_MS = 20_000;

/** Core types that the published crate does not know: v1.0's last eight, and those about humans, which it has dropped. */
export const UNKNOWN_TO_CRATE = /^(?:checkpoint\.|job\.(?:checkpoint|schedule)$|workflow\.|agent\.|human\.)/;

/** A transport whose messages are noted. @param {Awaited<ReturnType<Dial>>} transport @param {string[]} sent */
export function recording(transport, sent) {
  return {
    get bufferedBytes() {
      return transport.bufferedBytes;
    },
    closed: transport.closed,
    drained: (/** @type {any} */ options) => transport.drained(options),
    receive: (/** @type {any} */ listener) => transport.receive(listener),
    close: (/** @type {any} */ ...end) => transport.close(...end),
    abort: () => transport.abort(),
    send(/** @type {any} */ text) {
      sent.push(text);
      transport.send(text);
    },
  };
}

/** @param {Promise<unknown>} work @returns {Promise<string>} Code of the refusal; empty where there is none. */
export const codeOf = (work) =>
  work.then(
    () => '',
    (error) => error.code ?? error.message,
  );

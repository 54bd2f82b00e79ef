// Which of the two engines does the curve work: the runtime's WebCrypto, or noble, loaded only where the first lacks a
// curve. Callers that name none get the best; tests and benchmarks name one.

/** `webcrypto`: keys nobody can read, native speed. `noble`: audited JavaScript, for runtimes that lack the curve. */
export type CurveBackend = 'webcrypto' | 'noble';

/** Loads the curves of noble: a chunk of its own, fetched on the first call. */
export function loadNoble(): Promise<typeof import('./noble.js')> {
  return import('./noble.js');
}

/**
 * Builds a question that is put to the runtime once and remembered.
 *
 * @param works Resolves when WebCrypto can do the job, rejects (or throws) when it cannot.
 * @returns Function that picks the backend; the one asked for, if one is.
 */
export function backendChooser(works: () => Promise<unknown>): (asked?: CurveBackend) => Promise<CurveBackend> {
  let probed: Promise<CurveBackend> | undefined;
  return async (asked) => {
    if (asked !== undefined) return asked;
    // A page that is not a secure context has no `crypto.subtle` at all: the probe throws, and noble it is.
    probed ??= (async () => works())().then(
      () => 'webcrypto',
      () => 'noble',
    );
    return probed;
  };
}

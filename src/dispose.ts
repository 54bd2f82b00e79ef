// The key of `await using`, without patching a runtime that lacks it. Floor 0.

/**
 * `Symbol.asyncDispose`, or the symbol that compilers look up where the runtime has none yet.
 */
export const asyncDispose: typeof Symbol.asyncDispose = /* @__PURE__ */ (() =>
  Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose'))() as typeof Symbol.asyncDispose;

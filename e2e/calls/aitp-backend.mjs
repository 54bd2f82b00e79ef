// Which engine does the curves of a program. Where it is to be noble, WebCrypto loses both curves, as in a runtime that
// never had them: the package itself is not touched, and has to find out.

const CURVE = /25519|ECDSA|ECDH/;
const CURVE_METHODS = ['generateKey', 'importKey', 'deriveBits', 'deriveKey', 'sign', 'verify'];

/** @param {any} value */
const nameOf = (value) => (typeof value === 'string' ? value : (value?.name ?? value?.algorithm?.name ?? ''));

/**
 * Settles the engine of this program, before anything is asked of the package.
 *
 * @param {string} backend `webcrypto` or `noble`.
 * @returns {() => { backend: string, native: Record<string, number> }} Which one it is, and how many signatures WebCrypto has
 *   made and judged until then, by algorithm.
 */
export function settleBackend(backend) {
  const prototype = Object.getPrototypeOf(crypto.subtle);
  const native = { Ed25519: 0, ECDSA: 0 };
  for (const method of CURVE_METHODS) {
    const original = prototype[method];
    const replacement = async function (...args) {
      // By its algorithm, or by that of the key.
      if (!args.some((arg) => CURVE.test(nameOf(arg)))) return original.apply(this, args);
      if (backend === 'noble') throw new DOMException('not here', 'NotSupportedError');
      const result = await original.apply(this, args);
      if (method === 'sign' || method === 'verify') native[nameOf(args[0])]++;
      return result;
    };
    Object.defineProperty(prototype, method, { value: replacement, configurable: true, writable: true });
  }
  return () => ({ backend, native });
}

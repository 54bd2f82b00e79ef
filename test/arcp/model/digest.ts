// Hashes that are there in the next microtask: those of WebCrypto come from other threads, when they like, and no run would
// be the same twice.

import { sha256 } from '@noble/hashes/sha2.js';

/** Puts them in place. @returns Takes them away again. */
export function digestAtOnce(): () => void {
  const { subtle } = crypto;
  const before = Object.getOwnPropertyDescriptor(subtle, 'digest');
  const digest: SubtleCrypto['digest'] = async (algorithm, data) => {
    if (algorithm !== 'SHA-256') throw new TypeError(`no ${JSON.stringify(algorithm)} here`);
    const bytes = ArrayBuffer.isView(data)
      ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      : new Uint8Array(data);
    return Uint8Array.from(sha256(bytes)).buffer;
  };
  Object.defineProperty(subtle, 'digest', { value: digest, configurable: true, writable: true });
  return () => {
    if (before === undefined) Reflect.deleteProperty(subtle, 'digest');
    else Object.defineProperty(subtle, 'digest', before);
  };
}

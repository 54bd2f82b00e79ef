// Copies for sockets that keep what they are given until it has gone. A buffer of its own for every small message would
// be most of what sending one costs, so that many share one slab; when all of them have gone, it is collected.

const SLAB_BYTES = 16_384;

/** Longest message that shares. Longer ones are worth a buffer of their own. */
const MAX_SHARING_BYTES = 2_048;

let slab: Uint8Array | undefined;
let used = 0;

/**
 * Copies bytes that are to be sent.
 *
 * @param bytes Borrowed.
 * @returns Fresh bytes, which may be a view into a slab: nobody may keep them longer than sending takes.
 */
export function pooledCopy(bytes: Uint8Array): Uint8Array {
  if (bytes.length > MAX_SHARING_BYTES) return new Uint8Array(bytes);
  if (slab === undefined || used + bytes.length > SLAB_BYTES) {
    slab = new Uint8Array(SLAB_BYTES);
    used = 0;
  }
  slab.set(bytes, used);
  const copy = slab.subarray(used, used + bytes.length);
  used += bytes.length;
  return copy;
}

/**
 * Bytes that hold nothing but themselves, for whoever keeps them: a view into a larger buffer, such as one of the chunks
 * a socket reads, would keep all of that alive.
 *
 * @param bytes Handed over.
 * @returns The same where they fill their buffer, else a fresh copy.
 */
export function compactBytes(bytes: Uint8Array): Uint8Array {
  return bytes.length === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
}

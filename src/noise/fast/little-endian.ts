// The fast suite reads and writes 32-bit words in the machine's own order, where the algorithms want little-endian ones.

const LITTLE = /* @__PURE__ */ isLittleEndian();

/**
 * Refuses a machine of the other order. No browser or server runtime in use has one; the default suite runs there too.
 *
 * @throws {TypeError} big-endian.
 */
export function assertLittleEndian(): void {
  if (!LITTLE) throw new TypeError('the fast suite needs a little-endian machine; use the default suite');
}

function isLittleEndian(): boolean {
  return new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
}

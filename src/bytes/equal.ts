/**
 * Compares two byte arrays without stopping at the first difference.
 *
 * Takes time that depends on the lengths only, as far as a JavaScript engine allows; use it for keys, tags and tokens.
 *
 * @returns Whether length and content are the same.
 */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= (a[i] as number) ^ (b[i] as number);
  return difference === 0;
}

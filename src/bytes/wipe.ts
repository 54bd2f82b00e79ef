/**
 * Overwrites secrets with zeros, in place.
 *
 * Best effort: an engine may have copied the bytes before, for instance while it moved them.
 *
 * @param parts Arrays to clear; `undefined` is skipped.
 */
export function wipe(...parts: readonly (Uint8Array | undefined)[]): void {
  for (const part of parts) part?.fill(0);
}

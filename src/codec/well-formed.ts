// Lone surrogates: halves of a pair that stand alone, which UTF-8 cannot say (Unicode, D84; RFC 8785, section 3.2.2.2).

// With the u flag a pair is one code point, so that only halves standing alone are surrogates.
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * Finds the first lone surrogate.
 *
 * @returns Its index in UTF-16 units, or -1 when the text is well formed.
 */
export function loneSurrogateIndex(text: string): number {
  return text.search(LONE_SURROGATE);
}

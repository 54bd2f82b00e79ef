// The mark of a checked value, so that a function can ask for one in its signature. It exists for the compiler alone.

/** Never exported, and its member is private: nobody else can name it, and a spread copy loses it. */
declare abstract class Checked {
  private readonly verified: true;
}

/**
 * A value that a verifier of this package returned. Take this type where unchecked data would do harm.
 *
 * A copy (`{ ...value }`) is no longer verified. The mark is the compiler's: a cast can forge it.
 */
export type Verified<T> = T & Checked;

/**
 * Marks a value as checked. For verifiers, as their last act.
 *
 * @returns The same value.
 */
export function verified<T>(value: T): Verified<T> {
  return value as Verified<T>;
}

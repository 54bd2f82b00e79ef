// Checks of arguments, first thing in every entry: TypeError for the wrong kind, RangeError for the wrong size.

/**
 * Asserts that a value is a `Uint8Array`, optionally of an exact length.
 *
 * @param value Anything.
 * @param name Name of the argument, for the message.
 * @param bytes Exact length wanted, in bytes.
 * @throws {TypeError} not a `Uint8Array`.
 * @throws {RangeError} another length.
 */
export function assertBytes(value: unknown, name: string, bytes?: number): asserts value is Uint8Array {
  if (!(value instanceof Uint8Array)) throw new TypeError(`${name} must be a Uint8Array`);
  if (bytes !== undefined && value.length !== bytes) {
    throw new RangeError(`${name} must be ${bytes} bytes long, not ${value.length}`);
  }
}

/**
 * Asserts that a value is a string.
 *
 * @throws {TypeError} it is not.
 */
export function assertString(value: unknown, name: string): asserts value is string {
  if (typeof value !== 'string') throw new TypeError(`${name} must be a string`);
}

/**
 * Asserts that a value is an integer within a range, both ends included.
 *
 * @throws {TypeError} not a number.
 * @throws {RangeError} not a safe integer, or outside the range.
 */
export function assertInteger(
  value: unknown,
  name: string,
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): asserts value is number {
  if (typeof value !== 'number') throw new TypeError(`${name} must be a number`);
  if (!Number.isSafeInteger(value) || value < min || value > max) {
    throw new RangeError(`${name} must be an integer from ${min} to ${max}, not ${value}`);
  }
}

/**
 * Asserts that a value, where given, is an `AbortSignal`.
 *
 * @throws {TypeError} it is something else.
 */
export function assertSignal(value: unknown, name = 'signal'): asserts value is AbortSignal | undefined {
  // Duck-typed: a signal may come from another realm, such as an iframe.
  if (value === undefined) return;
  if (typeof value !== 'object' || value === null || typeof (value as AbortSignal).aborted !== 'boolean') {
    throw new TypeError(`${name} must be an AbortSignal`);
  }
}

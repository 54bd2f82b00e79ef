// The checks every adapter makes before it touches anything.

import { assertString } from '../bytes/assert.js';

/** @throws {TypeError} the key is not a string. */
export function assertKey(key: unknown): asserts key is string {
  assertString(key, 'key');
}

/** @throws {TypeError} the key is not a string, or there is no value. */
export function assertRecord(key: unknown, value: unknown): asserts key is string {
  assertKey(key);
  // It would read back as a record that is not there.
  if (value === undefined) throw new TypeError('value must not be undefined');
}

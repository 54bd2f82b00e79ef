import { assertInteger } from './assert.js';

/**
 * Fresh random bytes from the runtime's cryptographic generator.
 *
 * @param bytes How many, 0 to 65,536.
 * @returns Fresh array.
 */
export function randomBytes(bytes: number): Uint8Array<ArrayBuffer> {
  assertInteger(bytes, 'bytes', 0, 65_536);
  return crypto.getRandomValues(new Uint8Array(bytes));
}

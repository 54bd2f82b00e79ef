// The version of an object, looked at before anything else of it: only then is it known what shape it has to have.

import type { JsonValue } from '../codec/json-value.js';
import { AITP_VERSION } from './constants.js';
import { AitpError, type AitpWireCode } from './errors.js';

/**
 * Checks `version` before anything else of an object is looked at. One that is missing or no text is left to its shape.
 *
 * @throws {AitpError} `code`: another version.
 */
export function checkVersion(value: JsonValue | undefined, code: AitpWireCode, what: string): void {
  const version = (value as { readonly version?: unknown } | null | undefined)?.version;
  if (typeof version === 'string' && version !== AITP_VERSION) throw new AitpError(code, `${what} of another version`);
}

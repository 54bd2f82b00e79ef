// How long and how deep a schema may be: judged before anything of it is read.

import { encodeUtf8 } from '../../bytes/utf8.js';
import type { JsonValue } from '../../codec/json-value.js';
import { refuse } from './refusal.js';

/**
 * Checks the size of a schema.
 *
 * @param limits Length of its JSON as UTF-8; arrays and objects inside one another.
 * @throws {ArcpError} ERR_ARCP_INVALID_ARGUMENT
 */
export function checkSize(schema: JsonValue, limits: { readonly maxBytes: number; readonly maxDepth: number }): void {
  // Before anything recurses; `JSON.stringify` itself would.
  if (isDeeper(schema, limits.maxDepth)) refuse('#', `nests deeper than ${limits.maxDepth} levels`);
  const text = JSON.stringify(schema);
  if (text.length > limits.maxBytes || encodeUtf8(text).length > limits.maxBytes) {
    refuse('#', `is longer than ${limits.maxBytes} bytes`);
  }
}

function isDeeper(value: JsonValue, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  return Object.values(value).some((one) => isDeeper(one, levels - 1));
}

// What to do with a message by its type alone, before anybody looks at its payload (ARCP v1.0, section 21).

import { isExtensionName } from './extension-names.js';
import { isCoreType, REGISTRY } from './registry.js';

/**
 * What a type is:
 * - `core`: one of the 66;
 * - `core-typo`: begins like a core family but is none of it, such as `session.foo`, whatever follows;
 * - `extension`: a negotiated one; `unknown-extension`: one that was not;
 * - `experimental`: `x-` and something;
 * - `malformed`: anything else.
 */
export type TypeClass = 'core' | 'core-typo' | 'extension' | 'unknown-extension' | 'experimental' | 'malformed';

let families: ReadonlySet<string> | undefined;

/**
 * Classifies a type.
 *
 * @param extensions Names of the negotiated extensions.
 */
export function classify(type: string, extensions: readonly string[] = []): TypeClass {
  if (isCoreType(type)) return 'core';
  families ??= new Set(Object.keys(REGISTRY).map(firstSegment));
  // Before the grammar of extensions, which `session.foo.v1` would satisfy.
  if (type.includes('.') && families.has(firstSegment(type))) return 'core-typo';
  if (isExtensionName(type)) return extensions.includes(type) ? 'extension' : 'unknown-extension';
  return /^x-./.test(type) ? 'experimental' : 'malformed';
}

function firstSegment(type: string): string {
  return type.slice(0, (type.indexOf('.') + 1 || type.length + 1) - 1);
}

// Where a local `$ref` of a schema leads: `#`, `#/a/JSON/pointer` (RFC 6901) or `#anchor`. Nothing is ever fetched.

import { isObject } from '../../codec/is-object.js';
import type { JsonValue } from '../../codec/json-value.js';
import { DATA } from './keywords.js';

/** The local references of one schema. */
export class LocalRefs {
  readonly #root: JsonValue;
  /** What each anchor names; more than one is none. */
  #anchors: Map<string, JsonValue | undefined> | undefined;

  /** @param root The whole schema; not deeper than the stack bears. */
  constructor(root: JsonValue) {
    this.#root = root;
  }

  /** @returns What a reference names; `undefined` for one that leads elsewhere, to nothing, or to two places. */
  resolve(ref: string): JsonValue | undefined {
    if (!ref.startsWith('#')) return undefined;
    const fragment = decode(ref.slice(1));
    if (fragment === '') return this.#root;
    if (fragment?.startsWith('/')) return walk(this.#root, fragment.slice(1).split('/'));
    if (this.#anchors === undefined) {
      this.#anchors = new Map();
      this.#collect(this.#root, this.#anchors);
    }
    return fragment === undefined ? undefined : this.#anchors.get(fragment);
  }

  #collect(value: JsonValue, anchors: Map<string, JsonValue | undefined>): void {
    if (Array.isArray(value)) {
      for (const item of value) this.#collect(item, anchors);
    } else if (isObject(value)) {
      const name = Object.hasOwn(value, '$anchor') ? value.$anchor : undefined;
      if (typeof name === 'string') anchors.set(name, anchors.has(name) ? undefined : value);
      for (const keyword of Object.keys(value)) {
        if (!DATA.has(keyword)) this.#collect(value[keyword] as JsonValue, anchors);
      }
    }
  }
}

function decode(fragment: string): string | undefined {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return undefined;
  }
}

function walk(root: JsonValue, steps: readonly string[]): JsonValue | undefined {
  let at: JsonValue | undefined = root;
  for (const step of steps) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Readonly<Record<string, JsonValue>>)[name];
  }
  return at;
}

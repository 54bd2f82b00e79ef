import type { JsonObject } from './json-value.js';

/** Whether a value is an object of JSON: neither `null` nor an array. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// The names of metrics that ARCP v1.0, section 17 reserves, and what a sample of each looks like. Any other name is its
// sender's own.

import { isObject } from '../../codec/is-object.js';
import type { Metric } from '../wire/telemetry.js';

interface Reserved {
  readonly unit: string;
  /** A dimension with a meaning, and what it may be; any text where no list is there. */
  readonly dim?: { readonly name: string; readonly values?: readonly string[] };
  /** Digits after the point, at most. */
  readonly decimals?: number;
}

/** By name: a `Map`, so that no name is found on a prototype. */
const RESERVED: ReadonlyMap<string, Reserved> = new Map<string, Reserved>([
  ['tokens.used', { unit: 'tokens', dim: { name: 'kind', values: ['input', 'output', 'cache_read', 'cache_write'] } }],
  ['cost.usd', { unit: 'usd', decimals: 6 }],
  ['gpu.seconds', { unit: 'seconds' }],
  ['tool.invocations', { unit: 'count' }],
  ['latency.ms', { unit: 'ms', dim: { name: 'phase', values: ['queue', 'exec', 'total'] } }],
  ['bytes.in', { unit: 'bytes' }],
  ['bytes.out', { unit: 'bytes' }],
  ['errors.total', { unit: 'count', dim: { name: 'code' } }],
]);

/** Phases of `latency.ms`. */
export type LatencyPhase = 'queue' | 'exec' | 'total';

/**
 * Holds a sample to the meaning of its name: the unit, the digits, and the dimension where it is there.
 *
 * @throws {RangeError} a reserved name with something else. A name that is not reserved passes, whatever the sample.
 * @see ARCP v1.0, section 17
 */
export function assertMetric({ name, value, unit, dims }: Metric): void {
  const reserved = RESERVED.get(name);
  if (reserved === undefined) return;
  if (unit !== reserved.unit) throw new RangeError(`${name} must be in ${reserved.unit}, not ${unit}`);
  const { dim, decimals } = reserved;
  if (decimals !== undefined && value !== Number(value.toFixed(decimals))) {
    throw new RangeError(`${name} must have at most ${decimals} decimals, not be ${value}`);
  }
  if (dim === undefined || !isObject(dims) || !Object.hasOwn(dims, dim.name)) return;
  const said = dims[dim.name];
  if (typeof said !== 'string' || dim.values?.includes(said) === false) {
    throw new RangeError(`${name} must have a ${dim.name} of ${dim.values?.join(', ') ?? 'text'}`);
  }
}

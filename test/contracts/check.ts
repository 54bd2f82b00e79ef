// What the contract suites of ARCP assert with: no runner, so that pages and workers can run them too.

/** @throws when the two differ, deeply. A member that is `undefined` and one that is not there are the same. */
export function same(actual: unknown, expected: unknown): void {
  if (!equal(actual, expected)) throw new Error(`${describe(actual)} is not ${describe(expected)}`);
}

/** @throws unless an operation rejects or throws an error of that name and, where given, code. */
export async function refuses(operation: () => unknown, name: string, code?: string): Promise<void> {
  let refusal: unknown;
  try {
    await operation();
  } catch (error) {
    refusal = error;
  }
  const seen = refusal as { name?: string; code?: string } | undefined;
  if (seen?.name === name && (code === undefined || seen.code === code)) return;
  throw new Error(`${name} ${code ?? ''} was due, not ${String(refusal)}`);
}

function equal(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  // By tag: a store may hand back objects of another realm.
  if (Object.prototype.toString.call(a) !== Object.prototype.toString.call(b)) return false;
  if (a instanceof Uint8Array) {
    const [left, right] = [a, b as Uint8Array];
    return left.length === right.length && left.every((byte, i) => byte === right[i]);
  }
  if (Array.isArray(a) && a.length !== (b as unknown[]).length) return false;
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].every((name) => {
    const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
    const own = (value: object) => (Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined);
    return equal(own(left), own(right));
  });
}

function describe(value: unknown): string {
  const text = value === undefined ? 'undefined' : JSON.stringify(value);
  return text.length > 500 ? `${text.slice(0, 500)}...` : text;
}

/** A small source of numbers that repeats itself from the same seed: whole ones from 0 below `bound`. */
export function seededNumbers(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return (bound) => {
    // Mulberry32.
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

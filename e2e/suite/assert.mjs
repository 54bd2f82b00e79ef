// The little that the portable suite asserts with: no framework runs in all of its runtimes.

/** @param {unknown} value @param {string} [message] */
export function ok(value, message = 'not so') {
  if (!value) throw new Error(message);
}

/**
 * Deep equality of data: numbers (NaN and -0 told apart), strings, bytes, arrays, plain objects.
 *
 * @param {unknown} actual @param {unknown} expected @param {string} [message]
 */
export function equal(actual, expected, message = '') {
  if (!same(actual, expected)) throw new Error(`${message} ${show(actual)} is not ${show(expected)}`.trim());
}

/**
 * The error an action ends with.
 *
 * @param {() => unknown} action May return a promise.
 * @returns {Promise<any>}
 */
export async function failure(action) {
  let result;
  try {
    result = await action();
  } catch (error) {
    return error;
  }
  throw new Error(`no error, but ${show(result)}`);
}

/**
 * Demands an error with a code, or of a built-in class.
 *
 * @param {() => unknown} action May return a promise. @param {string | Function} expected @param {string} [message]
 */
export async function refuses(action, expected, message = '') {
  const error = await failure(action);
  const right = typeof expected === 'string' ? error?.code === expected : error instanceof expected;
  const due = typeof expected === 'string' ? expected : expected.name;
  if (!right) throw new Error(`${message} ${due} was due, not ${error?.code ?? ''} ${error}`.trim(), { cause: error });
}

/** @param {string} hex */
export function unhex(hex) {
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16));
}

/** @param {Uint8Array} bytes */
export function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** @param {any} a @param {any} b @returns {boolean} */
function same(a, b) {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  // By tag, not by class: what came through a port may be of another realm.
  if (Object.prototype.toString.call(a) !== Object.prototype.toString.call(b)) return false;
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => Object.hasOwn(b, name) && same(a[name], b[name]));
}

/** @param {unknown} value */
function show(value) {
  if (value instanceof Uint8Array) return `bytes ${hex(value)}`;
  const text = typeof value === 'object' ? JSON.stringify(value) : String(value);
  return text !== undefined && text.length > 300 ? `${text.slice(0, 300)}...` : text;
}

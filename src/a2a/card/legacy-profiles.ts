// A profile of signers that went their own way before RFC 8785: opt-in, and nobody pays for it who does not ask.

import { isObject } from '../../codec/is-object.js';
import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import { canonicalText } from './canonical-text.js';
import { type CanonicalProfile, pruneCard } from './profiles.js';

/**
 * The official Python SDK up to 1.1.2: pruned as in `sdk`, then Python's own JSON: names by code point, everything but
 * printable ASCII escaped, numbers as Python writes floats.
 */
export const pythonLegacy: CanonicalProfile = {
  name: 'pythonLegacy',
  canonicalize(card) {
    const pruned = pruneCard(card);
    // Refuses what RFC 8785 refuses: lone surrogates, for instance, and what is nested too deep.
    canonicalText(pruned);
    return write(pruned);
  },
};

function write(value: JsonValue): string {
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'number') return float(value);
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`;
  if (!isObject(value)) return `${value}`;
  const names = Object.keys(value).sort((a, b) => (codePointOrder(a) < codePointOrder(b) ? -1 : 1));
  return `{${names.map((name) => `${quote(name)}:${write((value as JsonObject)[name] as JsonValue)}`).join(',')}}`;
}

function quote(text: string): string {
  const escapeUnit = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(text).replace(/[\u007f-\uffff]/g, escapeUnit);
}

/** UTF-16 puts surrogates, which stand for the highest code points, before U+E000 to U+FFFF: swap the two ranges. */
function codePointOrder(name: string): string {
  return name.replace(/[\ud800-\uffff]/g, (unit) => {
    const code = unit.charCodeAt(0);
    return String.fromCharCode(code < 0xe000 ? code + 0x2000 : code - 0x800);
  });
}

/** `repr` of a Python float: positional from 1e-4 to below 1e16, and then always with a fraction. */
function float(value: number): string {
  if (Object.is(value, -0)) return '-0.0';
  const [digits, power] = value.toExponential().split('e') as [string, string];
  const exponent = Number(power);
  if (exponent >= -4 && exponent <= 15) return Number.isInteger(value) ? `${value}.0` : `${value}`;
  return `${digits}e${exponent < 0 ? '-' : '+'}${`${Math.abs(exponent)}`.padStart(2, '0')}`;
}

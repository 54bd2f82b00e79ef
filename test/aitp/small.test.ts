import { describe, expect, it } from 'vitest';
import {
  closedObject,
  hashText,
  listOf,
  oneOf,
  optional,
  readClosed,
  text,
  unknownMember,
  uriText,
} from '../../src/aitp/closed.js';
import { readManifestAddresses, writeManifestAddresses } from '../../src/aitp/extensions.js';
import { decodeNonce, isNonce, newNonce } from '../../src/aitp/nonce.js';
import { readClock, systemClockSec } from '../../src/aitp/timestamps.js';
import { isUuid, newUuid } from '../../src/aitp/uuid.js';
import { parseJsonStrict } from '../../src/codec/json.js';
import type { JsonValue } from '../../src/codec/json-value.js';
import { outcome } from './support.js';

describe('closed objects', () => {
  const shape = closedObject({
    a: text,
    b: optional(closedObject({ c: oneOf('x', 'y') })),
    d: optional(listOf(text, { min: 1, unique: true })),
  });
  const read = (value: JsonValue) => outcome(() => readClosed(shape, value, 'MANIFEST_INVALID', 'thing'));

  it.each<[JsonValue, string]>([
    [{ a: '' }, 'accepted'],
    [{ a: '', b: { c: 'x' }, d: ['1'] }, 'accepted'],
    [{}, 'MANIFEST_INVALID'],
    [[], 'MANIFEST_INVALID'],
    [null, 'MANIFEST_INVALID'],
    [{ a: '', b: null }, 'MANIFEST_INVALID'],
    [{ a: '', b: { c: 'z' } }, 'MANIFEST_INVALID'],
    [{ a: '', d: [] }, 'MANIFEST_INVALID'],
    [{ a: '', d: ['1', '1'] }, 'MANIFEST_INVALID'],
    [{ a: '', d: ['1', 2] }, 'MANIFEST_INVALID'],
    [{ a: '', e: 1 }, 'UNKNOWN_FIELD'],
    [{ a: '', b: { c: 'x', d: 1 } }, 'UNKNOWN_FIELD'],
    [{ a: '', b: { c: 'x', d: 1 }, d: [] }, 'MANIFEST_INVALID'],
    [{ a: '', toString: 'x' }, 'UNKNOWN_FIELD'],
    [parseJsonStrict('{"a":"","__proto__":{}}'), 'UNKNOWN_FIELD'],
    [parseJsonStrict('{"__proto__":{"a":""}}'), 'MANIFEST_INVALID'],
  ])('%j: %s', async (value, code) => {
    expect(await read(value)).toBe(code);
  });

  it('a read object holds what is known and nothing else', () => {
    expect(readClosed(shape, { a: '1' }, 'MANIFEST_INVALID', 'thing')).toEqual({ a: '1' });
    expect(unknownMember({ a: 1, b: 2 }, ['a'])).toBe('b');
    expect(unknownMember({ a: 1 }, ['a'])).toBeUndefined();
  });

  it('a hash is 32 bytes without spare bits, and a URI is absolute', async () => {
    const is = (kind: typeof text, value: JsonValue) => outcome(() => readClosed(kind, value, 'TCT_EXPIRED', 'x'));
    expect(await is(hashText, 'A'.repeat(43))).toBe('accepted');
    expect(await is(hashText, `${'A'.repeat(42)}B`)).toBe('TCT_EXPIRED');
    expect(await is(hashText, 'A'.repeat(44))).toBe('TCT_EXPIRED');
    for (const uri of ['https://a', 'https://a/', 'urn:a:b']) expect(await is(uriText, uri)).toBe('accepted');
    for (const uri of ['a', '/a', ' https://a', 'https://a\n', 'https://\u{e9}', 7]) {
      expect(await is(uriText, uri)).toBe('TCT_EXPIRED');
    }
  });
});

describe('nonces, identifiers and time', () => {
  it('nonces are 16 bytes in 22 characters', () => {
    expect(newNonce(() => new Uint8Array(16))).toBe('A'.repeat(22));
    expect(newNonce()).not.toBe(newNonce());
    expect(decodeNonce('AAECAwQFBgcICQoLDA0ODw')).toEqual(Uint8Array.from({ length: 16 }, (_, i) => i));
    for (const other of ['', 'A'.repeat(21), 'A'.repeat(23), `${'A'.repeat(21)}B`, `${'A'.repeat(20)}==`, 7]) {
      expect(isNonce(other)).toBe(false);
    }
    expect(() => newNonce(() => new Uint8Array(15))).toThrow(RangeError);
  });

  it('identifiers are UUIDs of version 4 in lower case', () => {
    expect(newUuid(() => new Uint8Array(16).fill(0xff))).toBe('ffffffff-ffff-4fff-bfff-ffffffffffff');
    expect(isUuid(newUuid())).toBe(true);
    const id = '770e8400-e29b-41d4-a716-446655441006';
    for (const other of [id.toUpperCase(), `${id}\n`, id.replaceAll('-', ''), id.replace('a716', 'c716'), 7]) {
      expect(isUuid(other)).toBe(false);
    }
  });

  it('a clock tells whole seconds', () => {
    expect(readClock(systemClockSec)).toBeGreaterThan(1_700_000_000);
    expect(() => readClock(() => Number.NaN)).toThrow(RangeError);
    expect(() => readClock(7 as never)).toThrow(TypeError);
  });
});

describe('addresses in a Manifest', () => {
  it('are written under their keys, and read back', () => {
    const addresses = {
      verifyUri: 'https://a.example/v',
      renewUri: 'https://a.example/r',
      delegationVerifyUri: 'https://a.example/d',
      revocationListUri: 'https://a.example/l',
      bundleUri: 'https://a.example/b',
    };
    const written = writeManifestAddresses(addresses, { other: 1 });
    expect(written).toMatchObject({ other: 1, 'rfc-aitp-0008.revocation_list_uri': 'https://a.example/l' });
    expect(readManifestAddresses(written)).toEqual(addresses);
  });

  it('of another kind are as good as absent', () => {
    for (const value of [7, null, 'http://a.example', 'https://', 'https://a b', {}]) {
      expect(readManifestAddresses({ 'rfc-aitp-0005.renew_uri': value as JsonValue })).toEqual({});
    }
    expect(readManifestAddresses()).toEqual({});
  });
});

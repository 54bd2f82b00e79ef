import { describe, expect, it } from 'vitest';
import { kindOf, saysOf, spoil } from '../../demo/page/trust/message.js';

const segment = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const TCT = `${segment({ alg: 'EdDSA' })}.${segment({ grants: ['calendar.read', 'calendar.\u00fc'] })}.c2lnbmVk`;
const envelope = (message_type: string, payload: unknown) => JSON.stringify({ message_type, payload });
const HELLO = envelope('mutual_hello', { pop_nonce: 'n', requested_grants: ['calendar.read', 'calendar.add'] });
const COMMIT = envelope('mutual_commit', { grant_voucher: 'a.b.c', tct: TCT });

/** Characters in which two texts of one length differ. */
const differing = (one: string, other: string) => [...one].filter((character, at) => character !== other[at]).length;

describe('a message of the handshake, as it is shown', () => {
  it('says what is wanted in the first round, and what is granted in the second', () => {
    expect(saysOf(HELLO)).toBe('wants calendar.read, calendar.add');
    expect(saysOf(COMMIT)).toMatch(/^grants calendar\.read, calendar\./);
    expect(saysOf(envelope('error', { code: 'INVALID_SIGNATURE' }))).toBe('');
  });

  it('is shown even where its token is none', () => {
    for (const tct of ['', '..', 'a.!.b', `a.${segment('no object')}.b`, `a.${segment({ no: 'grants' })}.b`]) {
      expect(saysOf(envelope('mutual_commit', { tct }))).toBe('grants something illegible');
    }
  });

  it('has a kind, unless it is no message', () => {
    expect([kindOf(HELLO), kindOf('{'), kindOf('')]).toEqual(['mutual_hello', '', '']);
  });
});

describe('a spoiled message', () => {
  it.each([
    ['hello', HELLO],
    ['commit', COMMIT],
  ])('%s differs in one character, and is JSON still', (_name, text) => {
    const spoiled = spoil(text);
    expect(spoiled.length).toBe(text.length);
    expect(differing(text, spoiled)).toBe(1);
    expect(kindOf(spoiled)).toBe(kindOf(text));
  });

  it('differs from what it was also where that ends in the character that is put in', () => {
    const text = envelope('mutual_hello', { requested_grants: ['x'] });
    expect(differing(text, spoil(text))).toBe(1);
  });
});

// Nothing of a token can be changed: every bit of every character, every byte of what the parts decode to, every cut.

import { beforeAll, describe, expect, it } from 'vitest';
import { encodeUtf8 } from '../../src/bytes/utf8.js';
import { decodeBase64url, encodeBase64url } from '../../src/codec/base64url.js';
import { keySet } from '../../src/documents/jwks.js';
import { signCompact } from '../../src/documents/sign.js';
import { signerFromJwk } from '../../src/documents/signer.js';
import { verifyCompact } from '../../src/documents/verify.js';
import keys from '../../vectors/jose/keys.json' with { type: 'json' };

const set = keySet(keys.map(({ publicJwk }) => publicJwk));

/** Resolves with the code a token is refused with, or `accepted`. */
async function verdict(token: string): Promise<string> {
  try {
    await verifyCompact(token, { keys: set });
    return 'accepted';
  } catch (error) {
    expect(error, token).toMatchObject({ name: 'VerifyError' });
    return (error as { code: string }).code;
  }
}

async function refuseAll(tokens: readonly string[]): Promise<void> {
  const verdicts = await Promise.all(tokens.map(verdict));
  expect(tokens.filter((_, i) => verdicts[i] === 'accepted')).toEqual([]);
}

describe.each(keys.slice(0, 2))('a token signed by $name', ({ privateJwk }) => {
  let token: string;

  beforeAll(async () => {
    token = await signCompact(encodeUtf8('{"iss":"me"}'), await signerFromJwk(privateJwk), {
      typ: 'JWT',
      n: [1, { a: '~?' }],
    });
    expect(await verdict(token)).toBe('accepted');
  });

  it('is refused with any bit of any character flipped', async () => {
    const changed: string[] = [];
    for (let at = 0; at < token.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const character = String.fromCharCode(token.charCodeAt(at) ^ (1 << bit));
        changed.push(token.slice(0, at) + character + token.slice(at + 1));
      }
    }
    await refuseAll(changed);
  }, 60_000);

  it('is refused with any byte of any part changed, however well encoded', async () => {
    const changed: string[] = [];
    const parts = token.split('.');
    for (const [part, text] of parts.entries()) {
      const bytes = decodeBase64url(text);
      for (let at = 0; at < bytes.length; at++) {
        for (const mask of [0x01, 0x80, 0xff]) {
          const other = encodeBase64url(bytes.with(at, (bytes[at] as number) ^ mask));
          changed.push(parts.with(part, other).join('.'));
        }
      }
    }
    await refuseAll(changed);
  }, 60_000);

  it('is refused cut off anywhere, at either end', async () => {
    const cuts = Array.from({ length: token.length }, (_, at) => token.slice(0, at));
    const tails = Array.from({ length: token.length }, (_, at) => token.slice(at + 1));
    await refuseAll([...cuts, ...tails]);
  }, 60_000);

  it('is refused with any character taken out, doubled, or put in', async () => {
    const changed: string[] = [];
    for (let at = 0; at <= token.length; at++) {
      const [before, after] = [token.slice(0, at), token.slice(at)];
      for (const extra of ['A', '.', '=', ' ', '\n', '\0', '\u00e9']) changed.push(before + extra + after);
      if (after !== '') changed.push(before + after.slice(1), before + after.charAt(0) + after);
    }
    await refuseAll(changed);
  }, 60_000);
});

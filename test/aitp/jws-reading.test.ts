import { describe, expect, it } from 'vitest';
import { parseJws, signJws, verifyJws } from '../../src/aitp/jws-profile.js';
import { aitpSignerFromSeed } from '../../src/aitp/signer.js';
import { SdkError } from '../../src/errors.js';

const CODE = 'TCT_SIGNATURE_INVALID';
const OPTIONS = { typ: 'aitp-tct+jwt', code: CODE } as const;
const signer = await aitpSignerFromSeed(new Uint8Array(32).fill(1));
const claimsOf = (note: string) => ({ ver: 'aitp/0.2', iss: signer.aid, note });
const mint = (note: string) => signJws(claimsOf(note), 'aitp-tct+jwt', signer);
const segment = (text: string) => Buffer.from(text).toString('base64url');

/** The token with another header, signed anew over what it then is. */
async function withHeader(header: string): Promise<string> {
  const covered = `${segment(header)}.${(await mint('a')).split('.')[1]}`;
  return `${covered}.${Buffer.from(await signer.sign(Buffer.from(covered))).toString('base64url')}`;
}

function codeOf(call: () => unknown): string | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    return error instanceof SdkError ? error.code : String(error);
  }
}

describe('a token as it is read', () => {
  it('is the same whether its header is known by its text or has to be parsed', async () => {
    const claimNames = ['ver', 'iss', 'note'];
    for (const header of [
      '{"alg":"EdDSA","typ":"aitp-tct+jwt"}',
      '{"typ":"aitp-tct+jwt","alg":"EdDSA"}',
      ' { "alg" : "EdDSA" , "typ" : "aitp-tct+jwt" } ',
      '{"\\u0061lg":"EdDSA","typ":"aitp-tct\\u002bjwt"}',
    ]) {
      const { alg, typ, claims } = await verifyJws(await withHeader(header), { ...OPTIONS, claimNames });
      expect({ alg, typ, claims }).toEqual({ alg: 'EdDSA', typ: 'aitp-tct+jwt', claims: claimsOf('a') });
    }
  });

  it.each([
    ['with kid, a third parameter', '{"alg":"EdDSA","typ":"aitp-tct+jwt","kid":"1"}'],
    ['with a parameter twice', '{"alg":"EdDSA","alg":"EdDSA","typ":"aitp-tct+jwt"}'],
    ['without alg', '{"typ":"aitp-tct+jwt"}'],
    ['that is no object', '["EdDSA","aitp-tct+jwt"]'],
    ['with text behind it', '{"alg":"EdDSA","typ":"aitp-tct+jwt"}}'],
  ])('[16.26] is refused for a header %s', async (_, header) => {
    const token = await withHeader(header);
    expect(codeOf(() => parseJws(token, OPTIONS))).toBe(`ERR_AITP_${CODE}`);
  });

  it('covers header and claims, byte for character', async () => {
    const token = await mint('a');
    const { covered } = parseJws(token, OPTIONS);
    expect(Buffer.from(covered).toString('latin1')).toBe(token.slice(0, token.lastIndexOf('.')));
  });

  it('leaves nothing behind for the next one, longer or shorter', async () => {
    const notes = ['x'.repeat(2_000), 'y', '', 'z'.repeat(5_000), 'w'];
    const tokens = await Promise.all(notes.map(mint));
    const read = [...tokens, ...tokens].map((token) => parseJws(token, OPTIONS));
    expect(read.map(({ claims }) => claims)).toEqual([...notes, ...notes].map(claimsOf));
    expect(new Set(read.map(({ signature }) => signature.buffer)).size).toBe(read.length);
  });

  it('is refused for a character beyond ASCII in any segment', async () => {
    const token = await mint('a');
    const places = [3, token.indexOf('.') + 3, token.lastIndexOf('.') + 3];
    for (const at of places) {
      for (const strange of ['\u00e4', '\u0141', '\ud83d', '\u{1f600}']) {
        const changed = token.slice(0, at) + strange + token.slice(at + strange.length);
        expect(codeOf(() => parseJws(changed, OPTIONS))).toBe(`ERR_AITP_${CODE}`);
      }
    }
  });
});

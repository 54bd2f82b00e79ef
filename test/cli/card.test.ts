// Cards in files: signing them, verifying them, what a signature covers, and everything that is refused.

import { chmod } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../src/cli/run.js';
import { decodeBase64url } from '../../src/codec/base64url.js';
import { canonicalize } from '../../src/codec/jcs.js';
import { CARD, card, ED25519_JWK, EMPTY_CARD, Folder, P256_JWK, publicJwk } from './card-files.js';
import { MemoryIo } from './memory-io.js';

const OTHER_DID = 'did:key:z6MkehRgf7yJbgaGfYsdoAsKdBPE3dj2CYhowQdcjqSJgvVd';

let folder: Folder;
let at: (name: string) => string;

beforeEach(async () => {
  folder = await Folder.make();
  at = (name) => folder.at(name);
});
afterEach(() => folder.remove());

/** Signs a card and gives it parsed. */
async function signed(content: unknown, ...words: string[]) {
  const file = await folder.write('unsigned.json', content);
  const { code, out, err } = await card(['sign', file, ...words]);
  expect([code, err]).toEqual([0, '']);
  return JSON.parse(out);
}

/** Verifies what stands in standard input. */
async function verdict(input: string | Uint8Array, ...words: string[]) {
  const keys = words.includes('--keys') || words.includes('--did') ? [] : ['--keys', at('keys.json')];
  const { code, out, err } = await card(['verify', '-', ...keys, ...words], new MemoryIo({ input }));
  expect(out).toMatch(/^[^\n]+\n$/);
  return { code, err, verdict: JSON.parse(out) };
}

const headerOf = (entry: { protected: string }) =>
  JSON.parse(new TextDecoder().decode(decodeBase64url(entry.protected)));

describe('card sign', () => {
  it('prints the card with one signature, as JSON to keep in a file', async () => {
    const { code, out, err } = await card(['sign', at('card.json'), '--jwk', at('ed.jwk')]);
    expect([code, err]).toEqual([0, '']);
    const { signatures, ...rest } = JSON.parse(out);
    expect(rest).toEqual(CARD);
    expect(signatures).toEqual([{ protected: expect.any(String), signature: expect.any(String) }]);
    expect(headerOf(signatures[0])).toEqual({ alg: 'EdDSA', typ: 'JOSE', kid: 'ed' });
    expect(out).toBe(`${JSON.stringify(JSON.parse(out), null, 2)}\n`);
  });

  it.each([
    ['the kid of the JWK', ED25519_JWK, [], 'ed'],
    [
      'its thumbprint (RFC 8037, A.3)',
      { ...ED25519_JWK, kid: undefined },
      [],
      'kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k',
    ],
    ['the one given', ED25519_JWK, ['--kid', 'mine'], 'mine'],
  ])('names the key by %s', async (_name, jwk, words, kid) => {
    const { signatures } = await signed(CARD, '--jwk', await folder.write('a.jwk', jwk), ...words);
    expect(headerOf(signatures[0]).kid).toBe(kid);
  });

  it('signs as an identity, for whoever knows its DID', async () => {
    const io = new MemoryIo();
    await run(['id', 'new', '--identity', at('id.json')], io);
    const did = io.outText.trim();
    const input = JSON.stringify(await signed(CARD, '--identity', at('id.json')));
    expect(await verdict(input, '--did', did)).toMatchObject({
      code: 0,
      verdict: { ok: true, kid: did, alg: 'EdDSA' },
    });
    expect(await verdict(input, '--did', OTHER_DID)).toMatchObject({ code: 1, verdict: { code: 'key_not_found' } });
  });

  it('puts in where the key is, when told to', async () => {
    const { signatures } = await signed(CARD, '--jwk', at('p.jwk'), '--jku', 'https://agent.example/keys');
    expect(headerOf(signatures[0])).toEqual({ alg: 'ES256', typ: 'JOSE', kid: 'p', jku: 'https://agent.example/keys' });
  });

  it.each([
    [CARD, [], 1],
    [CARD, ['--dual'], 1],
    [EMPTY_CARD, [], 1],
    [EMPTY_CARD, ['--dual'], 2],
  ])(
    'signs the form of the official SDKs only where it differs, and only when told to (%#)',
    async (content, words, count) => {
      const { signatures } = await signed(content, '--jwk', at('ed.jwk'), ...words);
      expect(signatures).toHaveLength(count);
    },
  );

  it('makes a dual signature of which each half verifies by itself', async () => {
    const both = await signed(EMPTY_CARD, '--jwk', at('ed.jwk'), '--dual');
    for (const [i, profile] of ['spec', 'sdk'].entries()) {
      const half = JSON.stringify({ ...both, signatures: [both.signatures[i]] });
      expect((await verdict(half)).verdict).toMatchObject({ ok: true, profile });
    }
  });

  it('keeps earlier signatures and says so, or drops them', async () => {
    const first = await folder.write('first.json', await signed(CARD, '--jwk', at('ed.jwk')));
    const kept = await card(['sign', first, '--jwk', at('p.jwk')]);
    expect(JSON.parse(kept.out).signatures.map(headerOf)).toMatchObject([{ kid: 'ed' }, { kid: 'p' }]);
    expect(kept.err).toMatch(/^ringline: [^\n]+--replace\n$/);
    const replaced = await card(['sign', first, '--jwk', at('p.jwk'), '--replace']);
    expect(JSON.parse(replaced.out).signatures.map(headerOf)).toMatchObject([{ kid: 'p' }]);
    expect(replaced.err).toBe('');
  });

  it('shows what a terminal would act on as text, and still signs it', async () => {
    const { out } = await card([
      'sign',
      await folder.write('a.json', { ...CARD, name: '\u009b2J\u202e' }),
      '--jwk',
      at('ed.jwk'),
    ]);
    expect(out).toMatch(/^[\x20-\x7e\n]+$/);
    expect(JSON.parse(out).name).toBe('\u009b2J\u202e');
    expect((await verdict(out)).verdict.ok).toBe(true);
  });

  it('warns when others can read the private key', async () => {
    await chmod(at('ed.jwk'), 0o644);
    const { code, err } = await card(['sign', at('card.json'), '--jwk', at('ed.jwk')]);
    expect([code, err]).toEqual([0, expect.stringMatching(/^ringline: [^\n]*chmod 600 [^\n]+\n$/)]);
  });

  it.each([
    ['a public key', publicJwk(ED25519_JWK)],
    ['a JWK Set', { keys: [ED25519_JWK] }],
    ['parts of two keys', { ...ED25519_JWK, d: P256_JWK.d }],
    ['a secret key', { kty: 'oct', k: 'AAAA' }],
    ['a list', [ED25519_JWK]],
    ['no JSON', 'SECRET'],
    ['too much', ' '.repeat(65_537)],
  ])('refuses %s in place of a private key, and shows nothing of it', async (_name, content) => {
    const jwk = await folder.write('a.jwk', content);
    const { code, out, err } = await card(['sign', at('card.json'), '--jwk', jwk]);
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/^ringline: [^\n]+a\.jwk holds no private key[^\n]+\n$/);
    expect(err).not.toMatch(/SECRET|nWGxne|jpsQnn/);
  });

  it.each([
    ['without a required member', { ...CARD, version: undefined }],
    ['with a member v1.0 does not know', { ...CARD, vendor: 1 }],
    ['of 0.3', { name: 'Old', url: 'https://agent.example/' }],
    ['with the same name twice', `{"name":"a","name":"b",${JSON.stringify(CARD).slice(1)}`],
  ])('refuses a card %s', async (_name, content) => {
    const file = await folder.write('bad.json', content);
    const { code, out, err } = await card(['sign', file, '--jwk', at('ed.jwk')]);
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/^ringline: [^\n]+\n$/);
  });
});

describe('card verify', () => {
  it('prints who signed, how, and what is not covered', async () => {
    const input = JSON.stringify({ ...(await signed(CARD, '--jwk', at('p.jwk'))), xEvil: { a: 1 } });
    expect(await verdict(input)).toEqual({
      code: 0,
      err: '',
      verdict: { ok: true, kid: 'p', alg: 'ES256', profile: 'spec', uncovered: ['/xEvil'] },
    });
  });

  it('reads a file as it reads standard input', async () => {
    const file = await folder.write('signed.json', await signed(CARD, '--jwk', at('ed.jwk')));
    const { code, out, err } = await card(['verify', file, '--keys', at('keys.json')]);
    expect({ code, out, err }).toEqual({
      code: 0,
      out: '{"ok":true,"kid":"ed","alg":"EdDSA","profile":"spec","uncovered":[]}\n',
      err: '',
    });
  });

  it('refuses a card that was changed, and names every attempt for people only', async () => {
    const changed = JSON.stringify({ ...(await signed(CARD, '--jwk', at('ed.jwk'))), version: '9' });
    const expected = { ok: false, code: 'verification_failed', message: expect.any(String) };
    expect(await verdict(changed)).toEqual({
      code: 1,
      err: 'ringline: signatures[0] (EdDSA, ed): verification_failed\n',
      verdict: expected,
    });
    expect(await verdict(changed, '--json')).toEqual({ code: 1, err: '', verdict: expected });
  });

  it.each([
    ['nothing', '', 'invalid_card'],
    ['no JSON', 'x', 'invalid_card'],
    ['no object', '[]', 'invalid_card'],
    ['a byte order mark', `\ufeff${JSON.stringify(CARD)}`, 'invalid_card'],
    ['bytes that are not UTF-8', Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d), 'invalid_card'],
    ['a lone surrogate in bytes', Uint8Array.of(0x22, 0xed, 0xa0, 0x80, 0x22), 'invalid_card'],
    ['the same name twice', '{"name":"a","name":"b"}', 'invalid_card'],
    ['a lone surrogate as an escape', '{"name":"\\ud800"}', 'canonicalization_failed'],
    ['more than 1 MiB', ' '.repeat(1_048_577), 'invalid_card'],
    ['a card without signatures', JSON.stringify(CARD), 'missing_signatures'],
    ['signatures that are none', JSON.stringify({ ...CARD, signatures: [1, {}] }), 'invalid_entry'],
  ])('answers %s with its code, from a file too', async (_name, input, code) => {
    expect(await verdict(input, '--json')).toEqual({
      code: 1,
      err: '',
      verdict: { ok: false, code, message: expect.any(String) },
    });
    const { out } = await card(['verify', await folder.write('a.json', input), '--keys', at('keys.json'), '--json']);
    expect(JSON.parse(out)).toMatchObject({ ok: false, code });
  });

  it('answers standard input of more than 1 MiB with a verdict', async () => {
    const io = new MemoryIo();
    io.readInputBytes = async () => {
      throw new RangeError('standard input holds more than 1 MiB');
    };
    const { code, out } = await card(['verify', '-', '--keys', at('keys.json')], io);
    expect([code, JSON.parse(out).code]).toEqual([1, 'invalid_card']);
  });

  it.each([
    [['--profile', 'spec'], 'spec'],
    [['--profile', 'sdk'], undefined],
    [['--profile', 'sdk', '--profile', 'raw'], 'raw'],
    [['--profile', 'pythonLegacy', '--profile', 'sdk'], undefined],
  ])('tries the profiles of %j and no other', async (words, profile) => {
    const file = await signed({ ...EMPTY_CARD, iconUrl: undefined }, '--jwk', at('ed.jwk'));
    const answer = await verdict(JSON.stringify(file), '--json', ...words);
    expect(answer.verdict).toMatchObject(
      profile === undefined ? { ok: false, code: 'verification_failed' } : { ok: true, profile },
    );
  });

  it.each([
    [['--allow', 'EdDSA'], true],
    [['--allow', 'ES256'], false],
    [['--allow', 'ES256', '--allow', 'EdDSA'], true],
    [['--allow', 'eddsa'], false],
    [['--allow', 'none'], false],
  ])('accepts the algorithms of %j and no other', async (words, ok) => {
    const input = JSON.stringify(await signed(CARD, '--jwk', at('ed.jwk')));
    const answer = await verdict(input, '--json', ...words);
    expect(answer.verdict).toMatchObject(ok ? { ok } : { ok, code: 'unsupported_algorithm' });
  });

  it('refuses "none" whatever is allowed, and tells a person so', async () => {
    const header = btoa('{"alg":"none","kid":"ed"}').replaceAll('=', '');
    const input = JSON.stringify({ ...CARD, signatures: [{ protected: header, signature: 'AA' }] });
    const { code, err, verdict: answer } = await verdict(input, '--allow', 'none');
    expect([code, answer.code]).toEqual([1, 'unsupported_algorithm']);
    expect(err).toContain('allows nothing');
  });

  it('takes a key of the set by its kid alone', async () => {
    const input = JSON.stringify(await signed(CARD, '--jwk', at('ed.jwk'), '--kid', 'p'));
    expect((await verdict(input)).verdict.code).toBe('key_unusable');
    const unknown = JSON.stringify(await signed(CARD, '--jwk', at('ed.jwk'), '--kid', 'other'));
    expect((await verdict(unknown)).verdict.code).toBe('key_not_found');
  });

  it('shows a kid that a terminal would act on as text', async () => {
    const input = JSON.stringify(await signed(CARD, '--jwk', at('ed.jwk'), '--kid', '\u009b2J'));
    const { err, verdict: answer } = await verdict(input);
    expect(answer.code).toBe('key_not_found');
    expect(err).toMatch(/^[\x20-\x7e]+\n$/);
  });

  it('tells a person when the set holds private keys', async () => {
    const keys = await folder.write('private.json', { keys: [ED25519_JWK] });
    const input = JSON.stringify(await signed(CARD, '--jwk', at('ed.jwk')));
    expect(await verdict(input, '--keys', keys)).toMatchObject({
      code: 0,
      err: expect.stringContaining('private keys'),
    });
    expect(await verdict(input, '--keys', keys, '--json')).toMatchObject({ code: 0, err: '' });
  });

  it.each([
    ['no JSON', 'x'],
    ['bytes that are not UTF-8', Uint8Array.of(0xff)],
    ['a key', publicJwk(ED25519_JWK)],
    ['a list', [publicJwk(ED25519_JWK)]],
    ['101 keys', { keys: Array(101).fill(publicJwk(ED25519_JWK)) }],
    ['too much', ' '.repeat(262_145)],
  ])('says in one line what a JWK Set is when the file holds %s', async (_name, content) => {
    const keys = await folder.write('bad.json', content);
    const { code, out, err } = await card(['verify', at('card.json'), '--keys', keys]);
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/^ringline: [^\n]+bad\.json is no JWK Set: [^\n]+\n$/);
    const quiet = await card(['verify', at('card.json'), '--keys', keys, '--json']);
    expect(JSON.parse(quiet.err).error.code).toBe('ERR_VERIFY_KEY_UNUSABLE');
  });

  it.each([
    ['the card', () => ['verify', at('none.json'), '--keys', at('keys.json')]],
    ['the keys', () => ['verify', at('card.json'), '--keys', at('none.json')]],
    ['the private key', () => ['sign', at('card.json'), '--jwk', at('none.json')]],
    ['the identity', () => ['sign', at('card.json'), '--identity', at('none.json')]],
    ['a card to canonicalize', () => ['canonical', at('none.json')]],
    ['a card to serve', () => ['serve', at('none.json')]],
  ])('says in one line what to do when there is no file of %s', async (_name, words) => {
    const { code, out, err } = await card(words());
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/^ringline: there is no [^\n]+none\.json: [^\n]+\n$/);
  });

  it('refuses a folder in place of a card', async () => {
    const { code, out } = await card(['verify', folder.path, '--keys', at('keys.json')]);
    expect([code, JSON.parse(out).code]).toEqual([1, 'invalid_card']);
  });
});

describe('card canonical', () => {
  it.each([
    [[], { ...CARD, iconUrl: '', skills: [] }],
    [['--profile', 'spec'], { ...CARD, iconUrl: '', skills: [] }],
    [['--profile', 'sdk'], { ...CARD, skills: undefined }],
    [['--profile', 'specKeepUnknown'], { ...CARD, iconUrl: '', skills: [], vendor: '' }],
    [['--profile', 'raw'], { ...CARD, iconUrl: '', skills: [], vendor: '' }],
  ])('%j prints the text of the profile and nothing else', async (words, covered) => {
    const input = JSON.stringify({ ...EMPTY_CARD, vendor: '', signatures: [] });
    const { code, out, err } = await card(['canonical', '-', ...words], new MemoryIo({ input }));
    expect([code, err]).toEqual([0, '']);
    expect(out).toBe(canonicalize(JSON.parse(JSON.stringify(covered))));
  });

  it('prints the text of older Python as well', async () => {
    const input = JSON.stringify({ ...CARD, name: 'Gr\u00fc\u00dfe' });
    const { out } = await card(['canonical', '-', '--profile', 'pythonLegacy'], new MemoryIo({ input }));
    expect(out).toContain('"name":"Gr\\u00fc\\u00dfe"');
  });

  it('fails with a line for a card that has none', async () => {
    const { code, out, err } = await card(['canonical', '-'], new MemoryIo({ input: '{"name":"\\ud800"}' }));
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/^ringline: [^\n]+\n$/);
  });
});

describe('card lint', () => {
  it('has nothing to say about a card that every verifier reads alike', async () => {
    expect(await card(['lint', at('card.json')])).toEqual({ code: 0, out: '', err: '' });
  });

  it('prints a line for each finding, and ends with 1', async () => {
    const { code, out, err } = await card(['lint', await folder.write('a.json', EMPTY_CARD)]);
    expect([code, err]).toEqual([1, '']);
    const lines = out.split('\n').sort();
    expect(lines).toEqual([
      '',
      '{"code":"empty_required","pointer":"/skills"}',
      '{"code":"empty_value","pointer":"/iconUrl"}',
    ]);
  });
});

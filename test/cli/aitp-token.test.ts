// `ringline aitp token` and `ringline aitp delegate`: what is granted and passed on, and to whom not.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyTct } from '../../src/aitp/tct.js';
import { verifyVoucher } from '../../src/aitp/voucher.js';
import { aitp, claims, NOW, Stage, setClock } from './aitp-files.js';
import { MemoryIo } from './memory-io.js';

let stage: Stage;
beforeEach(async () => {
  stage = await Stage.make();
});
afterEach(() => stage.remove());

const WAIVED = {
  issuerManifest: { dangerouslyIgnoreIssuerManifest: true },
  revocation: { dangerouslyIgnoreRevocation: true },
} as const;

/** The code with which a command fails. */
async function failure(words: readonly string[], io?: MemoryIo): Promise<string> {
  const { code, out, err } = await aitp([...words, '--json'], io);
  expect([code, out]).toEqual([1, '']);
  return JSON.parse(err).error.code;
}

describe('aitp token', () => {
  it('prints a token for its holder, and tells a person what it is good for', async () => {
    const { code, out, err } = await aitp(stage.tokenWords('--no-manifest'));
    expect(code).toBe(0);
    const { a, b } = stage;
    const tct = await verifyTct(out.trim(), { issuer: a.aid, audience: b.aid, now: () => NOW, ...WAIVED });
    expect(tct).toMatchObject({ grants: ['read', 'write'], issuedAtSec: NOW, expiresAtSec: NOW + 3_600 });
    expect(out).toBe(`${tct.token}\n`);
    expect(err).toContain(`${b.aid}\nmay use read, write\nuntil 2027-01-15 09:00:00 UTC (60 minutes from now).\n`);
    expect(err).toContain(`--jti ${tct.jti}\n`);
  });

  it('prints the voucher on a second line when the holder may delegate', async () => {
    const { out, err } = await aitp(stage.tokenWords('--no-manifest', '--voucher', '--ttl', '60'));
    const [tct = '', voucher, ...rest] = out.split('\n');
    expect(rest).toEqual(['']);
    const read = await verifyVoucher(voucher, { verifier: stage.a.aid, now: () => NOW });
    expect(read).toMatchObject({ sourceJti: claims(tct).jti, subject: stage.b.aid, expiresAtSec: NOW + 60 });
    expect(err).toContain('and delegate it');
  });

  it('names the agent by its did:key as well', async () => {
    const words = ['token', stage.b.did, '--identity', stage.a.file, '--grant', 'read', '--no-manifest'];
    expect(claims((await aitp(words)).out).sub).toBe(stage.b.aid);
  });

  it('prints everything as one line with --json, and says nothing', async () => {
    const { out, err } = await aitp(stage.tokenWords('--no-manifest', '--voucher', '--json'));
    const { tct, grant_voucher, ...rest } = JSON.parse(out);
    const { jti } = claims(tct);
    expect(claims(grant_voucher).src_jti).toBe(jti);
    expect(rest).toEqual({ jti, subject: stage.b.aid, grants: ['read', 'write'], expires_at: NOW + 3_600 });
    expect([out.split('\n').length, err]).toEqual([2, '']);
    const alone = JSON.parse((await aitp(stage.tokenWords('--no-manifest', '--json'))).out);
    expect(alone).not.toHaveProperty('grant_voucher');
  });

  it('ends with the Manifest at the latest', async () => {
    const manifest = await stage.keep('m.json', stage.manifestWords('--ttl', '100'));
    const { out } = await aitp(stage.tokenWords('--manifest', manifest));
    expect(claims(out).exp).toBe(NOW + 100);
  });

  it('takes the Manifest from standard input', async () => {
    const { out: input } = await aitp(stage.manifestWords('--json'));
    const { code } = await aitp(stage.tokenWords('--manifest', '-'), new MemoryIo({ input }));
    expect(code).toBe(0);
  });

  it('grants nothing its Manifest does not offer', async () => {
    const manifest = await stage.keep('m.json', stage.manifestWords());
    expect(await failure(stage.tokenWords('--grant', 'admin', '--manifest', manifest))).toBe(
      'ERR_AITP_POLICY_VIOLATION',
    );
  });

  it('goes by no Manifest that is not its own or does not hold', async () => {
    const manifest = await stage.keep('m.json', stage.manifestWords());
    const other = ['token', stage.c.aid, '--identity', stage.b.file, '--grant', 'read', '--manifest', manifest];
    expect(await failure(other)).toBe('ERR_AITP_MANIFEST_SIGNATURE_INVALID');
    await stage.write('bad.json', (await stage.read('m.json')).replace('Tides', 'Tidal'));
    expect(await failure(stage.tokenWords('--manifest', stage.at('bad.json')))).toBe(
      'ERR_AITP_MANIFEST_SIGNATURE_INVALID',
    );
    setClock(86_400);
    expect(await failure(stage.tokenWords('--manifest', manifest))).toBe('ERR_AITP_MANIFEST_EXPIRED');
  });

  it('shows a capability that a terminal would act on as text', async () => {
    const words = ['token', stage.b.aid, '--identity', stage.a.file, '--no-manifest', '--grant', '\u009b2J'];
    const { code, err } = await aitp(words);
    expect(code).toBe(0);
    expect(err).toMatch(/^[\n\x20-\x7e]+$/);
  });

  it.each([
    [[]],
    [['--grant', 'read']],
    [['--no-manifest']],
    [['--grant', 'read', '--no-manifest', '--manifest', 'm.json']],
    [['--grant', 'read write', '--no-manifest']],
    [['--grant', 'read', '--grant', 'read', '--no-manifest']],
    [['--grant', 'read', '--no-manifest', '--ttl', '0']],
    [['--grant', 'read', '--no-manifest', '--ttl', '1h']],
    [['--grant', 'read', '--no-manifest', '--voucher=yes']],
  ])('takes %j as wrong usage, and says so in one line', async (words) => {
    const { code, out, err } = await aitp(['token', stage.b.aid, '--identity', stage.a.file, ...words]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^ringline: [^\n]+\. Try: ringline help aitp token\n$/);
  });

  it.each(['', 'b', 'z6Mk', 'did:key:z6Mk', 'did:web:agent.example', 'aid:pubkey:short', `aid:x509:${'A'.repeat(43)}`])(
    'takes %j for no agent',
    async (agent) => {
      const { code, err } = await aitp(['token', agent, '--grant', 'read', '--no-manifest']);
      expect(code).toBe(2);
      expect(err).toMatch(/^ringline: AGENT must be the aid:pubkey:[^\n]+\n$/);
    },
  );
});

describe('aitp delegate', () => {
  let token: string;
  beforeEach(async () => {
    token = await stage.keep('token.txt', stage.tokenWords('--no-manifest', '--voucher'));
  });

  it('[16.37] passes on a part to a third agent, and tells a person to whom it has to go with it', async () => {
    const { code, out, err } = await aitp(stage.delegateWords(token, '--grant', 'read', '--ttl', '60'));
    expect(code).toBe(0);
    const { a, b, c } = stage;
    expect(claims(out)).toMatchObject({ iss: b.aid, sub: c.aid, aud: a.aid, scope: ['read'], exp: NOW + 60 });
    expect(err).toBe(`${c.aid}\nmay ask for read\nat ${a.aid}\nuntil 2027-01-15 08:01:00 UTC (60 seconds from now).\n`);
  });

  it('ends with the voucher at the latest', async () => {
    const { out } = await aitp(stage.delegateWords(token, '--grant', 'read', '--ttl', '86400'));
    expect(claims(out).exp).toBe(NOW + 3_600);
  });

  it('prints everything as one line with --json, and says nothing', async () => {
    const { out, err } = await aitp(stage.delegateWords(token, '--grant', 'read', '--json'));
    const { delegation, ...rest } = JSON.parse(out);
    expect(rest).toEqual({
      delegatee: stage.c.aid,
      scope: ['read'],
      expires_at: claims(delegation).exp,
      issuer: stage.a.aid,
    });
    expect(err).toBe('');
  });

  it.each([
    ['the voucher alone', (text: string) => text.split('\n')[1] as string],
    ['the voucher before the token', (text: string) => text.split('\n').reverse().join('\r\n')],
    [
      'what --json prints',
      (text: string) => {
        const [tct, grant_voucher] = text.split('\n');
        return JSON.stringify({ tct, grant_voucher, grants: [] });
      },
    ],
  ])('finds the voucher in %s, on standard input', async (_name, form) => {
    const io = new MemoryIo({ input: form(await stage.read('token.txt')) });
    expect((await aitp(stage.delegateWords('-', '--grant', 'read'), io)).code).toBe(0);
  });

  it('[16.38] passes on no more than the voucher says', async () => {
    expect(await failure(stage.delegateWords(token, '--grant', 'admin'))).toBe('ERR_AITP_DELEGATION_SCOPE_EXCEEDED');
  });

  it('[16.39] passes on nothing of a voucher for somebody else', async () => {
    const words = ['delegate', token, stage.b.aid, '--identity', stage.c.file, '--grant', 'read'];
    expect(await failure(words)).toBe('ERR_AITP_DELEGATION_INVALID_VOUCHER');
  });

  it('[16.42] passes on nothing to itself', async () => {
    const words = ['delegate', token, stage.b.aid, '--identity', stage.b.file, '--grant', 'read'];
    expect(await failure(words)).toBe('ERR_AITP_DELEGATION_INVALID_SIGNATURE');
  });

  it('passes on nothing once the voucher has ended', async () => {
    setClock(3_600);
    expect(await failure(stage.delegateWords(token, '--grant', 'read'))).toBe('ERR_AITP_DELEGATION_EXPIRED');
  });

  it('passes on no delegation, no token without its voucher, and nothing else', async () => {
    const delegation = await stage.keep('d.txt', stage.delegateWords(token, '--grant', 'read'));
    const [tct = ''] = (await stage.read('token.txt')).split('\n');
    const manifest = await stage.keep('m.json', stage.manifestWords());
    const refusal = (file: string) => failure(stage.delegateWords(file, '--grant', 'read'));
    expect(await refusal(delegation)).toBe('ERR_AITP_DELEGATION_MULTIHOP_NOT_SUPPORTED');
    expect(await refusal(await stage.write('t.txt', tct))).toBe('ERR_AITP_DELEGATION_INVALID_VOUCHER');
    expect(await refusal(manifest)).toBe('ERR_AITP_DELEGATION_INVALID_VOUCHER');
    expect(await refusal(await stage.write('x.txt', 'x'))).toBe('ERR_VERIFY_TYPE');
  });

  it('says in one line what to do when there is no such file', async () => {
    const { code, out, err } = await aitp(stage.delegateWords(stage.at('none.txt'), '--grant', 'read'));
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/^ringline: there is no [^\n]+none\.txt: [^\n]+\n$/);
  });

  it.each([
    [['token.txt']],
    [['token.txt', 'c', '--grant', 'read']],
    [['token.txt', 'AID']],
    [['token.txt', 'AID', '--grant', 'a b']],
    [['token.txt', 'AID', '--grant', 'read', '--ttl', '-1']],
    [['token.txt', 'AID', '--grant', 'read', 'write']],
  ])('takes %j as wrong usage, and says so in one line', async (words) => {
    const { code, out, err } = await aitp(['delegate', ...words.map((word) => (word === 'AID' ? stage.c.aid : word))]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^ringline: [^\n]+\. Try: ringline help aitp delegate\n$/);
  });
});

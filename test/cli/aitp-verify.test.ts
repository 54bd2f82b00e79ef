// `ringline aitp verify`: it sees what it has, asks for the decisions it needs, and says what is proved and what is not.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aitpSignerFromSeed } from '../../src/aitp/signer.js';
import { issueTct } from '../../src/aitp/tct.js';
import { loopbackServer } from '../support/loopback-server.js';
import { aitp, claims, NOW, Stage, setClock } from './aitp-files.js';
import { MemoryIo } from './memory-io.js';

let stage: Stage;
let token: string;
let tct: string;
let voucher: string;

beforeEach(async () => {
  stage = await Stage.make();
  token = await stage.keep('token.txt', stage.tokenWords('--no-manifest', '--voucher'));
  [tct = '', voucher = ''] = (await stage.read('token.txt')).split('\n');
});
afterEach(async () => {
  await stage.remove();
});

/** The verdict as JSON. */
async function verdict(words: readonly string[], io?: MemoryIo) {
  const { code, out, err } = await aitp(['verify', ...words, '--json'], io);
  expect(err).toBe('');
  const read = JSON.parse(out);
  expect(code).toBe(read.ok ? 0 : 1);
  return read;
}

/** The code of a refusal. */
async function refusal(words: readonly string[], io?: MemoryIo): Promise<string> {
  const { ok, code } = await verdict(words, io);
  expect(ok).toBe(false);
  return code;
}

/** A list by `a` that names tokens. @returns The file's path. */
async function listOf(...jtis: string[]): Promise<string> {
  const words = jtis.flatMap((jti) => ['--jti', jti]);
  await aitp(['revoke', stage.at('list.json'), '--new', '--identity', stage.a.file, ...words]);
  return stage.at('list.json');
}

describe('aitp verify tells a person', () => {
  it('what a token is, what is proved of it, and what is not', async () => {
    const { a, b } = stage;
    const { code, out, err } = await aitp(['verify', token, '--issuer', a.aid, '--no-revocation']);
    expect([code, err]).toEqual([0, '']);
    expect(out).toBe(
      [
        'This is a trust context token, and it holds.',
        '',
        `  issuer  ${a.aid}`,
        `  holder  ${b.aid}`,
        '  grants  read, write',
        '  ends    2027-01-15 09:00:00 UTC (60 minutes from now)',
        `  jti     ${claims(tct).jti}`,
        '',
        'Proved:',
        '  - its issuer signed it, and nothing was changed since',
        '  - it holds now, and is bound to the key of its holder',
        '  - its issuer is the agent you named',
        '  - the voucher beside it is its own, and its holder may delegate',
        'Not proved:',
        '  - that whoever shows it holds the key it is bound to: have them prove it',
        '  - that it is for the agent you have in mind: --audience names it',
        "  - that it ends no later than its issuer's Manifest: --manifest tells",
        '  - that it was not taken back: --revocation tells',
        '',
      ].join('\n'),
    );
  });

  it('why it refuses', async () => {
    setClock(3_600);
    const { code, out, err } = await aitp(['verify', token, '--issuer', stage.a.aid, '--no-revocation']);
    expect([code, err]).toEqual([1, '']);
    expect(out).toMatch(/^This is a trust context token, and it does not hold: TCT_EXPIRED\.\n {2}[^\n]+\n$/);
  });

  it('nothing a terminal would act on', async () => {
    const words = ['--name', '\u009b2J\u202e', '--subject', 'a\u0085b', '--offer', '\u001b[2J'];
    const identity = ['--identity', stage.a.file, '--endpoint', 'https://tide.example/'];
    const manifest = await stage.keep('m.json', ['manifest', ...identity, ...words]);
    const { code, out } = await aitp(['verify', manifest]);
    expect(code).toBe(0);
    expect(out).toMatch(/^[\n\x20-\x7e]+$/);
  });

  it('when something ends that never does', async () => {
    const forever = await issueTct(stage.a.signer, {
      subject: stage.b.aid,
      grants: ['x'],
      now: () => NOW,
      issuerManifest: { dangerouslyIgnoreIssuerManifest: true },
      ttlSec: Number.MAX_SAFE_INTEGER - NOW,
    });
    const io = new MemoryIo({ input: forever.tct.token });
    const { code, out } = await aitp(['verify', '-', '--any-issuer', '--no-revocation'], io);
    expect([code, out]).toEqual([0, expect.stringContaining('second 9007199254740991 of Unix time')]);
  });
});

describe('aitp verify, of a Manifest', () => {
  it('prints what was signed', async () => {
    const manifest = await stage.keep('m.json', stage.manifestWords());
    const { manifest: body } = JSON.parse(await stage.read('m.json'));
    const held = { ok: true, kind: 'manifest', claims: body, unproved: ['name'] };
    expect(await verdict([manifest])).toEqual(held);
    expect(await verdict([manifest, '--issuer', stage.a.did])).toEqual(held);
    const { out } = await aitp(['verify', manifest, '--issuer', stage.a.did]);
    expect(out).toContain('This is a Manifest, and it holds.\n');
    expect(out).toContain('  calls itself  Tides\n  says it is    Tides, known by its key\n');
    expect(out).toContain('  requires      nothing\n');
  });

  it('names the provider of an identity', async () => {
    const manifest = await stage.keep('m.json', stage.manifestWords('--oidc-issuer', 'https://login.example'));
    expect((await aitp(['verify', manifest])).out).toContain('Tides, by the word of https://login.example\n');
  });

  it('refuses one of another agent, a changed one, one that has ended, and one with a name twice', async () => {
    const manifest = await stage.keep('m.json', stage.manifestWords());
    const text = await stage.read('m.json');
    expect(await refusal([manifest, '--issuer', stage.b.aid])).toBe('MANIFEST_SIGNATURE_INVALID');
    expect(await refusal(['-'], new MemoryIo({ input: text.replace('Tides', 'Tidal') }))).toBe(
      'MANIFEST_SIGNATURE_INVALID',
    );
    const twice = text.replace('"version"', '"version": "aitp/0.2", "version"');
    expect(await refusal(['-'], new MemoryIo({ input: twice }))).toBe('MANIFEST_INVALID');
    expect(await refusal(['-'], new MemoryIo({ input: '{"manifest":1}' }))).toBe('MANIFEST_INVALID');
    expect(await refusal(['-'], new MemoryIo({ input: '{"manifest":{"version":"aitp/0.1"}}' }))).toBe(
      'MANIFEST_VERSION_UNKNOWN',
    );
    setClock(86_400);
    expect(await refusal([manifest])).toBe('MANIFEST_EXPIRED');
  });

  it('[16.18] takes an endpoint on this machine only when that is allowed', async () => {
    const endpoint = ['--endpoint', 'http://localhost:8080/', '--allow-http-loopback'];
    const words = ['manifest', '--identity', stage.a.file, '--name', 'A', ...endpoint];
    const manifest = await stage.keep('m.json', words);
    expect(await refusal([manifest])).toBe('MANIFEST_INVALID');
    expect(await verdict([manifest, '--allow-http-loopback'])).toMatchObject({ ok: true });
  });

  it('fetches that of an origin, and the address of anything as it is', async () => {
    await stage.keep('m.json', stage.manifestWords());
    const text = await stage.read('m.json');
    const asked: (string | undefined)[] = [];
    const { url: origin } = await loopbackServer(({ url }, response) => {
      asked.push(url);
      if (url === '/moved') response.writeHead(302, { location: '/.well-known/aitp-manifest' }).end();
      else response.writeHead(url?.startsWith('/none') ? 404 : 200).end(text);
    });
    expect(await verdict([origin, '--allow-http-loopback'])).toMatchObject({ ok: true, kind: 'manifest' });
    expect(await verdict([`${origin}/m.json?x=1`, '--allow-http-loopback'])).toMatchObject({ ok: true });
    expect(asked).toEqual(['/.well-known/aitp-manifest', '/m.json?x=1']);

    const unheard = await aitp(['verify', origin]);
    expect([unheard.code, unheard.out]).toEqual([1, '']);
    expect(unheard.err).toMatch(/^ringline: [^\n]+; --allow-http-loopback allows this machine\n$/);
    for (const [path, code] of [
      ['none', 'ERR_HTTP_STATUS'],
      ['moved', 'ERR_HTTP_REDIRECT'],
    ]) {
      const failed = await aitp(['verify', `${origin}/${path}`, '--allow-http-loopback', '--json']);
      expect([failed.code, failed.out, JSON.parse(failed.err).error.code]).toEqual([1, '', code]);
    }
  });
});

describe('aitp verify, of a token', () => {
  const decided = () => ['--issuer', stage.a.aid, '--no-revocation'];

  it.each([
    ['alone', () => tct],
    ['with blanks around', () => `\n  ${tct}\r\n`],
    ['after its voucher', () => `${voucher}\n${tct}`],
    ['as --json prints it', () => JSON.stringify({ tct, grant_voucher: voucher, jti: 'x' })],
    ['as JSON without a voucher', () => JSON.stringify({ tct })],
  ])('sees it %s', async (_name, input) => {
    expect(await verdict(['-', ...decided()], new MemoryIo({ input: input() }))).toEqual({
      ok: true,
      kind: 'tct',
      claims: claims(tct),
      unproved: ['possession', 'audience', 'manifest', 'revocation'],
    });
  });

  it('leaves open only the key of its bearer once everything was named', async () => {
    const [manifest, list] = [await stage.keep('m.json', stage.manifestWords()), await listOf()];
    const words = ['--audience', stage.b.aid, '--manifest', manifest, '--revocation', list];
    const { out } = await aitp(['verify', token, ...words]);
    expect(out).toContain('  - it was not taken back, by the list of 2027-01-15 08:00:00 UTC\n');
    expect(await verdict([token, ...words, '--issuer', stage.a.aid])).toMatchObject({ unproved: ['possession'] });
    expect(await verdict([token, ...words, '--grant', 'read', '--grant', 'write'])).toMatchObject({ ok: true });
  });

  it('says that it took the word of anybody', async () => {
    expect((await verdict([token, '--any-issuer', '--no-revocation'])).unproved).toContain('issuer');
  });

  it.each([
    ['of another issuer', () => ['--issuer', stage.b.aid, '--no-revocation'], 'TCT_SIGNATURE_INVALID'],
    ['for another agent', () => [...decided(), '--audience', stage.c.aid], 'AUDIENCE_MISMATCH'],
    ['without what it has to grant', () => [...decided(), '--grant', 'admin'], 'POLICY_VIOLATION'],
  ])('refuses one %s', async (_name, words, code) => {
    expect(await refusal([token, ...words()])).toBe(code);
  });

  it('[16.27] refuses one that was changed, before any list is fetched', async () => {
    let asked = 0;
    const { url: origin } = await loopbackServer((_request, response) => {
      asked += 1;
      response.end('{}');
    });
    const [header, , signature] = tct.split('.');
    const grants = Buffer.from(JSON.stringify({ ...claims(tct), grants: ['admin'] })).toString('base64url');
    const words = ['-', '--issuer', stage.a.aid, '--revocation', `${origin}/list`, '--allow-http-loopback'];
    expect(await refusal(words, new MemoryIo({ input: `${header}.${grants}.${signature}` }))).toBe(
      'TCT_SIGNATURE_INVALID',
    );
    expect(asked).toBe(0);
    expect(await refusal(words, new MemoryIo({ input: tct }))).toBe('REVOCATION_SNAPSHOT_INVALID');
    expect(asked).toBe(1);
  });

  it('refuses one with the voucher of another', async () => {
    const { out } = await aitp(stage.tokenWords('--no-manifest', '--voucher'));
    const input = `${tct}\n${out.split('\n')[1]}`;
    expect(await refusal(['-', ...decided()], new MemoryIo({ input }))).toBe('TCT_SIGNATURE_INVALID');
  });

  it("[16.30] refuses one that outlives its issuer's Manifest, or whose Manifest is somebody else's or nowhere", async () => {
    const short = await stage.keep('m.json', stage.manifestWords('--ttl', '60'));
    expect(await refusal([token, '--manifest', short, '--no-revocation'])).toBe('TCT_EXPIRES_AFTER_MANIFEST');
    expect(await refusal([token, '--manifest', short, '--no-revocation', '--issuer', stage.b.aid])).toBe(
      'MANIFEST_SIGNATURE_INVALID',
    );
    const { url: origin } = await loopbackServer((_request, response) => void response.writeHead(404).end());
    const words = [token, '--manifest', origin, '--allow-http-loopback', '--no-revocation'];
    expect(await refusal(words)).toBe('MANIFEST_NOT_FOUND');
  });

  it('[16.32] refuses one that was taken back, by a file and by an address', async () => {
    const list = await listOf(claims(tct).jti);
    const text = await stage.read('list.json');
    const { url: origin } = await loopbackServer((_request, response) => void response.end(text));
    expect(await refusal([token, '--issuer', stage.a.aid, '--revocation', list])).toBe('TCT_REVOKED');
    const words = ['--revocation', `${origin}/list`, '--allow-http-loopback'];
    expect(await refusal([token, '--issuer', stage.a.aid, ...words])).toBe('TCT_REVOKED');
  });

  it('[16.49] refuses one without a usable list, and says why there is none', async () => {
    const list = await listOf();
    const judge = async (...words: string[]) => {
      const read = await verdict([token, '--issuer', stage.a.aid, '--revocation', ...words]);
      return read.ok ? 'ok' : `${read.code}: ${read.message}`;
    };
    setClock(300);
    expect(await judge(list)).toBe('ok');
    setClock(301);
    expect(await judge(list)).toMatch(/^TCT_REVOKED: .*5 minutes old.*--max-age/);
    expect(await judge(list, '--max-age', '301')).toBe('ok');
    setClock(3_599);
    expect(await judge(list, '--max-age', '86400')).toBe('ok');
    await aitp(['revoke', list, '--identity', stage.a.file, '--ttl', '1']);
    const { tct: later } = JSON.parse((await aitp(stage.tokenWords('--no-manifest', '--json'))).out);
    await stage.write('token.txt', later);
    setClock(3_600);
    expect(await judge(list)).toMatch(/^TCT_REVOKED: .*ended at 2027-01-15 09:00:00 UTC/);

    await aitp(['revoke', stage.at('b-list.json'), '--new', '--identity', stage.b.file]);
    expect(await judge(stage.at('b-list.json'))).toMatch(/^TCT_REVOKED: .*another agent/);
    setClock(4_000);
    await aitp(['revoke', list, '--identity', stage.a.file]);
    setClock(3_699);
    expect(await judge(list)).toMatch(/^TCT_REVOKED: .*of the future/);

    const { url: origin } = await loopbackServer((_request, response) => void response.writeHead(500).end());
    expect(await judge(`${origin}/list`, '--allow-http-loopback')).toMatch(/^TCT_REVOKED: .*could not be fetched/);
  });

  it('[16.50] takes a list that is none, or forged, for an error', async () => {
    const list = await listOf();
    const forged = (await stage.read('list.json')).replace(String(NOW), String(NOW + 1));
    const words = ['--issuer', stage.a.aid, '--revocation'];
    expect(await refusal([token, ...words, await stage.write('f.json', forged)])).toBe(
      'REVOCATION_SNAPSHOT_SIGNATURE_INVALID',
    );
    expect(await refusal([token, ...words, await stage.write('n.json', '[]')])).toBe('REVOCATION_SNAPSHOT_INVALID');
    expect(await verdict([token, ...words, list])).toMatchObject({ ok: true });
  });

  it('of a P-256 agent holds as well', async () => {
    const signer = await aitpSignerFromSeed(new Uint8Array(32).fill(9), { suite: 'p256' });
    const issued = await issueTct(signer, {
      subject: stage.b.aid,
      grants: ['read'],
      now: () => NOW,
      issuerManifest: { dangerouslyIgnoreIssuerManifest: true },
    });
    const io = new MemoryIo({ input: issued.tct.token });
    expect(await verdict(['-', '--issuer', signer.aid, '--no-revocation'], io)).toMatchObject({ ok: true });
  });
});

describe('aitp verify, of a voucher', () => {
  const input = () => new MemoryIo({ input: voucher });

  it('says that it opens nothing by itself', async () => {
    expect(await verdict(['-', '--issuer', stage.a.aid, '--no-revocation'], input())).toEqual({
      ok: true,
      kind: 'voucher',
      claims: claims(voucher),
      unproved: ['audience', 'revocation', 'power'],
    });
    const words = ['--issuer', stage.a.aid, '--audience', stage.b.aid, '--revocation', await listOf()];
    expect((await verdict(['-', ...words, '--grant', 'read'], input())).unproved).toEqual(['power']);
    expect((await verdict(['-', '--any-issuer', '--no-revocation'], input())).unproved).toContain('issuer');
  });

  it('refuses one of another issuer, for another agent, or of a token that was taken back', async () => {
    const { a, b, c } = stage;
    expect(await refusal(['-', '--issuer', b.aid, '--no-revocation'], input())).toBe('DELEGATION_INVALID_VOUCHER');
    expect(await refusal(['-', '--issuer', a.aid, '--no-revocation', '--audience', c.aid], input())).toBe(
      'DELEGATION_INVALID_VOUCHER',
    );
    expect(await refusal(['-', '--issuer', a.aid, '--no-revocation', '--grant', 'x'], input())).toBe(
      'POLICY_VIOLATION',
    );
    const list = await listOf(claims(tct).jti);
    expect(await refusal(['-', '--issuer', a.aid, '--revocation', list], input())).toBe(
      'DELEGATION_SOURCE_TCT_REVOKED',
    );
    setClock(3_600);
    expect(await refusal(['-', '--issuer', a.aid, '--no-revocation'], input())).toBe('DELEGATION_EXPIRED');
  });
});

describe('aitp verify, of a delegation', () => {
  let delegation: string;
  beforeEach(async () => {
    delegation = await stage.keep('d.txt', stage.delegateWords(token, '--grant', 'read'));
  });

  it('sees it as --json prints it', async () => {
    const { out: input } = await aitp(stage.delegateWords(token, '--grant', 'read', '--json'));
    const words = ['-', '--audience', stage.a.aid, '--no-revocation'];
    expect(await verdict(words, new MemoryIo({ input }))).toMatchObject({ ok: true, kind: 'delegation' });
  });

  it('tells a person who granted, who delegated, and to whom', async () => {
    const { a, b, c } = stage;
    const { out } = await aitp(['verify', delegation, '--audience', a.aid, '--no-revocation']);
    expect(out).toContain(`  granted by    ${a.aid}\n  delegated by  ${b.aid}\n  to            ${c.aid}\n`);
    expect(out).toContain('whoever granted exchanges it for a token');
  });

  it('refuses one for another agent to verify, by another agent, with less than is wanted, or that has ended', async () => {
    const { a, b, c } = stage;
    const words = [delegation, '--no-revocation', '--audience'];
    expect(await refusal([...words, b.aid])).toBe('DELEGATION_AUDIENCE_MISMATCH');
    expect(await refusal([...words, a.aid, '--issuer', c.aid])).toBe('DELEGATION_INVALID_SIGNATURE');
    expect(await refusal([...words, a.aid, '--grant', 'write'])).toBe('POLICY_VIOLATION');
    setClock(1_800);
    expect(await refusal([...words, a.aid])).toBe('DELEGATION_EXPIRED');
  });

  it('says why there was no list, where that is why', async () => {
    const list = await listOf();
    setClock(400);
    const { code, message } = await verdict([delegation, '--audience', stage.a.aid, '--revocation', list]);
    expect([code, message]).toEqual(['DELEGATION_SOURCE_TCT_REVOKED', expect.stringContaining('6 minutes old')]);
  });
});

describe('aitp verify, of a revocation list', () => {
  it('shows what it takes back', async () => {
    const { jti } = claims(tct);
    const list = await listOf(jti);
    const { revocation_list } = JSON.parse(await stage.read('list.json'));
    expect(await verdict([list])).toEqual({
      ok: true,
      kind: 'revocation_list',
      claims: revocation_list,
      unproved: ['newer'],
    });
    setClock(60);
    const { out } = await aitp(['verify', list, '--issuer', stage.a.aid]);
    expect(out).toContain(`  takes back  1 token\n              ${jti}\n`);
    expect(out).toContain('signed it 60 seconds ago');
  });

  it('refuses one of another agent, one too old, and one that has ended: by them, everything is taken back', async () => {
    const list = await listOf();
    expect(await refusal([list, '--issuer', stage.b.aid])).toBe('TCT_REVOKED');
    setClock(301);
    expect(await refusal([list])).toBe('TCT_REVOKED');
    expect(await verdict([list, '--max-age', '400'])).toMatchObject({ ok: true });
    setClock(3_600);
    expect(await refusal([list, '--max-age', '86400'])).toBe('TCT_REVOKED');
  });

  it('refuses a forged one', async () => {
    await listOf();
    const input = (await stage.read('list.json')).replace(stage.a.aid, stage.b.aid);
    expect(await refusal(['-'], new MemoryIo({ input }))).toBe('REVOCATION_SNAPSHOT_SIGNATURE_INVALID');
  });
});

describe('aitp verify, of something else', () => {
  const other = Buffer.from('{"alg":"EdDSA","typ":"JWT"}').toString('base64url');

  it.each([
    ['nothing', ''],
    ['blanks', ' \n '],
    ['a word', 'x'],
    ['bytes that are not UTF-8', Uint8Array.of(0x7b, 0xff)],
    ['broken JSON', '{'],
    ['JSON of something else', '{"name":"a"}'],
    ['a token that is no text', '{"tct":1}'],
    ['a token of another type', `${other}.e30.AA`],
    ['a type that is a member of every object', `${Buffer.from('{"typ":"toString"}').toString('base64url')}.e30.AA`],
    ['four segments', `${other}.e30.AA.AA`],
  ])('says in one line that %s is nothing AITP signs', async (_name, input) => {
    const { code, out, err } = await aitp(['verify', '-'], new MemoryIo({ input }));
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/^ringline: standard input holds nothing that AITP signs: [^\n]+\n$/);
    const inJson = await aitp(['verify', '-', '--json'], new MemoryIo({ input }));
    expect([inJson.out, JSON.parse(inJson.err).error.code]).toEqual(['', 'ERR_VERIFY_TYPE']);
  });

  it('does not choose among several tokens', async () => {
    const delegation = (await aitp(stage.delegateWords(token, '--grant', 'read'))).out;
    for (const input of [`${tct}\n${tct}`, `${tct}\n${delegation}`, `${tct}\n${voucher}\n${voucher}`]) {
      const { code, err } = await aitp(['verify', '-', '--json'], new MemoryIo({ input }));
      expect([code, JSON.parse(err).error.code]).toEqual([1, 'ERR_VERIFY_TYPE']);
    }
  });

  it('takes in no more than 1 MiB, from a file or standard input', async () => {
    const big = await stage.write('big', ' '.repeat(1_048_577));
    const flooded = new MemoryIo();
    flooded.readInputBytes = async () => {
      throw new RangeError('standard input holds more than 1 MiB');
    };
    for (const { code, err } of [await aitp(['verify', big]), await aitp(['verify', '-'], flooded)]) {
      expect([code, err]).toEqual([1, expect.stringMatching(/^ringline: [^\n]+more than 1 MiB|longer than 1 MiB/)]);
    }
  });

  it('says in one line what to do when there is no such file', async () => {
    const none = stage.at('none');
    const decided = ['--issuer', stage.a.aid];
    for (const words of [
      [none],
      [token, ...decided, '--revocation', none],
      [token, ...decided, '--no-revocation', '--manifest', none],
    ]) {
      const { code, out, err } = await aitp(['verify', ...words]);
      expect([code, out]).toEqual([1, '']);
      expect(err).toMatch(/^ringline: there is no [^\n]+none: [^\n]+\n$/);
    }
  });
});

describe('aitp verify, wrongly used', () => {
  it.each([
    [[]],
    [['T', 'T']],
    [['T']],
    [['T', '--issuer', 'A']],
    [['T', '--no-revocation']],
    [['T', '--revocation', 'L']],
    [['T', '--issuer', 'x', '--no-revocation']],
    [['T', '--issuer', 'A', '--any-issuer', '--no-revocation']],
    [['T', '--issuer', 'A', '--revocation', 'L', '--no-revocation']],
    [['T', '--issuer', 'A', '--audience', 'x', '--no-revocation']],
    [['T', '--issuer', 'A', '--no-revocation', '--max-age', '-1']],
    [['T', '--issuer', 'A', '--no-revocation', '--grant', 'a b']],
    [['-', '--issuer', 'A', '--revocation', '-']],
    [['V', '--no-revocation']],
    [['V', '--issuer', 'A']],
    [['V', '--issuer', 'A', '--no-revocation', '--manifest', 'M']],
    [['D', '--no-revocation']],
    [['D', '--audience', 'A']],
    [['D', '--audience', 'A', '--no-revocation', '--any-issuer']],
    [['D', '--audience', 'A', '--no-revocation', '--manifest', 'M']],
    [['M', '--no-revocation']],
    [['M', '--audience', 'A']],
    [['M', '--grant', 'read']],
    [['L', '--revocation', 'L']],
    [['L', '--audience', 'A']],
  ])('%j: exit code 2, one plain line, a hint', async (words) => {
    const files: Record<string, string> = {
      T: token,
      V: await stage.write('v.txt', voucher),
      D: await stage.keep('d.txt', stage.delegateWords(token, '--grant', 'read')),
      M: await stage.keep('m.json', stage.manifestWords()),
      L: await listOf(),
      A: stage.a.aid,
    };
    const { code, out, err } = await aitp(['verify', ...words.map((word) => files[word] ?? word)]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^ringline: [^\n]+\. Try: ringline help aitp verify\n$/);
  });
});

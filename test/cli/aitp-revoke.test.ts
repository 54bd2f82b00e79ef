// `ringline aitp revoke`: a list that is only ever added to, that goes forward in time, and that no accident shortens.

import { chmod, mkdir, readdir, stat, symlink } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { signJcs } from '../../src/aitp/jcs-profile.js';
import { buildSnapshot, verifySnapshot } from '../../src/aitp/revocation-snapshot.js';
import { newUuid } from '../../src/aitp/uuid.js';
import { aitp, claims, NOW, Stage, setClock } from './aitp-files.js';
import { MemoryIo } from './memory-io.js';

const ONE = '0b9f4c7e-5f0e-4a51-9d5c-2f6c1d2f3a4b';
const TWO = '1b9f4c7e-5f0e-4a51-9d5c-2f6c1d2f3a4b';

let stage: Stage;
let list: string;
beforeEach(async () => {
  stage = await Stage.make();
  list = stage.at('list.json');
});
afterEach(() => stage.remove());

const revoke = (words: readonly string[], io?: MemoryIo) => aitp(['revoke', ...words, '--identity', stage.a.file], io);

async function begin(): Promise<void> {
  expect((await revoke([list, '--new'])).code).toBe(0);
}

const kept = async () => verifySnapshot(await stage.read('list.json'));

/** The code with which it fails, after which the list is as it was. */
async function failure(words: readonly string[]): Promise<string> {
  const before = await stage.read('list.json').catch(() => undefined);
  const { code, out, err } = await revoke([...words, '--json']);
  expect([code, out]).toEqual([1, '']);
  expect(await stage.read('list.json').catch(() => undefined)).toBe(before);
  expect((await readdir(stage.path)).filter((name) => name.endsWith('.new'))).toEqual([]);
  return JSON.parse(err).error.code;
}

describe('aitp revoke', () => {
  it('[16.46] begins with a signed list that says nothing was taken back', async () => {
    const { code, out, err } = await revoke([list, '--new']);
    expect(code).toBe(0);
    const snapshot = await kept();
    expect(snapshot).toMatchObject({
      issuer: stage.a.aid,
      publishedAtSec: NOW,
      expiresAtSec: NOW + 3_600,
      entries: [],
    });
    expect(await verifySnapshot(out)).toEqual(snapshot);
    expect(err).toContain('nothing was taken back');
    expect(err).toContain('2027-01-15 09:00:00 UTC (60 minutes from now)');
  });

  it('adds tokens by name, and keeps those of before', async () => {
    await begin();
    setClock(5);
    await revoke([list, '--jti', ONE, '--reason', 'left']);
    setClock(9);
    const { code, err } = await revoke([list, '--jti', TWO, '--ttl', '60']);
    expect([code, err]).toEqual([0, expect.stringContaining('Taken back: 1 token.\nOn the list: 2 tokens.\n')]);
    expect(await kept()).toMatchObject({
      publishedAtSec: NOW + 9,
      expiresAtSec: NOW + 69,
      entries: [
        { jti: ONE, revokedAtSec: NOW + 5, reason: 'left' },
        { jti: TWO, revokedAtSec: NOW + 9 },
      ],
    });
  });

  it('takes the token itself, or its voucher, for its name', async () => {
    await begin();
    const both = await stage.keep('token.txt', stage.tokenWords('--no-manifest', '--voucher'));
    const [tct = '', voucher = ''] = (await stage.read('token.txt')).split('\n');
    const { jti } = claims(tct);
    await revoke([list, '--token', both]);
    expect([...(await kept()).revokedJtis]).toEqual([jti]);
    const other = await stage.write('voucher.txt', voucher);
    const { err } = await revoke([list, '--token', other, '--token', '-'], new MemoryIo({ input: tct }));
    expect(err).toContain('nothing was added');
    expect((await kept()).entries).toHaveLength(1);
  });

  it('only signs anew when there is nothing to add, and each time with a later date', async () => {
    await begin();
    await revoke([list]);
    await revoke([list]);
    expect((await kept()).publishedAtSec).toBe(NOW + 2);
    setClock(100);
    await revoke([list]);
    expect((await kept()).publishedAtSec).toBe(NOW + 100);
  });

  it('signs anew a list that has ended', async () => {
    await begin();
    setClock(3_600);
    expect((await revoke([list, '--jti', ONE])).code).toBe(0);
    expect((await kept()).publishedAtSec).toBe(NOW + 3_600);
  });

  it('reads standard input and keeps nothing when told so', async () => {
    await begin();
    const input = await stage.read('list.json');
    const { code, out, err } = await revoke(['-', '--jti', ONE, '--json'], new MemoryIo({ input }));
    expect([code, err, out.split('\n').length]).toEqual([0, '', 2]);
    expect((await verifySnapshot(out)).revokedJtis).toEqual(new Set([ONE]));
    expect(await stage.read('list.json')).toBe(input);
  });

  it('begins no list by accident, and never begins one twice', async () => {
    expect(await failure([list, '--jti', ONE])).toBe('ENOENT');
    await begin();
    await revoke([list, '--jti', ONE]);
    expect(await failure([list, '--new'])).toBe('EEXIST');
    expect(await failure([stage.at('no/list.json'), '--new'])).toBe('ENOENT');
    expect((await revoke([stage.at('no/list.json')])).err).toMatch(/^ringline: there is no [^\n]+: [^\n]*--new\n$/);
  });

  it('of two runs at once lets one through, so that no entry is lost', async () => {
    await begin();
    const ends = await Promise.all([revoke([list, '--jti', ONE]), revoke([list, '--jti', TWO])]);
    const done = ends.filter(({ code }) => code === 0);
    expect(done.length).toBeGreaterThan(0);
    expect((await kept()).entries).toHaveLength(done.length);
    for (const { code, err } of ends) if (code !== 0) expect(err).toContain('another run');
  });

  it('waits for nobody who was cut short, and says what to do', async () => {
    await begin();
    await stage.write('list.json.new', 'half a list');
    const { code, err } = await revoke([list, '--jti', ONE]);
    expect(code).toBe(1);
    expect(err).toMatch(/^ringline: [^\n]+remove [^\n]+list\.json\.new\n$/);
    expect(await stage.read('list.json.new')).toBe('half a list');
    expect((await kept()).entries).toEqual([]);
  });

  it('leaves a link where it is, and the mode of the file', async () => {
    await begin();
    await chmod(list, 0o604);
    await symlink(list, stage.at('link.json'));
    expect((await revoke([stage.at('link.json'), '--jti', ONE])).code).toBe(0);
    expect((await kept()).revokedJtis.has(ONE)).toBe(true);
    expect((await stat(list)).mode & 0o777).toBe(0o604);
  });

  it('adds to no list of somebody else, none that does not hold, and nothing that is none', async () => {
    await aitp(['revoke', list, '--new', '--identity', stage.b.file]);
    expect(await failure([list, '--jti', ONE])).toBe('ERR_AITP_REVOCATION_SNAPSHOT_SIGNATURE_INVALID');
    const forged = (await stage.read('list.json')).replace(stage.b.aid, stage.a.aid);
    await stage.write('list.json', forged);
    expect(await failure([list, '--jti', ONE])).toBe('ERR_AITP_REVOCATION_SNAPSHOT_SIGNATURE_INVALID');
    await stage.write('list.json', '{}');
    expect(await failure([list, '--jti', ONE])).toBe('ERR_AITP_REVOCATION_SNAPSHOT_INVALID');
    await stage.write('list.json', ' '.repeat(262_145));
    expect(await failure([list, '--jti', ONE])).toBe('ERR_UNEXPECTED');
    await mkdir(stage.at('folder'));
    expect(await failure([stage.at('folder'), '--jti', ONE])).toBe('ERR_UNEXPECTED');
  });

  it('adds to no list of the future: nobody would take what comes before it', async () => {
    setClock(301);
    await begin();
    setClock(0);
    expect(await failure([list])).toBe('ERR_AITP_TIMESTAMP_EXPIRED');
    setClock(1);
    expect((await revoke([list])).code).toBe(0);
    expect((await kept()).publishedAtSec).toBe(NOW + 302);
  });

  it('makes no list longer than is read', async () => {
    const entries = Array.from({ length: 3_688 }, () => ({ jti: newUuid(), revokedAtSec: NOW }));
    const content = { publishedAtSec: NOW, expiresAtSec: NOW + 1, entries };
    await stage.write('list.json', await buildSnapshot(content, stage.a.signer));
    expect((await stage.read('list.json')).length).toBeGreaterThan(262_000);
    const words = [list, '--jti', ONE, '--reason', 'x'.repeat(500)];
    expect(await failure(words)).toBe('ERR_AITP_REVOCATION_SNAPSHOT_INVALID');
    expect((await kept()).entries).toHaveLength(3_688);
  });

  it('takes back nothing of somebody else, nothing that has ended, and no delegation', async () => {
    await begin();
    const token = await stage.keep('token.txt', stage.tokenWords('--no-manifest', '--voucher'));
    const delegation = await stage.keep('d.txt', stage.delegateWords(token, '--grant', 'read'));
    expect(await failure([list, '--token', delegation])).toBe('ERR_AITP_TOKEN_TYP_MISMATCH');
    expect(await failure([list, '--token', list])).toBe('ERR_AITP_TOKEN_TYP_MISMATCH');
    const words = ['token', stage.c.aid, '--identity', stage.b.file, '--grant', 'x', '--no-manifest', '--voucher'];
    const other = await stage.keep('other.txt', words);
    expect(await failure([list, '--token', other])).toBe('ERR_AITP_TCT_SIGNATURE_INVALID');
    const [, voucher = ''] = (await stage.read('other.txt')).split('\n');
    expect(await failure([list, '--token', await stage.write('v.txt', voucher)])).toBe(
      'ERR_AITP_DELEGATION_INVALID_VOUCHER',
    );
    setClock(3_600);
    expect(await failure([list, '--token', token])).toBe('ERR_AITP_TCT_EXPIRED');
    expect(await failure([list, '--token', stage.at('none.txt')])).toBe('ENOENT');
  });

  it('[16.19] loses no extension of a list', async () => {
    await begin();
    const body = { ...JSON.parse(await stage.read('list.json')).revocation_list, extensions: { 'example.org/x': 1 } };
    const signature = await signJcs(body, stage.a.signer);
    await stage.write('list.json', JSON.stringify({ revocation_list: body, signature }));
    expect(await failure([list, '--jti', ONE])).toBe('ERR_AITP_REVOCATION_SNAPSHOT_INVALID');
  });

  it.each([
    [[]],
    [['list.json', '--jti', 'x']],
    [['list.json', '--jti', ONE.toUpperCase()]],
    [['list.json', '--jti']],
    [['list.json', '--reason', 'why']],
    [['list.json', '--ttl', '0']],
    [['list.json', ONE]],
    [['-', '--new']],
    [['-', '--token', '-']],
    [['list.json', '--token', '-', '--token', '-']],
  ])('takes %j as wrong usage, and says so in one line', async (words) => {
    const { code, out, err } = await revoke(words);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^ringline: [^\n]+\. Try: ringline help aitp revoke\n$/);
  });
});

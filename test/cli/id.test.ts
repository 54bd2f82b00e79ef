// Identity files: made for one reader, never written over, and secrets that stay where they were put.

import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../src/cli/run.js';
import { decodeBase64url } from '../../src/codec/base64url.js';
import { identityFromSeed } from '../../src/identity/seed-identity.js';
import { identityFromBackup } from '../../src/vault/backup-file.js';
import { MemoryIo } from './memory-io.js';

const PASSPHRASE = { RINGLINE_PASSPHRASE: 'correct horse' };
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ringline-id-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const at = (name: string) => join(folder, name);

async function id(words: string[], io = new MemoryIo()) {
  const code = await run(['id', ...words], io);
  return { code, out: io.outText.trim(), err: io.errText, questions: io.questions };
}

async function made(name: string): Promise<string> {
  const { code, out } = await id(['new', '--identity', at(name)]);
  expect(code).toBe(0);
  return out;
}

describe('id new', () => {
  it('keeps version, DID and seed in a file for its owner alone, and prints the DID', async () => {
    const did = await made('a.json');
    const file = JSON.parse(await readFile(at('a.json'), 'utf8'));
    expect(file).toEqual({ format: 'ringline-identity', version: 1, did, seed: expect.any(String) });
    expect((await identityFromSeed(decodeBase64url(file.seed))).did).toBe(did);
    expect((await stat(at('a.json'))).mode & 0o777).toBe(0o600);
  });

  it('never writes over a file, whatever it is', async () => {
    await writeFile(at('a.json'), 'mine');
    const { code, out, err } = await id(['new', '--identity', at('a.json')]);
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('never written over');
    expect(await readFile(at('a.json'), 'utf8')).toBe('mine');
  });

  it('says before it asks for a passphrase that the file is there', async () => {
    await writeFile(at('a.json'), 'mine');
    const io = new MemoryIo({ answers: ['x', 'x'] });
    expect(await id(['new', '--encrypt', '--identity', at('a.json')], io)).toMatchObject({ code: 1, questions: [] });
  });

  it('encrypts under a passphrase of the environment', async () => {
    const io = new MemoryIo({ env: PASSPHRASE });
    const { code, out } = await id(['new', '--identity', at('a.json'), '--json'], io);
    expect(code).toBe(0);
    const { did, file } = JSON.parse(out);
    expect(file).toBe(at('a.json'));
    const text = await readFile(file, 'utf8');
    expect(text).not.toContain('"seed"');
    expect((await identityFromBackup(text, PASSPHRASE.RINGLINE_PASSPHRASE)).did).toBe(did);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('encrypts under a passphrase typed twice', async () => {
    const { code, questions } = await id(
      ['new', '--encrypt', '--identity', at('a.json')],
      new MemoryIo({ answers: ['typed', 'typed'] }),
    );
    expect([code, questions.length]).toEqual([0, 2]);
    const { out } = await id(['show', '--identity', at('a.json')], new MemoryIo({ answers: ['typed'] }));
    expect(out).toMatch(/^did:key:z6Mk/);
  });

  it.each([
    ['two that differ', new MemoryIo({ answers: ['one', 'two'] }), 2],
    ['an empty one', new MemoryIo({ answers: [''] }), 2],
    ['nobody to type one', new MemoryIo(), 2],
    ['a person who gives up', new MemoryIo({ answers: [] }), 130],
  ])('makes no file with %s', async (_name, io, code) => {
    expect(await id(['new', '--encrypt', '--identity', at('a.json')], io)).toMatchObject({ code, out: '' });
    expect(await readdir(folder)).toEqual([]);
  });

  it('S16: shows neither seed nor passphrase', async () => {
    const io = new MemoryIo({ env: PASSPHRASE });
    const plain = new MemoryIo();
    await id(['new', '--identity', at('a.json')], io);
    await id(['new', '--identity', at('b.json')], plain);
    const { seed } = JSON.parse(await readFile(at('b.json'), 'utf8'));
    const said = io.outText + io.errText + plain.outText + plain.errText;
    expect(said).not.toContain(PASSPHRASE.RINGLINE_PASSPHRASE);
    expect(said).not.toContain(seed);
  });
});

describe('id show', () => {
  it('prints the DID, as text or as JSON', async () => {
    const did = await made('a.json');
    expect(await id(['show', '--identity', at('a.json')])).toMatchObject({ code: 0, out: did, err: '' });
    const { out } = await id(['show', '--identity', at('a.json'), '--json']);
    expect(JSON.parse(out)).toEqual({ did, file: at('a.json') });
  });

  it('prints the seed only when told to, and then nothing else', async () => {
    const did = await made('a.json');
    const { out, err } = await id(['show', '--identity', at('a.json'), '--reveal-seed']);
    expect((await identityFromSeed(decodeBase64url(out))).did).toBe(did);
    expect(err).toBe('');
  });

  it('warns when others can read the seed', async () => {
    const did = await made('a.json');
    await chmod(at('a.json'), 0o644);
    const { code, out, err } = await id(['show', '--identity', at('a.json')]);
    expect([code, out]).toEqual([0, did]);
    expect(err).toContain('chmod 600');
  });

  it('does not warn about an encrypted file that others can read', async () => {
    await id(['new', '--identity', at('a.json')], new MemoryIo({ env: PASSPHRASE }));
    await chmod(at('a.json'), 0o644);
    const { err } = await id(['show', '--identity', at('a.json')], new MemoryIo({ env: PASSPHRASE }));
    expect(err).toBe('');
  });

  it.each([
    ['no JSON', 'x'],
    ['JSON of another kind', '[]'],
    ['null', 'null'],
    ['another version', '{"format":"ringline-identity","version":2}'],
    ['no seed', '{"format":"ringline-identity","version":1}'],
    ['a seed that is too short', '{"format":"ringline-identity","version":1,"seed":"AAAA"}'],
    ['a seed that is no base64url', '{"format":"ringline-identity","version":1,"seed":"***"}'],
    ['another DID', `{"format":"ringline-identity","version":1,"did":"did:key:z","seed":"${'A'.repeat(43)}"}`],
    ['too much', ' '.repeat(65_537)],
  ])('refuses a file with %s and leaves it as it is', async (_name, text) => {
    await writeFile(at('a.json'), text, { mode: 0o600 });
    const io = new MemoryIo({ env: PASSPHRASE });
    const { code, err } = await id(['show', '--identity', at('a.json'), '--json'], io);
    expect(code).toBe(1);
    expect(JSON.parse(err)).toEqual({ error: { code: 'ERR_VAULT_DAMAGED', message: expect.any(String) } });
    expect(await readFile(at('a.json'), 'utf8')).toBe(text);
  });

  it('refuses a folder, and says what to do about a missing file', async () => {
    expect(await id(['show', '--identity', folder, '--json'])).toMatchObject({ code: 1 });
    const { code, err } = await id(['show', '--identity', at('none.json'), '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(err).error).toEqual({ code: 'ENOENT', message: expect.stringContaining('ringline id new') });
  });

  it('refuses another passphrase', async () => {
    await id(['new', '--identity', at('a.json')], new MemoryIo({ env: PASSPHRASE }));
    const { code, err } = await id(
      ['show', '--identity', at('a.json'), '--json'],
      new MemoryIo({ answers: ['wrong'] }),
    );
    expect(code).toBe(1);
    expect(JSON.parse(err).error.code).toBe('ERR_VAULT_PASSPHRASE');
  });
});

describe('id backup and id restore', () => {
  it('come back to the same DID by the encrypted file', async () => {
    const did = await made('a.json');
    const io = new MemoryIo({ answers: ['typed', 'typed'] });
    expect(await id(['backup', '--identity', at('a.json')], io)).toMatchObject({ code: 0, out: '' });
    expect((await stat(at('a.json.backup'))).mode & 0o777).toBe(0o600);
    const back = await id(
      ['restore', '--from', at('a.json.backup'), '--identity', at('b.json')],
      new MemoryIo({ answers: ['typed'] }),
    );
    expect(back).toMatchObject({ code: 0, out: did });
    expect(JSON.parse(await readFile(at('b.json'), 'utf8')).did).toBe(did);
  });

  it('come back to the same DID by the words, piped or typed', async () => {
    const did = await made('a.json');
    const { code, out } = await id(['backup', '--identity', at('a.json'), '--phrase']);
    expect([code, out.split(' ').length]).toEqual([0, 24]);
    expect(await readdir(folder)).toEqual(['a.json']);
    const piped = await id(
      ['restore', '--identity', at('b.json')],
      new MemoryIo({ input: `  ${out.toUpperCase()}\n` }),
    );
    expect(piped).toMatchObject({ code: 0, out: did });
    const typed = await id(['restore', '--identity', at('c.json')], new MemoryIo({ answers: [out] }));
    expect(typed).toMatchObject({ code: 0, out: did });
  });

  it('write file and words at once when asked for both', async () => {
    await made('a.json');
    const io = new MemoryIo({ env: PASSPHRASE });
    const { out } = await id(['backup', '--identity', at('a.json'), '--phrase', '--out', at('x.backup')], io);
    expect(out.split(' ')).toHaveLength(24);
    expect((await readdir(folder)).sort()).toEqual(['a.json', 'x.backup']);
  });

  it.each(['', 'one two three', `${'abandon '.repeat(23)}abandon`])(
    'refuse the words %j and make no file',
    async (input) => {
      const { code, err } = await id(['restore', '--identity', at('b.json'), '--json'], new MemoryIo({ input }));
      expect(code).toBe(1);
      expect(JSON.parse(err).error.code).toBe('ERR_VAULT_PHRASE');
      expect(await readdir(folder)).toEqual([]);
    },
  );

  it('never write over a file', async () => {
    await made('a.json');
    const before = await readFile(at('a.json'), 'utf8');
    const restored = await id(['restore', '--identity', at('a.json')], new MemoryIo({ input: 'any words' }));
    expect(restored.code).toBe(1);
    const io = new MemoryIo({ env: PASSPHRASE });
    const backed = await id(['backup', '--identity', at('a.json'), '--out', at('a.json')], io);
    expect(backed.code).toBe(1);
    expect(await readFile(at('a.json'), 'utf8')).toBe(before);
  });
});

import { describe, expect, it } from 'vitest';
import { encodeBase64url } from '../../src/codec/base64url.js';
import { identityFromBackup, identityOfBackup, readBackupFile, writeBackupFile } from '../../src/vault/backup-file.js';
import vectors from '../../vectors/backup/backup-v1.json' with { type: 'json' };
import didKey from '../../vectors/did-key/edge-cases.json' with { type: 'json' };
import { hex, unhex } from '../support/hex.js';

const FEW = 10;
const PASSPHRASE = 'correct horse';
const WRONG = { name: 'VaultError', code: 'ERR_VAULT_PASSPHRASE' };
const NO_BACKUP = { name: 'VaultError', code: 'ERR_VAULT_BACKUP' };

const seed = unhex(vectors.seed);
const write = (iterations = FEW) => writeBackupFile(seed, vectors.did, PASSPHRASE, iterations);
const read = (text: string, passphrase = PASSPHRASE) => readBackupFile(text, passphrase, FEW);

describe('backup file', () => {
  it.each(vectors.backups)('opens what another implementation wrote: $passphrase', async ({ passphrase, text }) => {
    const { seed: restored, identity } = await readBackupFile(text, passphrase);
    expect(hex(restored)).toBe(vectors.seed);
    expect(identity.did).toBe(vectors.did);
  });

  it('says what it is, and is never written twice the same', async () => {
    const [one, two] = [JSON.parse(await write()), JSON.parse(await write())];
    expect(one).toMatchObject({ format: 'ringline-backup', version: 1, did: vectors.did, kdf: 'PBKDF2-SHA256' });
    for (const field of ['salt', 'iv', 'sealed']) expect(one[field]).not.toBe(two[field]);
    expect(JSON.stringify(one)).not.toContain(encodeBase64url(seed));
  });

  it('is written with 600,000 iterations unless a test says otherwise', async () => {
    const text = await writeBackupFile(seed, vectors.did, PASSPHRASE);
    expect(JSON.parse(text).iterations).toBe(600_000);
    expect((await identityFromBackup(text, PASSPHRASE)).did).toBe(vectors.did);
  });

  it('forgives what people do to text files: spaces, order, line ends', async () => {
    const file = JSON.parse(await write());
    const shuffled = Object.fromEntries(Object.entries(file).reverse());
    expect((await read(`\r\n ${JSON.stringify(shuffled)}\r\n`)).identity.did).toBe(vectors.did);
  });

  it('a wrong passphrase and a change to any field are one and the same error', async () => {
    const text = await write();
    const file = JSON.parse(text);
    const errors: { code: string; message: string }[] = [];
    const collect = async (changed: string, passphrase = PASSPHRASE) => {
      errors.push(await read(changed, passphrase).catch((error) => error));
    };
    await collect(text, 'correct horse ');
    const flipped = (base64url: string) => (base64url.startsWith('A') ? 'B' : 'A') + base64url.slice(1);
    const changes = {
      did: [didKey.twin, 'nonsense', ''],
      iterations: [FEW + 1, FEW - 1, 0, -1, 10_000_001, Number.MAX_SAFE_INTEGER],
      salt: [flipped(file.salt), file.salt.slice(4), '', '!', `${file.salt}=`],
      iv: [flipped(file.iv), file.iv.slice(4), '', '!'],
      sealed: [flipped(file.sealed), file.sealed.slice(4), '', `${file.sealed}AAAA`],
    };
    for (const [field, values] of Object.entries(changes)) {
      for (const value of values) await collect(JSON.stringify({ ...file, [field]: value }));
    }
    for (const error of errors) expect(error).toMatchObject(WRONG);
    expect(new Set(errors.map(({ message }) => message)).size).toBe(1);
  });

  it('refuses every flipped bit of the sealed seed', async () => {
    const file = JSON.parse(await write());
    const bytes = unhex(Buffer.from(file.sealed, 'base64url').toString('hex'));
    for (let bit = 0; bit < bytes.length * 8; bit += 5) {
      const changed = bytes.slice();
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
      await expect(read(JSON.stringify({ ...file, sealed: encodeBase64url(changed) }))).rejects.toMatchObject(WRONG);
    }
  });

  it('a hostile file cannot ask for few or endless iterations', async () => {
    const weak = await write(599_999);
    await expect(identityFromBackup(weak, PASSPHRASE)).rejects.toMatchObject(WRONG);
    const endless = JSON.stringify({ ...JSON.parse(weak), iterations: 2 ** 32 });
    await expect(identityFromBackup(endless, PASSPHRASE)).rejects.toMatchObject(WRONG);
  });

  it('a file whose DID is not that of its seed is refused, though its seal holds', async () => {
    const text = await writeBackupFile(seed, didKey.twin, PASSPHRASE, FEW);
    await expect(read(text)).rejects.toMatchObject(WRONG);
    await expect(identityOfBackup(text, PASSPHRASE, FEW)).rejects.toMatchObject(WRONG);
  });

  it('what is no backup of this version is told apart', async () => {
    const file = JSON.parse(await write());
    const texts = ['', '{', 'null', '7', '[]', '{}', '"ringline-backup"', `${' '.repeat(5000)}${JSON.stringify(file)}`];
    for (const [field, value] of Object.entries({
      format: 'other',
      version: 2,
      kdf: 'scrypt',
      cipher: 'none',
      iterations: '10',
      did: 7,
      salt: null,
      iv: {},
      sealed: [],
    })) {
      texts.push(JSON.stringify({ ...file, [field]: value }));
      texts.push(JSON.stringify({ ...file, [field]: undefined }));
    }
    texts.push(JSON.stringify({ ...file, iterations: 10.5 }));
    for (const text of texts) await expect(read(text), text.slice(0, 80)).rejects.toMatchObject(NO_BACKUP);
  });

  it('copies the seed at once', async () => {
    const own = unhex(vectors.seed);
    const pending = writeBackupFile(own, vectors.did, PASSPHRASE, FEW);
    own.fill(0);
    expect(hex((await read(await pending)).seed)).toBe(vectors.seed);
  });

  it('names the argument that is wrong', async () => {
    await expect(writeBackupFile(seed, vectors.did, '')).rejects.toThrow(RangeError);
    await expect(writeBackupFile(seed, vectors.did, 7 as never)).rejects.toThrow(TypeError);
    await expect(identityFromBackup(new Uint8Array(1) as never, 'x')).rejects.toThrow(TypeError);
    await expect(identityFromBackup('{}', undefined as never)).rejects.toThrow(TypeError);
    await expect(identityFromBackup('{}', '')).rejects.toThrow(RangeError);
  });
});

// Writes backup-v1.json with node:crypto alone, as an independent second implementation of the file format.
// Run from the root: node vectors/backup/make.mjs
import { createCipheriv, pbkdf2Sync } from 'node:crypto';
import { writeFileSync } from 'node:fs';

const seed = Buffer.from(Array.from({ length: 32 }, (_, i) => i));
const did = 'did:key:z6MkehRgf7yJbgaGfYsdoAsKdBPE3dj2CYhowQdcjqSJgvVd';

function backup(passphrase, iterations, saltByte, ivByte) {
  const [salt, iv] = [Buffer.alloc(16, saltByte), Buffer.alloc(12, ivByte)];
  const file = {
    format: 'ringline-backup',
    version: 1,
    did,
    kdf: 'PBKDF2-SHA256',
    iterations,
    salt: salt.toString('base64url'),
    cipher: 'A256GCM',
    iv: iv.toString('base64url'),
  };
  const key = pbkdf2Sync(Buffer.from(passphrase.normalize('NFKD')), salt, iterations, 32, 'sha256');
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(JSON.stringify(Object.values(file))));
  const sealed = Buffer.concat([cipher.update(seed), cipher.final(), cipher.getAuthTag()]);
  return { passphrase, text: `${JSON.stringify({ ...file, sealed: sealed.toString('base64url') }, null, 2)}\n` };
}

const file = {
  seed: seed.toString('hex'),
  did,
  backups: [
    backup('correct horse battery staple', 600_000, 0x5a, 0xa5),
    backup('\u00c5ngstr\u00f6m \ufb01 \u2460', 600_000, 1, 2),
    backup('x', 1_000_000, 0, 0xff),
  ],
};
writeFileSync(new URL('backup-v1.json', import.meta.url), `${JSON.stringify(file, null, 2)}\n`);

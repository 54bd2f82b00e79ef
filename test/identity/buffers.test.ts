// Node's Buffer is a Uint8Array whose `slice` shares its memory: a secret given as one must still be copied.

import { expect, test } from 'vitest';
import { x25519FromSecret } from '../../src/curves/x25519.js';
import { identityOver } from '../../src/identity/seed-identity.js';
import { writeBackupFile } from '../../src/vault/backup-file.js';

const seed = () => Buffer.from(Array.from({ length: 32 }, (_, i) => i));

test.each(['webcrypto', 'noble'] as const)('%s: a seed in a Buffer stays the caller’s', async (backend) => {
  const own = seed();
  const { did } = await identityOver(own, backend);
  expect(did).toBe('did:key:z6MkehRgf7yJbgaGfYsdoAsKdBPE3dj2CYhowQdcjqSJgvVd');
  expect(own).toEqual(seed());
});

test.each(['webcrypto', 'noble'] as const)('%s: a secret in a Buffer is copied and not wiped', async (backend) => {
  const own = seed();
  const pair = await x25519FromSecret(own, backend);
  const remote = (await x25519FromSecret(new Uint8Array(32).fill(9), backend)).publicKey;
  const before = await pair.agree(remote);
  own.fill(1);
  expect(await pair.agree(remote)).toEqual(before);
  pair.wipe();
  expect(own).toEqual(Buffer.alloc(32, 1));
});

test('a backup leaves the seed it was given', async () => {
  const own = seed();
  await writeBackupFile(own, 'did:key:z6MkehRgf7yJbgaGfYsdoAsKdBPE3dj2CYhowQdcjqSJgvVd', 'passphrase', 600_000);
  expect(own).toEqual(seed());
});

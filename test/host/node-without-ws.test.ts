// The Node host where the optional package `ws` is not installed.

import { expect, it, vi } from 'vitest';
import { nodeHost } from '../../src/host/node.js';
import { createIdentity } from '../../src/identity/seed-identity.js';
import { serve } from '../../src/phone/serve.js';

vi.mock('ws', () => {
  throw new Error('Cannot find package');
});

it('says in plain words what to install', async () => {
  const server = serve({ identity: await createIdentity() });
  await expect(nodeHost(server)).rejects.toThrow('npm install ws');
});

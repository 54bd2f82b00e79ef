// The Worker in demo/worker as far as it goes without its runtime: its secret, and what a browser gets to read.

import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { build } from '../../scripts/build.mjs';
import edges from '../../vectors/did-key/edge-cases.json' with { type: 'json' };

type Worker = typeof import('../../demo/worker/src/index.js')['default'];
type ReadSeed = typeof import('../../demo/worker/src/seed.js')['readSeed'];

let worker: Worker;
let readSeed: ReadSeed;

// It imports the package by name, as whoever copies it will: so the package must be built first.
beforeAll(async () => {
  await build({ log: () => {} });
  worker = (await import('../../demo/worker/src/index.js')).default;
  ({ readSeed } = await import('../../demo/worker/src/seed.js'));
}, 60_000);

const request = new Request('https://agent.example/');
const bytes = Uint8Array.from({ length: 32 }, (_, i) => i);

describe('the secret', () => {
  it.each([
    ['hex', edges.seed],
    ['hex in capitals, with a newline', `${edges.seed.toUpperCase()}\n`],
    ['base64url', 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8'],
  ])('may be %s', (_name, secret) => {
    expect(readSeed(secret)).toEqual(bytes);
  });

  it.each([undefined, '', 'x', edges.seed.slice(2), `${edges.seed}00`, 'AAEC', '*'.repeat(43)])(
    'cannot be %j',
    async (secret) => {
      expect(readSeed(secret)).toBeUndefined();
      const response = await worker.fetch(request, secret === undefined ? {} : { RINGLINE_SEED: secret });
      expect(response.status).toBe(500);
      const text = await response.text();
      expect(text).toContain('ringline id new');
      expect(text).toContain('wrangler secret put RINGLINE_SEED');
    },
  );
});

it('tells a browser its DID and its phone, and never its secret', async () => {
  const response = await worker.fetch(request, { RINGLINE_SEED: edges.seed });
  expect(response.status).toBe(200);
  const text = await response.text();
  expect(text).toContain(edges.did);
  expect(text).toContain('wss://agent.example/');
  expect(text).not.toContain(edges.seed);
});

it('is deployable as it stands: a date, an entry that exists, no Node compatibility, no secret', async () => {
  const text = await readFile(new URL('../../demo/worker/wrangler.jsonc', import.meta.url), 'utf8');
  const config = JSON.parse(text.replace(/^\s*\/\/.*$/gm, ''));
  expect(config).toEqual({
    $schema: expect.any(String),
    name: 'ringline-agent',
    main: 'src/index.ts',
    compatibility_date: expect.stringMatching(/^\d{4}-\d{2}-\d{2}$/),
    observability: { enabled: true },
  });
  // The newest date that the pinned workerd knows.
  expect(config.compatibility_date <= '2026-10-23').toBe(true);
});

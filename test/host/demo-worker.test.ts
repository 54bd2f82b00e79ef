// The Worker in demo/worker as far as it goes without its runtime: its secret, and what a browser gets to read.

import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { build } from '../../scripts/build.mjs';
import edges from '../../vectors/did-key/edge-cases.json' with { type: 'json' };
import { fakeDurableStorage } from '../support/durable-storage.js';

type Entry = typeof import('../../demo/worker/src/index.js');
type Worker = Entry['default'];
type ReadSeed = typeof import('../../demo/worker/src/seed.js')['readSeed'];

let entry: Entry;
let worker: Worker;
let readSeed: ReadSeed;
let seen: typeof import('../../demo/worker/src/seen.js');

// It imports the package by name, as whoever copies it will: so the package must be built first.
beforeAll(async () => {
  await build({ log: () => {} });
  entry = await import('../../demo/worker/src/index.js');
  worker = entry.default;
  ({ readSeed } = await import('../../demo/worker/src/seed.js'));
  seen = await import('../../demo/worker/src/seen.js');
}, 60_000);

/** Bindings that are not to be used. */
const UNUSED = {
  idFromName: () => ({}),
  get: () => {
    throw new Error('the object was asked');
  },
};
const BINDINGS = { SEEN: UNUSED, MACHINES: UNUSED };

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
      const response = await worker.fetch(
        request,
        secret === undefined ? BINDINGS : { ...BINDINGS, RINGLINE_SEED: secret },
      );
      expect(response.status).toBe(500);
      const text = await response.text();
      expect(text).toContain('ringline id new');
      expect(text).toContain('wrangler secret put RINGLINE_SEED');
    },
  );
});

it('tells a browser its DID and its phone, and never its secret', async () => {
  const response = await worker.fetch(request, { ...BINDINGS, RINGLINE_SEED: edges.seed });
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
    durable_objects: {
      bindings: [
        { name: 'SEEN', class_name: seen.SeenMessages.name },
        { name: 'MACHINES', class_name: entry.Machine.name },
      ],
    },
    migrations: [
      { tag: 'v1', new_sqlite_classes: [seen.SeenMessages.name] },
      { tag: 'v2', new_sqlite_classes: [entry.Machine.name] },
    ],
  });
  expect(entry.SeenMessages).toBe(seen.SeenMessages);
  // The newest date that the pinned workerd knows.
  expect(config.compatibility_date <= '2026-10-23').toBe(true);
});

describe('machines of ARCP', () => {
  const tokens = `alice=${'a'.repeat(16)} b\u00f6b=${'b'.repeat(16)}`;

  /** Asks for a machine. @returns The names of the objects that were woken. */
  async function woken(url: string, secret: string | undefined) {
    const asked: string[] = [];
    const MACHINES = {
      idFromName: (name: string) => name,
      get: (name: unknown) => ({
        fetch: async () => {
          asked.push(String(name));
          return new Response('there');
        },
      }),
    };
    // Through a Map: a Request of Node's refuses this header.
    const headers = { get: (name: string) => (name === 'upgrade' ? 'websocket' : null) } as Headers;
    const upgrade = { method: 'GET', url, headers } as Request;
    const env = { SEEN: UNUSED, MACHINES, ...(secret !== undefined && { RINGLINE_ARCP_TOKENS: secret }) };
    return [(await worker.fetch(upgrade, env)).status, asked];
  }

  it.each([
    ['a tenant has its own', 'https://w.example/arcp/alice', tokens, [200, ['alice']]],
    ['a tenant with a name of any letters too', 'https://w.example/arcp/b%C3%B6b', tokens, [200, ['b\u00f6b']]],
    ['nobody else makes one', 'https://w.example/arcp/mallory', tokens, [404, []]],
    ['without a name there is none', 'https://w.example/arcp/', tokens, [404, []]],
    ['without tokens there is one on loopback', 'http://127.0.0.1:8787/arcp/', undefined, [200, ['everybody']]],
    ['without tokens there is none elsewhere', 'https://w.example/arcp/alice', undefined, [404, []]],
  ])('%s', async (_what, url, secret, expected) => {
    expect(await woken(url, secret)).toEqual(expected);
  });

  it.each(['alice', '=token-without-tenant', 'alice=short', `a=${'x'.repeat(16)} b=${'x'.repeat(16)}`])(
    'with a secret such as %j nobody comes in, and it is not repeated',
    async (secret) => {
      const failure = woken('http://127.0.0.1:8787/arcp/alice', secret);
      await expect(failure).rejects.toThrow('RINGLINE_ARCP_TOKENS');
      await expect(failure).rejects.not.toThrow(secret);
    },
  );
});

describe('messages that were seen', () => {
  const LATER = Math.floor(Date.now() / 1_000) + 600;

  /** Isolates of the Worker, and the one object they share, which can be started anew. */
  function isolates() {
    const storage = fakeDurableStorage();
    let object = new seen.SeenMessages({ storage });
    const names = new Set<unknown>();
    const isolate = () =>
      seen.seenMessages({
        idFromName: (name) => ({ name }),
        get: (id) => {
          names.add((id as { name: string }).name);
          return { fetch: (url, init) => object.fetch(new Request(url, init)) };
        },
      });
    const restart = () => {
      object = new seen.SeenMessages({ storage });
    };
    return { isolate, restart, names };
  }

  it('are known to every isolate, and after the object was started anew', async () => {
    const { isolate, restart, names } = isolates();
    const [one, other] = [isolate(), isolate()];
    expect(await one.has('a')).toBe(false);
    expect(await one.addIfAbsent('a', LATER)).toBe(true);
    expect([await other.has('a'), await other.addIfAbsent('a', LATER)]).toEqual([true, false]);
    restart();
    expect([await other.has('a'), await one.addIfAbsent('a', LATER)]).toEqual([true, false]);
    const many = await Promise.all([one, other, one, other].map((store) => store.addIfAbsent('b', LATER)));
    expect(many.filter(Boolean)).toHaveLength(1);
    expect(names).toEqual(new Set(['agent']));
  });

  it('are asked for anew in each request, and never taken for new where the object fails', async () => {
    const fetch = vi.fn<(url: string, init: RequestInit) => Promise<Response>>();
    const get = vi.fn(() => ({ fetch }));
    const store = seen.seenMessages({ idFromName: () => 0, get });
    fetch.mockResolvedValueOnce(new Response(null, { status: 507 }));
    await expect(store.addIfAbsent('a', LATER)).rejects.toMatchObject({ code: 'ERR_LIMIT_EXCEEDED' });
    fetch.mockResolvedValueOnce(Response.json(true, { status: 500 }));
    await expect(store.addIfAbsent('a', LATER)).rejects.toThrow('500');
    const fault = new Error('overloaded');
    fetch.mockRejectedValueOnce(fault);
    await expect(store.has('a')).rejects.toBe(fault);
    expect(get).toHaveBeenCalledTimes(3);
  });
});

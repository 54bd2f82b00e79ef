// What every store of artifacts has to do, as plain functions that throw: a runner in Node, a page or a worker lends its
// own `test`.

import type { ArtifactStore, StoredArtifact } from '../../src/arcp/artifacts/contract.js';
import { refuses, same, seededNumbers } from './check.js';

/** How the suite gets at an adapter. */
export interface ArtifactStoreSetup {
  /** A store on empty data of its own, at every call. */
  create(): ArtifactStore | Promise<ArtifactStore>;
  /** A second handle on the data of a store; the same one where there can be no other. */
  again(store: ArtifactStore): ArtifactStore | Promise<ArtifactStore>;
  /** There is one place for data, as in a Durable Object: `create` empties it, and what was made before is of no use. */
  readonly single?: boolean;
}

/** One demand on a store; rejects when it is not met. */
export interface ArtifactStoreCase {
  readonly name: string;
  run(setup: ArtifactStoreSetup): Promise<void>;
}

function artifact(n: number, more: Partial<StoredArtifact> = {}): StoredArtifact {
  return {
    artifactId: `art_${n}`,
    principal: 'alice',
    sessionId: 'sess_a',
    mediaType: 'text/plain',
    bytes: Uint8Array.of(n & 0xff, 0, 255),
    sha256: n.toString(16).padStart(64, '0'),
    expiresAtMs: 1_772_439_342_000 + n,
    ...more,
  };
}

/** The demands, in the order of the contract. */
export const artifactStoreCases: readonly ArtifactStoreCase[] = [
  {
    name: 'an empty store has nothing',
    async run({ create }) {
      const store = await create();
      same(await store.get('art_1'), undefined);
      same(await store.usage('alice'), { count: 0, bytes: 0 });
      same(await store.sweep(Number.MAX_SAFE_INTEGER), 0);
      await store.delete('art_1');
    },
  },
  {
    name: 'an artifact reads back as it was put [10.66]',
    async run({ create, again }) {
      const store = await create();
      const kept = artifact(1, { mediaType: 'image/png; \u{1f600}', bytes: new Uint8Array(0) });
      await store.put(kept);
      await store.put(artifact(2));
      const other = await again(store);
      same(await other.get('art_1'), kept);
      same(await other.get('art_2'), artifact(2));
      same(await other.get('art_3'), undefined);
    },
  },
  {
    name: 'bytes come back as a plain array of their own length, all 4 MiB of them [10.67]',
    async run({ create, again }) {
      const store = await create();
      const below = seededNumbers(1);
      const whole = Uint8Array.from({ length: 4_194_304 }, () => below(256));
      await store.put(artifact(1, { bytes: whole }));
      await store.put(artifact(2, { bytes: whole.subarray(7, 1_048_583) }));
      const other = await again(store);
      const [one, two] = [await other.get('art_1'), await other.get('art_2')];
      same(one?.bytes, whole);
      same(two?.bytes, whole.subarray(7, 1_048_583));
      same(Object.getPrototypeOf(one?.bytes)?.constructor?.name, 'Uint8Array');
      same(await other.usage('alice'), { count: 2, bytes: 4_194_304 + 1_048_576 });
      await other.put(artifact(1, { bytes: Uint8Array.of(1) }));
      same((await store.get('art_1'))?.bytes, Uint8Array.of(1));
    },
  },
  {
    name: 'its own principal replaces an artifact as a whole',
    async run({ create }) {
      const store = await create();
      await store.put(artifact(1));
      const later = artifact(1, {
        bytes: Uint8Array.of(1),
        mediaType: 'image/png',
        sessionId: 'sess_b',
        expiresAtMs: 5,
      });
      await store.put(later);
      same(await store.get('art_1'), later);
      same(await store.usage('alice'), { count: 1, bytes: 1 });
      same(await store.sweep(6), 1);
      same(await store.usage('alice'), { count: 0, bytes: 0 });
    },
  },
  {
    name: 'R6: no other principal replaces an artifact',
    async run({ create }) {
      const store = await create();
      await store.put(artifact(1));
      const foreign = artifact(1, { principal: 'mallory', bytes: Uint8Array.of(6, 6, 6) });
      await refuses(() => store.put(foreign), 'StorageError', 'ERR_STORAGE_FAILED');
      same(await store.get('art_1'), artifact(1));
      same(await store.usage('mallory'), { count: 0, bytes: 0 });
      same(await store.usage('alice'), { count: 1, bytes: 3 });
    },
  },
  {
    name: 'a deleted artifact is gone, and only that one [10.68]',
    async run({ create, again }) {
      const store = await create();
      await store.put(artifact(1));
      await store.put(artifact(2));
      await (await again(store)).delete('art_1');
      same(await store.get('art_1'), undefined);
      same(await store.get('art_2'), artifact(2));
      same(await store.usage('alice'), { count: 1, bytes: 3 });
      await store.put(artifact(1, { principal: 'bob' }));
      same((await store.get('art_1'))?.principal, 'bob');
    },
  },
  {
    name: 'a sweep takes what expired before a time, nothing that expires at it [10.68]',
    async run({ create, again }) {
      const store = await create();
      for (const n of [5, 3, 1, 4, 2])
        await store.put(artifact(n, { expiresAtMs: n, principal: n < 3 ? 'bob' : 'alice' }));
      same(await store.sweep(1), 0);
      same(await (await again(store)).sweep(4), 3);
      same(await store.get('art_3'), undefined);
      same(await store.get('art_4'), artifact(4, { expiresAtMs: 4 }));
      same(await store.usage('bob'), { count: 0, bytes: 0 });
      same(await store.usage('alice'), { count: 2, bytes: 6 });
      same(await store.sweep(4), 0);
    },
  },
  {
    name: 'R6: many expire at once, and a sweep that finds nothing leaves all as it is',
    async run({ create, again }) {
      const store = await create();
      for (let n = 0; n < 600; n++) await store.put(artifact(n, { expiresAtMs: n % 3, bytes: Uint8Array.of(n & 7) }));
      const other = await again(store);
      same(await other.sweep(0), 0);
      same(await other.sweep(2), 400);
      same(await other.sweep(2), 0);
      same(await other.usage('alice'), { count: 200, bytes: 200 });
      same(await store.get('art_2'), artifact(2, { expiresAtMs: 2, bytes: Uint8Array.of(2) }));
      // One that is put after a sweep, and expires before all others.
      await store.put(artifact(900, { expiresAtMs: 1 }));
      same(await store.sweep(2), 1);
      same(await store.sweep(3), 200);
      same(await store.usage('alice'), { count: 0, bytes: 0 });
    },
  },
  {
    name: 'what a principal keeps is counted by itself',
    async run({ create, again }) {
      const store = await create();
      for (let n = 0; n < 50; n++) {
        await store.put(artifact(n, { principal: n % 2 === 0 ? 'alice' : 'bob', bytes: new Uint8Array(n) }));
      }
      const other = await again(store);
      same(await other.usage('alice'), { count: 25, bytes: 600 });
      same(await other.usage('bob'), { count: 25, bytes: 625 });
      same(await other.usage('Alice'), { count: 0, bytes: 0 });
    },
  },
  {
    name: 'hostile text is text, wherever it stands',
    async run({ create, again }) {
      const store = await create();
      const texts = [
        "'; DROP TABLE arcp_artifact; --",
        '" OR 1=1',
        '%',
        '',
        '\u0000',
        'a\u0000b',
        '\ud800',
        '\u{1f511}',
        '__proto__',
      ];
      const all = texts.map((text, n) =>
        artifact(n, { artifactId: `art_${text}`, principal: text, sessionId: text, mediaType: text, sha256: text }),
      );
      for (const kept of all) await store.put(kept);
      const other = await again(store);
      for (const kept of all) {
        same(await other.get(kept.artifactId), kept);
        same(await other.usage(kept.principal), { count: 1, bytes: 3 });
        await other.delete(kept.artifactId);
        same(await other.get(kept.artifactId), undefined);
      }
    },
  },
  {
    name: 'two handles at once: one principal keeps the id, the other is refused',
    async run({ create, again }) {
      const store = await create();
      const other = await again(store);
      const attempts = await Promise.allSettled([
        (async () => store.put(artifact(1)))(),
        (async () => other.put(artifact(1, { principal: 'bob' })))(),
      ]);
      same(attempts.filter(({ status }) => status === 'fulfilled').length, 1);
      const winner = (await store.get('art_1'))?.principal as string;
      same(await other.usage(winner), { count: 1, bytes: 3 });
      same(await other.usage(winner === 'bob' ? 'alice' : 'bob'), { count: 0, bytes: 0 });
    },
  },
  {
    name: 'two stores share nothing',
    async run({ create, single }) {
      const one = await create();
      await one.put(artifact(1));
      const two = await create();
      same(await two.get('art_1'), undefined);
      same(await two.usage('alice'), { count: 0, bytes: 0 });
      if (single) return;
      await two.put(artifact(1, { principal: 'bob' }));
      same(await one.get('art_1'), artifact(1));
    },
  },
];

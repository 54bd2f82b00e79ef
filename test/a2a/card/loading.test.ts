// What the entry for cards loads, and when. Bundlers do better still: see the sizes.

import { expect, it } from 'vitest';
import { packageOf, readModules, target } from '../../packaging/import-graph.js';

const modules = new Map(readModules().map((module) => [module.name, module]));

/** Everything reached from a module by imports of these kinds, packages included. */
function reached(entry: string, kinds: readonly string[], except: readonly string[] = []): string[] {
  const found = new Set([entry]);
  for (const name of found) {
    for (const { specifier, kind } of modules.get(name)?.imports ?? []) {
      const next = target(name, specifier) ?? packageOf(specifier);
      if (kinds.includes(kind) && !except.includes(next)) found.add(next);
    }
  }
  return [...found];
}

it('loads no signers, no noble and nothing of the network at first', () => {
  const loaded = reached('a2a/card/index', ['static']);
  expect(loaded.filter((name) => /^(http|phone|noise)\/|remote-jwks|trust|signer|^@noble/.test(name))).toEqual([]);
  expect(loaded.filter((name) => !modules.has(name))).toEqual(['valibot']);
});

it('loads nothing of the network to verify, unless a policy lets it follow an address', () => {
  const loaded = reached('a2a/card/index', ['static', 'dynamic'], ['documents/remote-jwks']);
  expect(loaded.filter((name) => name.startsWith('http/'))).toEqual([]);
  expect(reached('a2a/card/jku-source', ['static', 'dynamic'])).toContain('documents/remote-jwks');
});

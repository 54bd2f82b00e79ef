// The floors of `src`, checked on the real import graph without the linter.

import { isBuiltin } from 'node:module';
import { describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { DEPENDENCIES, mayImport, RUNTIME_FLOORS, roomOf } from '../../scripts/floors.mjs';
import { importsOf, type Module, packageOf, readModules, target } from './import-graph.js';

const modules = readModules();
const byName = new Map(modules.map((module) => [module.name, module]));
const NODE_PART = /^(cli\/|host\/node($|-))/;

/** `from -> to` for every import that `judge` finds fault with. */
function faults(judge: (module: Module, specifier: string, kind: string) => boolean): string[] {
  return modules.flatMap((module) =>
    module.imports
      .filter(({ specifier, kind }) => judge(module, specifier, kind))
      .map(({ specifier, kind }) => `${module.name} -> ${specifier} (${kind})`),
  );
}

describe('import graph of src', () => {
  it('is read whole', () => {
    expect(modules.length).toBeGreaterThan(20);
    expect(modules.flatMap((module) => module.imports).length).toBeGreaterThan(30);
  });

  it('names only files that exist, with their extension', () => {
    expect(
      faults(({ name }, specifier) => {
        const to = target(name, specifier);
        return to !== undefined && (!byName.has(to) || !specifier.endsWith('.js'));
      }),
    ).toEqual([]);
  });

  it('goes down or sideways inside a room, never up and never across', () => {
    expect(
      faults(({ name }, specifier) => {
        const to = target(name, specifier);
        return to !== undefined && !mayImport(roomOf(name), roomOf(to));
      }),
    ).toEqual([]);
  });

  it('goes down inside the runtime of ARCP, too', () => {
    const folderOf = (name: string): string | undefined => /^arcp\/runtime\/([^/]+)\//.exec(name)?.[1];
    const folders = new Set(modules.flatMap(({ name }) => folderOf(name) ?? []));
    expect([...folders].sort()).toEqual(Object.keys(RUNTIME_FLOORS).sort());
    const floorOf = (folder: string): number => RUNTIME_FLOORS[folder] ?? Number.NaN;
    expect(
      faults(({ name }, specifier, kind) => {
        const [from, to] = [folderOf(name), folderOf(target(name, specifier) ?? '')];
        return from !== undefined && to !== undefined && from !== to && kind !== 'type' && floorOf(to) >= floorOf(from);
      }),
    ).toEqual([]);
  });

  it('never goes through an index', () => {
    expect(faults(({ name }, specifier) => /(^|\/)index$/.test(target(name, specifier) ?? ''))).toEqual([]);
  });

  it('has no cycle among what runs', () => {
    const state = new Map<string, 'open' | 'done'>();
    const cycles: string[] = [];
    const visit = (name: string, path: readonly string[]): void => {
      if (state.get(name) === 'done') return;
      if (state.get(name) === 'open') {
        cycles.push([...path.slice(path.indexOf(name)), name].join(' -> '));
        return;
      }
      state.set(name, 'open');
      for (const { specifier, kind } of byName.get(name)?.imports ?? []) {
        const to = target(name, specifier);
        if (to !== undefined && kind !== 'type') visit(to, [...path, name]);
      }
      state.set(name, 'done');
    };
    for (const { name } of modules) visit(name, []);
    expect(cycles).toEqual([]);
  });

  it('names each dependency only where it belongs', () => {
    const allowed = (name: string, specifier: string): boolean =>
      isBuiltin(specifier) ? NODE_PART.test(name) : (DEPENDENCIES[packageOf(specifier)]?.modules.test(name) ?? false);
    expect(faults(({ name }, specifier) => !specifier.startsWith('.') && !allowed(name, specifier))).toEqual([]);
  });

  it('keeps the heavy dependencies out of what any entry loads at once', () => {
    const entries = Object.values(manifest.exports).flatMap((entry) =>
      typeof entry === 'string' ? [] : [entry.default.replace(/^\.\/dist\/(.*)\.js$/, '$1')],
    );
    const loaded = new Set(entries);
    for (const name of loaded) {
      for (const { specifier, kind } of byName.get(name)?.imports ?? []) {
        const to = target(name, specifier);
        if (to !== undefined && kind === 'static') loaded.add(to);
      }
    }
    expect(loaded.size).toBeGreaterThan(entries.length);
    expect(
      faults(
        ({ name }, specifier, kind) =>
          loaded.has(name) && kind === 'static' && DEPENDENCIES[packageOf(specifier)]?.lazy === true,
      ),
    ).toEqual([]);
  });

  it('reaches Node only from the command line and the Node host', () => {
    expect(faults(({ name }, specifier) => isBuiltin(specifier) && !NODE_PART.test(name))).toEqual([]);
    expect(
      faults(({ name }, specifier) => {
        const to = target(name, specifier);
        return to !== undefined && NODE_PART.test(to) && !NODE_PART.test(name);
      }),
    ).toEqual([]);
  });

  it('offers no star export', () => {
    expect(modules.filter(({ text }) => /^export \*/m.test(text)).map(({ name }) => name)).toEqual([]);
  });
});

describe('the text search itself', () => {
  it('sees every form of import, and none in a comment', () => {
    const text = `
      // import { no } from './no.js';
      /** @example \`import { no } from './no.js'\` */
      import './bare.js';
      import { a,
        b } from './named.js';
      import type { C } from './type.js';
      export { d } from './again.js';
      export type { E } from './type-again.js';
      const late = () => import('./late.js');
      type F = typeof import('./type-of.js');
    `;
    expect(importsOf(text)).toEqual([
      { specifier: './bare.js', kind: 'static' },
      { specifier: './named.js', kind: 'static' },
      { specifier: './type.js', kind: 'type' },
      { specifier: './again.js', kind: 'static' },
      { specifier: './type-again.js', kind: 'type' },
      { specifier: './late.js', kind: 'dynamic' },
      { specifier: './type-of.js', kind: 'type' },
    ]);
  });
});

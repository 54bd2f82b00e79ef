// The linter really refuses what it is set up to refuse: bad files are seeded beside a copy of biome.json, and every
// pair of rooms is tried against the table of floors.

import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { FLOORS, mayImport, type Room } from '../../scripts/floors.mjs';
import { projectRoot } from './import-graph.js';

const BIOME = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome');

const folder = mkdtempSync(join(tmpdir(), 'ringline-lint-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Lints files beside our configuration. Returns what was found as `path:line rule`, sorted. */
function lint(project: string, files: Record<string, string>): string[] {
  const root = join(folder, project);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  copyFileSync(join(projectRoot, 'biome.json'), join(root, 'biome.json'));
  const { stdout } = spawnSync(
    process.execPath,
    [BIOME, 'lint', '--reporter=json', '--max-diagnostics=none', '--colors=off', '.'],
    { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 },
  );
  const report = JSON.parse(stdout) as {
    diagnostics: { severity: string; category: string; location: { path: string; start: { line: number } } }[];
  };
  return report.diagnostics
    .filter(({ severity }) => severity === 'error')
    .map(({ category, location }) => `${location.path}:${location.start.line} ${category.split('/').at(-1)}`)
    .sort();
}

describe('floors', () => {
  /** One module of a room, as importer or as imported: any room but the folders is a single file. */
  const moduleOf = (room: Room, folderFile: string): string => {
    if (room === 'ground') return folderFile === 'seed' ? 'abort' : 'clock';
    return room.includes('/') || room === 'errors' || room === 'index' ? room : `${room}/${folderFile}`;
  };
  const rooms = Object.keys(FLOORS) as Room[];
  const specifier = (from: string, to: string): string => {
    const path = posix.relative(posix.dirname(from), to);
    return path.startsWith('.') ? `${path}.js` : `./${path}.js`;
  };

  // Line 1 + 2i imports the i-th room, line 2 + 2i loads it dynamically; the last line imports an index below.
  const seedOf = (room: Room): string => {
    const from = moduleOf(room, 'seed');
    const lines = rooms.map((to, i) => {
      const path = specifier(from, moduleOf(to, 'target'));
      return `import { x as x${i} } from '${path}';\nexport const y${i} = async () => [x${i}, await import('${path}')];`;
    });
    return `${lines.join('\n')}\nimport '${specifier(from, 'bytes/index')}';\n`;
  };
  const findings = lint(
    'floors',
    Object.fromEntries(rooms.map((room) => [`src/${moduleOf(room, 'seed')}.ts`, seedOf(room)])),
  ).filter((finding) => finding.endsWith('noRestrictedImports'));

  it.each(rooms)('%s imports only its own room and those below', (room) => {
    const file = `src/${moduleOf(room, 'seed')}.ts`;
    const refused = (line: number): boolean => findings.includes(`${file}:${line} noRestrictedImports`);
    // A single file importing itself is the business of the cycle rule.
    const others = rooms.filter((to) => moduleOf(room, 'seed') !== moduleOf(to, 'target'));
    const wanted = others.filter((to) => !mayImport(room, to));
    expect(others.filter((to) => refused(1 + 2 * rooms.indexOf(to)))).toEqual(wanted);
    expect(others.filter((to) => refused(2 + 2 * rooms.indexOf(to)))).toEqual(wanted);
    expect(refused(1 + 2 * rooms.length), 'an index').toBe(true);
  });
});

describe('other rules', () => {
  const seeds: Record<string, { path: string; text: string; rule: string }> = {
    'a module of Node': { path: 'src/phone/a.ts', text: `import 'node:fs';`, rule: 'noNodejsModules' },
    'a module of Node by its bare name': { path: 'src/phone/b.ts', text: `import 'fs';`, rule: 'noNodejsModules' },
    Buffer: { path: 'src/codec/a.ts', text: `export const x = Buffer.alloc(1);`, rule: 'noRestrictedGlobals' },
    process: { path: 'src/codec/b.ts', text: `export const x = process.env;`, rule: 'noRestrictedGlobals' },
    window: { path: 'src/codec/c.ts', text: `export const x = window.name;`, rule: 'noRestrictedGlobals' },
    document: { path: 'src/codec/d.ts', text: `export const x = document.body;`, rule: 'noRestrictedGlobals' },
    localStorage: { path: 'src/codec/e.ts', text: `export const x = localStorage;`, rule: 'noRestrictedGlobals' },
    eval: { path: 'src/codec/f.ts', text: `export const x = eval('1');`, rule: 'noRestrictedGlobals' },
    'new Function': {
      path: 'src/codec/g.ts',
      text: `export const x = new Function('1');`,
      rule: 'noRestrictedGlobals',
    },
    console: { path: 'src/codec/h.ts', text: `console.log(1);`, rule: 'noConsole' },
    'a barrel': { path: 'src/codec/i.ts', text: `export { x } from './a.js';`, rule: 'noBarrelFile' },
    'a star export in an index': { path: 'src/noise/index.ts', text: `export * from './a.js';`, rule: 'noReExportAll' },
    'a cycle': {
      path: 'src/noise/a.ts',
      text: `import { b } from './b.js';\nexport const a = () => b;`,
      rule: 'noImportCycles',
    },
    'the other half of the cycle': {
      path: 'src/noise/b.ts',
      text: `import { a } from './a.js';\nexport const b = () => a;`,
      rule: 'noImportCycles',
    },
    'a floating promise': {
      path: 'src/phone/c.ts',
      text: `const later = async (): Promise<number> => 1;\nexport function f(): void {\n  later();\n}`,
      rule: 'noFloatingPromises',
    },
    'a floating promise in a test': {
      path: 'test/a.ts',
      text: `const later = async (): Promise<number> => 1;\nexport function f(): void {\n  later();\n}`,
      rule: 'noFloatingPromises',
    },
    'a promise as a condition': {
      path: 'src/phone/d.ts',
      text: `const later = async (): Promise<boolean> => true;\nexport function f(): number {\n  return later() ? 1 : 2;\n}`,
      rule: 'noMisusedPromises',
    },
  };
  const findings = lint(
    'others',
    Object.fromEntries(Object.values(seeds).map(({ path, text }) => [path, `${text}\n`])),
  );

  it.each(Object.entries(seeds))('refuse %s', (_name, { path, rule }) => {
    expect(findings.filter((finding) => finding.startsWith(`${path}:`)).join(', ')).toContain(rule);
  });

  it('let the command line and the Node host use Node', () => {
    const text = `import { readFileSync } from 'node:fs';\nexport const x = (): Buffer => readFileSync(process.argv[2] ?? '');\n`;
    expect(lint('node', { 'src/cli/a.ts': text, 'src/host/node.ts': text, 'src/host/node-a.ts': text })).toEqual([]);
  });
});

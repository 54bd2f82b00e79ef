// The built package, as files and as Node sees it: subpaths, page bundles, hashes, the command, the tarball.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import vm from 'node:vm';
import { beforeAll, describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { exportedModules } from '../../scripts/build/check-output.mjs';
import { filesBelow } from '../../scripts/build/stamp.mjs';
import { build } from '../../scripts/build.mjs';
import { projectRoot } from './import-graph.js';

const dist = join(projectRoot, 'dist');
const read = (file: string): string => readFileSync(join(dist, file), 'utf8');
const subpaths = exportedModules(manifest);

/** Runs module code in a fresh Node, in the project root, and returns the JSON it prints. */
function inNode(code: string): unknown {
  return JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '-e', code], { cwd: projectRoot, encoding: 'utf8' }),
  );
}

const exportsOf = (specifier: string): unknown =>
  inNode(`console.log(JSON.stringify(Object.keys(await import(${JSON.stringify(specifier)})).sort()))`);

beforeAll(() => build({ log: () => {} }), 60_000);

describe('modules', { timeout: 60_000 }, () => {
  it('stand one by one, as their sources do, and so do the declarations', () => {
    const files = filesBelow(dist).filter((file) => /(?<!\.min)\.js$|\.d\.ts$/.test(file));
    expect(files.length).toBeGreaterThan(2 * subpaths.length);
    for (const file of files) {
      expect(existsSync(join(projectRoot, 'src', file.replace(/\.js$|\.d\.ts$/, '.ts'))), file).toBe(true);
    }
  });

  it('load in Node by every subpath, with one identity of classes and nothing patched', () => {
    const specifiers = subpaths.map(({ subpath }) => `ringline${subpath.slice(1)}`);
    const result = inNode(`
      // Node itself leaves symbols of its HTTP client there when 'ws' loads.
      const globals = () => Reflect.ownKeys(globalThis).map(String).filter((key) => !key.includes('undici'));
      const before = globals();
      const frozen = [Object, Array, Promise, Symbol, Uint8Array].map((c) => Reflect.ownKeys(c).length + Reflect.ownKeys(c.prototype).length);
      const modules = {};
      for (const specifier of ${JSON.stringify(specifiers)}) modules[specifier] = await import(specifier);
      const after = [Object, Array, Promise, Symbol, Uint8Array].map((c) => Reflect.ownKeys(c).length + Reflect.ownKeys(c.prototype).length);
      console.log(JSON.stringify({
        same: modules.ringline.SdkError === modules['ringline/errors'].SdkError,
        added: globals().filter((key) => !before.includes(key)),
        patched: String(frozen) !== String(after),
        count: Object.keys(modules).length,
      }));`);
    expect(result).toEqual({ same: true, added: [], patched: false, count: subpaths.length });
  });

  it('keep the curves and the recovery words behind dynamic imports', () => {
    const code = filesBelow(dist).filter((file) => file.endsWith('.js') && !file.endsWith('.min.js'));
    const lazy = code.flatMap((file) => [...read(file).matchAll(/\bimport\(\s*'([^']+)'\s*\)/g)].map(([, to]) => to));
    expect(lazy).toEqual(
      expect.arrayContaining([expect.stringMatching(/noble/), expect.stringMatching(/bip39|words|phrase/)]),
    );
  });

  it('carry their docstrings once, in the declarations', () => {
    const docstring = '/** Every code an error of this package can carry.';
    expect(readFileSync(join(projectRoot, 'src/errors.ts'), 'utf8')).toContain(docstring);
    expect(read('errors.d.ts')).toContain(docstring);
    expect(read('errors.js')).not.toMatch(/\/\*|\/\//);
  });

  it('carry the marks by which a bundler leaves unused code out', () => {
    const marks = (text: string): number => text.match(/\/\* @__PURE__ \*\//g)?.length ?? 0;
    const file = 'a2a/wire/readers';
    expect(marks(read(`${file}.js`))).toBeGreaterThan(0);
    expect(marks(read(`${file}.js`))).toBe(marks(readFileSync(join(projectRoot, `src/${file}.ts`), 'utf8')));
  });

  it('have no declarations that only the command line would use', () => {
    expect(filesBelow(dist).filter((file) => /^cli\/.*\.d\.ts$/.test(file))).toEqual([]);
  });
});

describe('page bundles', { timeout: 60_000 }, () => {
  it('have the hashes that sri.json gives', () => {
    const hashes = JSON.parse(read('sri.json')) as Record<string, string>;
    expect(Object.keys(hashes)).toEqual(['ringline.iife.min.js', 'ringline.min.mjs']);
    for (const [file, hash] of Object.entries(hashes)) {
      expect(hash).toBe(
        `sha384-${createHash('sha384')
          .update(readFileSync(join(dist, file)))
          .digest('base64')}`,
      );
    }
  });

  it('offer what the front door offers', () => {
    const wanted = exportsOf('ringline');
    expect(exportsOf('./dist/ringline.min.mjs')).toEqual(wanted);
    // Only what every page has: no require, no process, no module.
    const page = vm.createContext({ console, crypto, TextEncoder, TextDecoder, URL, setTimeout, clearTimeout });
    vm.runInContext(`${read('ringline.iife.min.js')}\n;globalThis.result = Object.keys(ringline).sort();`, page);
    expect([...page.result]).toEqual(wanted);
  });

  it('import nothing and name no Node', () => {
    for (const file of ['ringline.iife.min.js', 'ringline.min.mjs']) {
      expect(read(file)).not.toMatch(/\bimport\s*\(|\bimport\s*[{*'"]|\brequire\s*\(|\bnode:/);
    }
  });

  it('name every package inside, with its licence', () => {
    const text = read('ringline.licences.txt');
    for (const name of ['@noble/ciphers', '@noble/curves', '@noble/hashes']) expect(text).toContain(`\n${name} `);
    expect(text).not.toContain('isows');
  });
});

describe('the command', () => {
  it('runs as a program', () => {
    const file = join(dist, 'cli/main.js');
    accessSync(file, constants.X_OK);
    expect(readFileSync(file, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
    const said = execFileSync(process.execPath, [file, 'version'], { encoding: 'utf8' });
    expect(said).toContain(manifest.version);
  });
});

describe('the tarball', { timeout: 60_000 }, () => {
  it('holds the build and the papers, nothing else', () => {
    const npm = process.env.npm_execpath;
    const [program, ...args] = npm ? [process.execPath, npm] : ['npm'];
    const said = execFileSync(program ?? 'npm', [...args, 'pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: projectRoot,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [report] = JSON.parse(said) as [{ size: number; files: { path: string }[] }];
    const others = report.files.map(({ path }) => path).filter((path) => !path.startsWith('dist/'));
    expect(others.sort()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'package.json']);
    expect(report.files.some(({ path }) => /\.test\.|\.build\.json|node_modules/.test(path))).toBe(false);
    // Half of it is code, a third declarations with their docstrings, the rest the two bundles for pages.
    expect(report.size).toBeLessThan(860_000);
  });
});

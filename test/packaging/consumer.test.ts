// A stranger's project compiles against the built package: with a bundler, in Node, in a worker.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { exportedModules } from '../../scripts/build/check-output.mjs';
import { build } from '../../scripts/build.mjs';
import { projectRoot } from './import-graph.js';

// Inside the project, so that the package finds its dependencies where npm would have put them.
const folder = join(projectRoot, '.cache', `consumer-${process.pid}`);
const installed = join(folder, 'node_modules/ringline');

beforeAll(async () => {
  await build({ log: () => {} });
  mkdirSync(installed, { recursive: true });
  cpSync(join(projectRoot, 'dist'), join(installed, 'dist'), { recursive: true });
  cpSync(join(projectRoot, 'package.json'), join(installed, 'package.json'));
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Compiles one file under options of the consumer's. Returns what the compiler says. */
function compile(name: string, text: string, compilerOptions: Record<string, unknown>): string {
  const project = join(folder, name);
  mkdirSync(project, { recursive: true });
  writeFileSync(join(project, 'package.json'), '{"type":"module"}');
  writeFileSync(join(project, 'main.ts'), text);
  const options = { strict: true, noEmit: true, target: 'ES2022', ...compilerOptions };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: ['main.ts'] }));
  const tsc = join(projectRoot, 'node_modules/typescript/bin/tsc');
  return spawnSync(process.execPath, [tsc, '-p', project, '--pretty', 'false'], { encoding: 'utf8' }).stdout.trim();
}

const all = exportedModules(manifest).map(({ subpath }) => subpath);
const imports = (subpaths: readonly string[]): string =>
  subpaths.map((subpath, i) => `export * as m${i} from 'ringline${subpath.slice(1)}';`).join('\n');

describe('a consumer compiles', { timeout: 60_000 }, () => {
  const elsewhere = ['./host/node', './host/node-http'];
  const web = imports(all.filter((subpath) => !elsewhere.includes(subpath)));

  it('for a page, through a bundler, checking our declarations too', () => {
    const options = {
      module: 'ESNext',
      moduleResolution: 'Bundler',
      lib: ['ES2022', 'ESNext.Disposable', 'DOM'],
      types: [],
    };
    expect(compile('page', web, options)).toBe('');
  });

  it('for a worker, without a window', () => {
    const options = { module: 'NodeNext', lib: ['ES2022', 'ESNext.Disposable', 'WebWorker'], types: [] };
    expect(compile('worker', web, options)).toBe('');
  });

  it('for Node', () => {
    const options = { module: 'NodeNext', lib: ['ES2023'], types: ['node'], skipLibCheck: true };
    expect(compile('node', imports(all), options)).toBe('');
  });

  it('and is told when it is wrong', () => {
    const text = `import { SdkError } from 'ringline';\nexport const x: number = new SdkError('ERR_X', 'x').code;`;
    expect(compile('wrong', text, { module: 'NodeNext', lib: ['ES2023'], types: [] })).toContain('TS2322');
  });
});

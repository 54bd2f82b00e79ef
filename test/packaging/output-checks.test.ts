// The checks of the build's output find what they look for.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseAst } from 'rolldown/parseAst';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkOutput, evaluatesText } from '../../scripts/build/check-output.mjs';

describe('text that becomes code', () => {
  it.each(['eval("1")', 'const f = new Function("return 1")', 'Function("x")()', 'class A { m() { return eval(x) } }'])(
    'is found in %s',
    (code) => expect(evaluatesText(parseAst(code))).toBe(true),
  );

  it.each([
    'poly.eval(x)',
    'class A { eval(x) { return x } }',
    'const s = "eval(1)"; // new Function',
    'f instanceof Function',
  ])('is not seen in %s', (code) => expect(evaluatesText(parseAst(code))).toBe(false));
});

describe('a build', () => {
  let root: string;
  const manifest = {
    exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' }, './package.json': './package.json' },
    bin: { ringline: 'dist/index.js' },
    unpkg: './dist/index.js',
    jsdelivr: './dist/index.js',
  };
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  };
  const check = (): Promise<string[]> => checkOutput(root, join(root, 'dist'), manifest);

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'ringline-output-'));
    write('src/index.ts', '');
    write('dist/index.d.ts', '');
    write('dist/index.js', "import './a.js';\nimport 'isows';\n");
    write('dist/a.js', 'export const a = 1;\n');
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  it('passes when all is well', async () => {
    expect(await check()).toEqual([]);
  });

  it.each([
    ['a character outside ASCII', 'dist/a.js', '// \u00e9\n', 'dist/a.js:1: a character outside ASCII'],
    ['a module of Node', 'dist/a.js', "import 'node:fs';\n", 'a.js imports node:fs'],
    ['a bare module of Node, loaded late', 'dist/a.js', "export const a = () => import('fs');\n", 'a.js imports fs'],
    ['evaluated text', 'dist/a.js', "eval('1');\n", 'dist/a.js: evaluates text'],
  ])('fails over %s', async (_name, file, text, fault) => {
    write(file, text);
    expect(await check()).toEqual([fault]);
  });

  it('fails over an import that leads nowhere', async () => {
    write('dist/a.js', "import './gone.js';\n");
    await expect(check().then((faults) => Promise.reject(new Error(faults.join())))).rejects.toThrow(/gone\.js/);
  });

  it('fails over an exported file that is missing', async () => {
    rmSync(join(root, 'dist/index.d.ts'));
    expect(await check()).toEqual(['dist/index.d.ts is missing']);
  });

  it('fails over an exported subpath without a source', async () => {
    rmSync(join(root, 'src/index.ts'));
    expect(await check()).toEqual(['exports ".": src/index.ts does not exist']);
  });
});

// What the build leaves out: comments in code, and files no entry leads to. What bundlers and programs need stays.

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parseAst } from 'rolldown/parseAst';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { filesBelow } from '../../scripts/build/stamp.mjs';
import { stripComments } from '../../scripts/build/strip-comments.mjs';
import { trimOutput } from '../../scripts/build/trim.mjs';

const strip = (code: string): string => stripComments('a.js', code);

/** A syntax tree without places. */
const meaning = (code: string): string =>
  JSON.stringify(parseAst(code), (key, value) => (key === 'start' || key === 'end' ? undefined : value));

describe('comments', () => {
  it.each([
    ['lines of their own', '// one\n  /** two\n   * lines */\nconst a = 1;\n', 'const a = 1;\n'],
    ['one between indented lines', '{\n    a();\n    // why\n    b();\n}\n', '{\n    a();\n    b();\n}\n'],
    ['the end of a line', 'a(); // why\nb(); /* why */  \n', 'a();\nb();\n'],
    ['the end of the file', 'a();\n// last', 'a();\n'],
    ['within a line', 'f(a, /* why */ b);\n', 'f(a,  b);\n'],
    ['before code, indented', '  /* why */ a();\n', '   a();\n'],
    ['two in a row', 'a(); /* one */ // two\nb();\n', 'a();\nb();\n'],
  ])('go: %s', (_name, code, stripped) => {
    expect(strip(code)).toBe(stripped);
  });

  it.each([
    'const f = /* @__PURE__ */ g(/* #__PURE__ */ h());\n',
    '/* @__NO_SIDE_EFFECTS__ */ function f() {}\n',
    'import(/* @vite-ignore */ name);\n',
    '/*! licence */\na();\n',
    '/** @license MIT */\na();\n',
    '#!/usr/bin/env node\na();\n',
  ])('stay where a tool or a licence needs them: %j', (code) => {
    expect(strip(code)).toBe(code);
  });

  it.each([
    `const a = "// no"; const b = '/* no */'; const c = \`// \${/* yes */ a} /* no */\`; // yes\n`,
    'const r = /\\/\\/[/*]*/; const q = 1 /2/ 3; // yes\n',
    'const f = () => { return/* yes */1; };\n',
    'const f = (x) => { x/* yes\n */++x; };\n',
    'const f = (x) => { return/* a line ends\n */x; };\n',
    'a/* a line ends\r */b\n',
    'a/* a line ends\u2028 */b\n',
    'let a = 1/* yes */, b = 2\n// yes\n;[a, b] = [b, a]\n',
    'a\n/* yes */\n(b)\n',
    'const e = "\u{1f600}"; /* \u{1f600} */ const f = "\u{1f600}"; // \u{1f600}\n',
    'const s = `\n// no\n/* no */\n`;\n',
  ])('go without a change of meaning: %j', (code) => {
    const stripped = strip(code);
    expect(meaning(stripped)).toBe(meaning(code));
    expect(stripped).not.toMatch(/yes|a line ends/);
    expect(stripped.match(/\bno\b/g)).toEqual(code.match(/\bno\b/g));
  });

  it('are not guessed at in code that does not parse', () => {
    expect(() => strip('const = /* x */;\n')).toThrow(/a\.js/);
  });
});

describe('a build', () => {
  let dist: string;
  const manifest = {
    exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' }, './package.json': './package.json' },
    bin: { ringline: 'dist/cli/main.js' },
  };
  const write = (files: Readonly<Record<string, string>>): void => {
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(dist, file)), { recursive: true });
      writeFileSync(join(dist, file), text);
    }
  };

  beforeEach(() => {
    dist = mkdtempSync(join(tmpdir(), 'ringline-trim-'));
  });
  afterEach(() => rmSync(dist, { recursive: true, force: true }));

  it('keeps what its entries lead to, whichever way, and nothing else', () => {
    write({
      'index.js': "export { a } from './room/a.js';\nexport const late = () => import('./late.js');\n",
      'index.d.ts':
        "import './patch.js';\nexport type { A } from './room/a.js';\nexport declare const b: import(\"./b.js\").B;\n",
      'room/a.js': "import '../plain.js';\nexport const a = 1;\n",
      'room/a.d.ts': "import type { T } from './types.js';\nexport type A = T;\n",
      'room/types.js': 'export {};\n',
      'room/types.d.ts': 'export type T = 1;\n',
      'plain.js': 'export {};\n',
      'plain.d.ts': 'export {};\n',
      'patch.d.ts': 'export {};\n',
      'b.d.ts': 'export type B = 1;\n',
      'late.js': 'export {};\n',
      'late.d.ts': 'export {};\n',
      'cli/main.js': "#!/usr/bin/env node\nimport './run.js';\n",
      'cli/main.d.ts': 'export {};\n',
      'cli/run.js': 'export {};\n',
      'alone.js': "import './index.js';\n",
    });
    trimOutput(dist, manifest);
    expect(filesBelow(dist)).toEqual(
      [
        ...['b.d.ts', 'index.d.ts', 'patch.d.ts', 'room/a.d.ts', 'room/types.d.ts'],
        ...['cli/main.js', 'cli/run.js', 'index.js', 'late.js', 'plain.js', 'room/a.js'],
      ].sort(),
    );
  });

  it('loses the comments of its code and keeps those of its declarations', () => {
    const declared = '/** What it is. */\nexport declare const a: number;\n';
    write({ 'index.js': '/** What it is. */\nexport const a = 1;\n', 'index.d.ts': declared });
    trimOutput(dist, manifest);
    expect(readFileSync(join(dist, 'index.js'), 'utf8')).toBe('export const a = 1;\n');
    expect(readFileSync(join(dist, 'index.d.ts'), 'utf8')).toBe(declared);
  });

  it('leaves an import that leads nowhere as it is, for the checks to tell', () => {
    write({ 'index.js': "import './gone.js';\n" });
    trimOutput(dist, manifest);
    expect(readFileSync(join(dist, 'index.js'), 'utf8')).toBe("import './gone.js';\n");
    expect(existsSync(join(dist, 'gone.js'))).toBe(false);
  });
});

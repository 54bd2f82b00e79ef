// When a build is skipped: only while nothing it reads and nothing it wrote has changed.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { inputsDigest, isCurrent, writeStamp } from '../../scripts/build/stamp.mjs';

let root: string;
let dist: string;

const write = (file: string, text: string): void => {
  mkdirSync(join(root, file, '..'), { recursive: true });
  writeFileSync(join(root, file), text);
};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'ringline-stamp-'));
  dist = join(root, 'dist');
  for (const file of ['package.json', 'package-lock.json', 'scripts/build.mjs', 'src/a.ts', 'src/room/b.ts']) {
    write(file, 'one');
  }
  for (const file of ['tsconfig.base.json', 'tsconfig.json', 'tsconfig.node.json', 'tsconfig.build.node.json']) {
    write(file, '{}');
  }
  write('dist/a.js', 'one');
  writeStamp(dist, inputsDigest(root));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const current = (): boolean => isCurrent(dist, inputsDigest(root));

it('skips while nothing changed', () => {
  expect(current()).toBe(true);
  write('test/a.test.ts', 'no part of a build');
  expect(current()).toBe(true);
});

it.each(['src/a.ts', 'src/room/b.ts', 'src/room/new.ts', 'package-lock.json', 'scripts/build.mjs', 'tsconfig.json'])(
  'builds again after a change of %s',
  (file) => {
    write(file, 'two');
    expect(current()).toBe(false);
  },
);

it('builds again after a source file moved', () => {
  rmSync(join(root, 'src/a.ts'));
  write('src/c.ts', 'one');
  expect(current()).toBe(false);
});

it.each(['a.js', 'new.js'])('builds again after dist/%s was touched', (file) => {
  write(`dist/${file}`, 'two');
  expect(current()).toBe(false);
});

it('builds again when a file of the build is gone, or all of it', () => {
  rmSync(join(dist, 'a.js'));
  expect(current()).toBe(false);
  rmSync(dist, { recursive: true });
  expect(current()).toBe(false);
});

it('builds again after a damaged stamp', () => {
  write('dist/.build.json', '{');
  expect(current()).toBe(false);
});

// Whether `dist` is what a build would make now: a digest over everything a build reads and everything it wrote.

import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';

/** What a build reads, below the project root. The lock file stands for the dependencies. */
const INPUTS = [
  'src',
  'scripts/build.mjs',
  'scripts/build',
  'package.json',
  'package-lock.json',
  'tsconfig.base.json',
  'tsconfig.json',
  'tsconfig.node.json',
  'tsconfig.build.node.json',
];

const STAMP = '.build.json';

/**
 * Every file below a folder, or the file itself; sorted, as paths from `root` with forward slashes.
 *
 * @param {string} root
 * @param {string} [path]
 * @returns {string[]}
 */
export function filesBelow(root, path = '') {
  const absolute = join(root, path);
  if (!existsSync(absolute)) return [];
  /** @type {string[]} */
  const found = [];
  const entries = readdirSync(absolute, { withFileTypes: true, recursive: true });
  for (const entry of entries) {
    if (entry.isFile())
      found.push(
        join(entry.parentPath, entry.name)
          .slice(root.length + 1)
          .split(sep)
          .join('/'),
      );
  }
  return found.sort();
}

/**
 * @param {string} root
 * @param {readonly string[]} files
 */
function digest(root, files) {
  const hash = createHash('sha256');
  for (const file of files) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update('\0');
  }
  return hash.digest('hex');
}

/** Digest of everything a build reads. @param {string} root Project root, absolute. */
export function inputsDigest(root) {
  const files = INPUTS.flatMap((input) => (input.includes('.') ? [input] : filesBelow(root, input)));
  return digest(root, files);
}

/** @param {string} dist */
const outputsDigest = (dist) =>
  digest(
    dist,
    filesBelow(dist).filter((file) => file !== STAMP),
  );

/**
 * Marks a finished build. @param {string} dist Folder, absolute. @param {string} inputs From {@link inputsDigest}, taken
 * before the build read anything.
 */
export function writeStamp(dist, inputs) {
  writeFileSync(join(dist, STAMP), `${JSON.stringify({ inputs, outputs: outputsDigest(dist) }, null, 2)}\n`);
}

/** Whether `dist` is whole and made from these inputs. @param {string} dist @param {string} inputs */
export function isCurrent(dist, inputs) {
  try {
    const stamp = JSON.parse(readFileSync(join(dist, STAMP), 'utf8'));
    return stamp.inputs === inputs && stamp.outputs === outputsDigest(dist);
  } catch {
    return false;
  }
}

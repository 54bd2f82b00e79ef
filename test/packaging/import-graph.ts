// Every import of every module of `src`, read by plain text search: a second opinion beside the linter's.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const projectRoot = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const src = join(projectRoot, 'src');

export interface ModuleImport {
  /** As written, such as `./frame.js` or `@noble/ciphers/chacha.js`. */
  readonly specifier: string;
  /** `type`: gone after compilation. `dynamic`: loaded when called. */
  readonly kind: 'static' | 'type' | 'dynamic';
}

export interface Module {
  /** Path below `src` without extension, such as `phone/session`. */
  readonly name: string;
  readonly text: string;
  readonly imports: readonly ModuleImport[];
}

const STATEMENT =
  /^[ \t]*(?:import|export)\b(?<type> type\b)?(?<names>[^;'"]*?\bfrom\s*)?\s*(?<quote>['"])(?<specifier>[^'"]+)\k<quote>/gm;
const DYNAMIC = /(?<typeof>typeof\s+)?\bimport\s*\(\s*['"`](?<specifier>[^'"`]+)['"`]/g;
const COMMENTS = /\/\*[\s\S]*?\*\/|(?<=^|[\s;{},)])\/\/.*$/gm;

/** Imports of one module's text. */
export function importsOf(text: string): ModuleImport[] {
  const code = text.replace(COMMENTS, '');
  const found: ModuleImport[] = [];
  for (const { groups } of code.matchAll(STATEMENT)) {
    found.push({ specifier: groups?.specifier ?? '', kind: groups?.type ? 'type' : 'static' });
  }
  for (const { groups } of code.matchAll(DYNAMIC)) {
    found.push({ specifier: groups?.specifier ?? '', kind: groups?.typeof ? 'type' : 'dynamic' });
  }
  return found;
}

/** All modules of `src`. */
export function readModules(): Module[] {
  return readdirSync(src, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const text = readFileSync(path, 'utf8');
      return { name: relative(src, path).replaceAll('\\', '/').replace(/\.ts$/, ''), text, imports: importsOf(text) };
    });
}

/** The module a relative import names, or `undefined` for a package. */
export function target(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return posix.normalize(posix.join(posix.dirname(from), specifier)).replace(/\.js$/, '');
}

/** The package a bare import names: `@noble/curves` of `@noble/curves/ed25519.js`. */
export function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

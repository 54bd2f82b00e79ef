// @ts-check
// Puts the page together in memory: fragments into index.html, styles into one file, scripts into modules. What the page
// imports as `ringline` stays the package's own self-contained module, as a page without a bundler would load it.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const pageDir = join(root, 'demo/page');

/** Styles in the order in which they apply; those of the views follow. */
const STYLES = ['tokens', 'base', 'parts'];

/** Where the page loads the package from. */
const PACKAGE_URL = '/ringline.min.mjs';

/** Programs that run beside the page, in a frame or a worker. */
const BESIDE = {
  'trust-calendar': 'trust/calendar.ts',
  'trust-guest': 'trust/guest.ts',
  'work-observer': 'work/observer.ts',
};

/** Pages that stand in frames. */
const FRAMES = { 'trust-frame': 'trust/frame.html', 'work-observer': 'work/observer.html' };

/**
 * `shared`: readable from any origin, as it has to be where a frame is kept in an origin of its own.
 *
 * @typedef {{ type: string, body: string, shared?: true }} Asset
 */

/**
 * Everything the page consists of, by path.
 *
 * @returns {Promise<Map<string, Asset>>}
 */
export async function assemblePage() {
  /** @type {Map<string, Asset>} */
  const assets = new Map();
  assets.set('/', { type: 'text/html; charset=utf-8', body: pageMarkup() });
  assets.set('/page.css', { type: 'text/css; charset=utf-8', body: pageStyles(), shared: true });
  for (const [name, file] of Object.entries(FRAMES)) {
    assets.set(`/${name}.html`, { type: 'text/html; charset=utf-8', body: markupOf(file) });
  }
  for (const { fileName, code } of await bundleScripts()) {
    assets.set(`/${fileName}`, { type: 'text/javascript; charset=utf-8', body: code, shared: true });
  }
  assets.set(PACKAGE_URL, {
    type: 'text/javascript; charset=utf-8',
    body: readFileSync(join(root, 'dist/ringline.min.mjs'), 'utf8'),
  });
  return assets;
}

const VIEW = /^[ \t]*<!-- view: ([a-z-]+) -->\n/gm;

/** The page without its views. */
function readSkeleton() {
  return readFileSync(join(pageDir, 'index.html'), 'utf8');
}

/** Names of the views, in their order on the page. @param {string} html */
export function viewsOf(html) {
  return Array.from(html.matchAll(VIEW), ([, name = '']) => name);
}

/** The markup of the page, with its views in their places and the remarks to its authors left out. */
export function pageMarkup() {
  const whole = readSkeleton().replace(VIEW, (_line, name) =>
    readFileSync(join(pageDir, `views/${name}.html`), 'utf8'),
  );
  return withoutRemarks(whole);
}

/** The markup of a page that stands in a frame. @param {string} file */
export function markupOf(file) {
  return withoutRemarks(readFileSync(join(pageDir, file), 'utf8'));
}

/** @param {string} html */
function withoutRemarks(html) {
  return html.replaceAll(/[ \t]*<!--.*?-->\n?/gs, '');
}

/** The styles of the page and of its views. */
export function pageStyles() {
  const views = viewsOf(readSkeleton());
  const present = new Set(readdirSync(join(pageDir, 'views')));
  const files = [
    ...STYLES.map((name) => `styles/${name}.css`),
    ...views.filter((name) => present.has(`${name}.css`)).map((name) => `views/${name}.css`),
  ];
  return files.map((file) => readFileSync(join(pageDir, file), 'utf8')).join('\n');
}

/** The page's own modules and those beside it; what is imported later, or by several, stays in files of its own. */
async function bundleScripts() {
  const beside = Object.entries(BESIDE).map(([name, file]) => [name, join(pageDir, file)]);
  const bundle = await rolldown({
    input: { page: join(pageDir, 'main.ts'), ...Object.fromEntries(beside) },
    platform: 'browser',
    external: ['ringline'],
    transform: { target: 'es2022' },
    logLevel: 'warn',
  });
  const { output } = await bundle.generate({
    format: 'es',
    paths: { ringline: PACKAGE_URL },
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
  });
  await bundle.close();
  return output.filter((part) => part.type === 'chunk');
}

// Finds the browsers that tests and the demo run in, and gets a Chromium where there is none: a variable, the system,
// Playwright's cache, Playwright's installer, apt. Firefox and WebKit are only looked for, never installed.

import { execFile, spawn } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const require = createRequire(import.meta.url);
const run = promisify(execFile);

/** What to say when no Chromium can be had. One line. */
export const NO_CHROMIUM =
  'No Chromium: install one (Debian: apt-get install chromium; elsewhere: npx playwright install chromium) ' +
  'or set RINGLINE_CHROMIUM to its path.';

/** Exit code of a command whose only trouble is a missing browser. */
export const EXIT_NO_BROWSER = 2;

const CHROMIUM_NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome'];

const CHROMIUM_PLACES = [
  '/usr/lib/chromium/chromium',
  '/opt/google/chrome/chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
];

/**
 * @typedef {object} FindOptions
 * @property {boolean} [install] Whether a missing browser may be installed. Default true; RINGLINE_NO_INSTALL=1 forbids
 *   it whatever this says.
 * @property {(line: string) => void} [log] Receives one line per installation tried. Default: standard error, so that
 *   what a command prints for programs stays clean.
 * @property {NodeJS.ProcessEnv} [env] Default `process.env`.
 * @property {readonly string[]} [places] Paths looked at after PATH, for tests.
 * @property {boolean} [cached] Whether to look into Playwright's cache. Default true.
 * @property {readonly Installer[]} [installers] Default {@link INSTALLERS}, for tests.
 */

/**
 * @typedef {object} Installer
 * @property {() => boolean} possible Whether it makes sense to try here.
 * @property {string} announcement What is about to happen.
 * @property {readonly (readonly string[])[]} commands Run one after the other until one fails.
 * @property {number} timeoutMs For all of them together.
 * @property {Record<string, string>} [env] Added to the environment.
 */

/** Ways to get a Chromium, in order. @type {readonly Installer[]} */
export const INSTALLERS = [
  {
    possible: () => true,
    announcement: "getting one with Playwright's installer into the user's cache",
    commands: [[process.execPath, playwrightCli(), 'install', '--no-shell', 'chromium']],
    timeoutMs: 120_000,
    env: { PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT: '10000' },
  },
  {
    possible: () => process.getuid?.() === 0 && existsSync('/etc/debian_version'),
    announcement: 'getting one with apt-get',
    commands: [
      ['apt-get', 'update', '-qq'],
      ['apt-get', 'install', '-y', '-qq', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=60', 'chromium'],
    ],
    timeoutMs: 240_000,
    env: { DEBIAN_FRONTEND: 'noninteractive' },
  },
];

/**
 * Finds a Chromium that starts, installing one if need be.
 *
 * @param {FindOptions} [options]
 * @returns {Promise<string | undefined>} Path for Playwright's `executablePath`; it needs no further flag. `undefined`
 *   when there is none: say {@link NO_CHROMIUM} and end with {@link EXIT_NO_BROWSER}.
 * @throws {Error} RINGLINE_CHROMIUM is set and does not start: a browser asked for is never replaced silently.
 */
export async function findChromium(options = {}) {
  const { env = process.env, log = console.error, install = true, installers = INSTALLERS } = options;
  if (env.RINGLINE_CHROMIUM) {
    if (await starts(env.RINGLINE_CHROMIUM)) return env.RINGLINE_CHROMIUM;
    throw new Error(`RINGLINE_CHROMIUM does not start: ${env.RINGLINE_CHROMIUM}`);
  }
  const found = await installedChromium(options);
  if (found || !install || env.RINGLINE_NO_INSTALL === '1') return found;

  for (const installer of installers) {
    if (!installer.possible()) continue;
    log(`No Chromium found: ${installer.announcement} (RINGLINE_NO_INSTALL=1 forbids this).`);
    await runAll(installer, env);
    const installed = await installedChromium(options);
    if (installed) return installed;
  }
  return undefined;
}

/** @param {FindOptions} options */
async function installedChromium({ env = process.env, places = CHROMIUM_PLACES, cached = true }) {
  const candidates = [...onPath(CHROMIUM_NAMES, env), ...places, cached ? await playwrightPath('chromium') : undefined];
  return firstThatStarts(candidates);
}

/**
 * Finds a Firefox. Never installs.
 *
 * @param {{ env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<{ path: string, stock: boolean } | undefined>} `stock`: the vendor's or distribution's own build,
 *   which Playwright starts with `channel: 'moz-firefox'`; otherwise its patched build from its cache.
 */
export async function findFirefox({ env = process.env } = {}) {
  const stock = await firstThatStarts([
    ...(env.RINGLINE_FIREFOX ? [env.RINGLINE_FIREFOX] : []),
    ...onPath(['firefox', 'firefox-esr'], env),
    '/Applications/Firefox.app/Contents/MacOS/firefox',
  ]);
  if (stock) return { path: stock, stock: true };
  const patched = await firstThatStarts([await playwrightPath('firefox')]);
  return patched ? { path: patched, stock: false } : undefined;
}

/**
 * Finds a WebKit. Never installs.
 *
 * @param {{ env?: NodeJS.ProcessEnv, cached?: boolean }} [options] `cached`: as for Chromium.
 * @returns {Promise<{ path: string, driver: 'webdriver' | 'playwright' } | undefined>} `webdriver`: WebKitGTK's
 *   `WebKitWebDriver`; `playwright`: its own build from its cache.
 */
export async function findWebKit({ env = process.env, cached = true } = {}) {
  const patched = cached ? await playwrightPath('webkit') : undefined;
  if (patched && isExecutable(patched)) return { path: patched, driver: 'playwright' };
  const driver = [...onPath(['WebKitWebDriver'], env), '/usr/libexec/webkit2gtk-4.1/WebKitWebDriver'].find(
    isExecutable,
  );
  return driver ? { path: driver, driver: 'webdriver' } : undefined;
}

/**
 * @param {readonly string[]} names
 * @param {NodeJS.ProcessEnv} env
 */
function onPath(names, env) {
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return names.flatMap((name) => folders.map((folder) => join(folder, name)));
}

/** Where Playwright keeps its own build, present or not. @param {'chromium' | 'firefox' | 'webkit'} name */
async function playwrightPath(name) {
  try {
    return (await import('playwright'))[name].executablePath();
  } catch {
    return undefined;
  }
}

/** Not a public module of the package, so found beside its manifest. */
function playwrightCli() {
  return join(dirname(require.resolve('playwright/package.json')), 'cli.js');
}

/** @param {readonly (string | undefined)[]} candidates */
async function firstThatStarts(candidates) {
  for (const candidate of candidates) {
    if (candidate && isExecutable(candidate) && (await starts(candidate))) return candidate;
  }
  return undefined;
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Whether a browser says its version: one with missing libraries, or a stub that only points to a store, does not.
 *
 * @param {string} path
 */
async function starts(path) {
  // On Windows a browser opens a window instead of answering.
  if (process.platform === 'win32') return isExecutable(path);
  try {
    const { stdout } = await run(path, ['--version'], { timeout: 20_000, killSignal: 'SIGKILL' });
    return /\d+\.\d+/.test(stdout);
  } catch {
    return false;
  }
}

/**
 * Runs an installer quietly within its time. Failure is no error: what counts is whether a browser is there afterwards.
 *
 * @param {Installer} installer
 * @param {NodeJS.ProcessEnv} env
 */
async function runAll({ commands, timeoutMs, env: extra }, env) {
  const signal = AbortSignal.timeout(timeoutMs);
  for (const [command = '', ...args] of commands) {
    const ok = await new Promise((resolve) => {
      const child = spawn(command, args, { env: { ...env, ...extra }, stdio: 'ignore', signal });
      child.on('error', () => resolve(false));
      child.on('close', (code) => resolve(code === 0));
    });
    if (!ok) return;
  }
}

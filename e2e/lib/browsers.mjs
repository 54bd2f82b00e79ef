// Real browsers as tabs that go to addresses. What a page is asked and what it answers travels over our web server, so
// that every engine is driven alike and nothing is evaluated in a page behind its policy's back.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, firefox } from 'playwright';
import { openWebKit } from './webdriver.mjs';

/**
 * @typedef {object} Tab
 * @property {(url: string) => Promise<unknown>} go
 * @property {() => Promise<unknown>} reload
 * @property {() => Promise<unknown>} close
 * @property {string[]} said What its console said.
 */

/**
 * @typedef {object} Browser
 * @property {string} name
 * @property {string} version
 * @property {() => Promise<Tab>} newTab
 * @property {() => Promise<unknown>} close
 */

/** @typedef {Browser & { context: import('playwright').BrowserContext }} Chromium */

/** Closes what is open, also when a test has failed half-way. @type {Set<() => Promise<unknown>>} */
const open = new Set();

const LAUNCH = { timeout: 30_000, handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: false };

/**
 * @param {string} executablePath @param {string} folder Where the profile is kept: the same folder, the same storage.
 * @returns {Promise<Chromium>}
 */
export async function openChromium(executablePath, folder) {
  const profile = join(folder, 'chromium');
  mkdirSync(profile, { recursive: true });
  const context = await chromium.launchPersistentContext(profile, { executablePath, ...LAUNCH });
  const version = context.browser()?.version() ?? '';
  return { ...browserOf('Chromium', version, context, () => context.close()), context };
}

/** @param {{ path: string, stock: boolean }} found @returns {Promise<Browser>} */
export async function openFirefox({ path, stock }) {
  const channel = stock ? { channel: 'moz-firefox' } : {};
  const browser = await firefox.launch({ executablePath: path, ...channel, ...LAUNCH });
  const context = await browser.newContext();
  return browserOf('Firefox', browser.version(), context, () => browser.close());
}

/** @param {{ path: string, driver: 'webdriver' | 'playwright' }} found @returns {Promise<Browser>} */
export async function openAnyWebKit({ path, driver }) {
  if (driver === 'webdriver') return tracked(await openWebKit(path));
  const { webkit } = await import('playwright');
  const browser = await webkit.launch({ executablePath: path, ...LAUNCH });
  const context = await browser.newContext();
  return browserOf('WebKit', browser.version(), context, () => browser.close());
}

/** Closes every browser that is still open. */
export async function closeBrowsers() {
  await Promise.all([...open].map((close) => close().catch(() => {})));
}

/**
 * @param {string} name @param {string} version @param {import('playwright').BrowserContext} context
 * @param {() => Promise<unknown>} close
 */
function browserOf(name, version, context, close) {
  return tracked({ name, version, newTab: async () => tabOf(await context.newPage()), close });
}

/** @template {Browser} B @param {B} browser @returns {B} */
function tracked(browser) {
  const { close } = browser;
  open.add(close);
  return {
    ...browser,
    close() {
      open.delete(close);
      return close();
    },
  };
}

/** @param {import('playwright').Page} page @returns {Tab} */
function tabOf(page) {
  /** @type {string[]} */
  const said = [];
  page.on('console', (message) => said.push(message.text()));
  page.on('pageerror', (error) => said.push(String(error)));
  const crash = new Promise((_resolve, reject) => page.once('crash', () => reject(new Error('the page crashed'))));
  crash.catch(() => {});
  return {
    go: (url) => Promise.race([page.goto(url, { timeout: 30_000 }), crash]),
    reload: () => Promise.race([page.reload({ timeout: 30_000 }), crash]),
    close: () => page.close(),
    said,
  };
}

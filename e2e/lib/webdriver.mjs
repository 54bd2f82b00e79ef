// WebKitGTK over the WebDriver protocol (W3C), as far as tabs need it.

import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { Program } from './programs.mjs';

const BROWSERS = ['/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser', '/usr/libexec/webkit2gtk-4.1/MiniBrowser'];

/**
 * Starts the driver and one browser.
 *
 * @param {string} driverPath Of `WebKitWebDriver`.
 * @returns {Promise<import('./browsers.mjs').Browser>}
 */
export async function openWebKit(driverPath) {
  const port = await freePort();
  const driver = startDriver(driverPath, port);
  const base = `http://127.0.0.1:${port}`;
  try {
    await untilReady(base, driver);
    const binary = BROWSERS.find((path) => existsSync(path));
    const options = { args: ['--automation'], ...(binary === undefined ? {} : { binary }) };
    const capabilities = { alwaysMatch: { 'webkitgtk:browserOptions': options } };
    const session = await command(`${base}/session`, { capabilities });
    const address = `${base}/session/${session.sessionId}`;
    const firstWindow = await command(`${address}/window`, undefined, 'GET');
    return {
      name: 'WebKit',
      version: session.capabilities?.browserVersion ?? '',
      newTab: tabsOf(address, firstWindow),
      async close() {
        await command(address, undefined, 'DELETE').catch(() => {});
        await driver.stop();
      },
    };
  } catch (error) {
    await driver.stop();
    throw error;
  }
}

/** @param {string} path @param {number} port */
function startDriver(path, port) {
  const screenless = !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY;
  const xvfb = (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'xvfb-run'))
    .find(existsSync);
  const args = [`--port=${port}`, '--host=127.0.0.1'];
  return screenless && xvfb !== undefined
    ? new Program(xvfb, ['-a', path, ...args], { cwd: '/' })
    : new Program(path, args, { cwd: '/' });
}

/**
 * Tabs of one session, which has one current window for all commands: each goes to its own first, one after the other.
 *
 * @param {string} address @param {string} firstWindow Never closed, so that there is always one to open another from.
 * @returns {() => Promise<import('./browsers.mjs').Tab>}
 */
function tabsOf(address, firstWindow) {
  /** @type {Promise<unknown>} */
  let turn = Promise.resolve();
  const inWindow = (/** @type {string} */ handle, /** @type {() => Promise<any>} */ act) => {
    const result = turn.then(async () => {
      await command(`${address}/window`, { handle });
      return act();
    });
    turn = result.catch(() => {});
    return result;
  };
  return async () => {
    const { handle } = await inWindow(firstWindow, () => command(`${address}/window/new`, { type: 'tab' }));
    return {
      go: (url) => inWindow(handle, () => command(`${address}/url`, { url })),
      reload: () => inWindow(handle, () => command(`${address}/refresh`, {})),
      close: () => inWindow(handle, () => command(`${address}/window`, undefined, 'DELETE')),
      said: [],
    };
  };
}

/**
 * @param {string} url @param {object} [body] @param {string} [method]
 * @returns {Promise<any>}
 */
async function command(url, body, method = 'POST') {
  const request = { method, signal: AbortSignal.timeout(30_000) };
  const response = await fetch(url, body === undefined ? request : { ...request, body: JSON.stringify(body) });
  const { value } = await response.json();
  if (!response.ok) throw new Error(`WebDriver: ${value?.error}: ${value?.message}`);
  return value;
}

/** @param {string} base @param {Program} driver */
async function untilReady(base, driver) {
  let ended = false;
  void driver.ended.then(() => {
    ended = true;
  });
  for (let tries = 0; tries < 100 && !ended; tries++) {
    const ready = await fetch(`${base}/status`).then(
      (response) => response.ok,
      () => false,
    );
    if (ready) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`the driver does not answer\n${driver.lines.join('\n')}`);
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  server.close();
  return port;
}

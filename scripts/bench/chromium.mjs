// The handshake in a real page: from an open socket to a session, and both sides in memory.

import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { chromium as playwright } from 'playwright';
import { rolldown } from 'rolldown';
import { nativeWebSocket } from '../build/page-plugins.mjs';
import { findChromium } from '../find-browser.mjs';
import { startPeer } from './processes.mjs';
import { interleave, median, ratio } from './rounds.mjs';

const READY_PER_ROUND = 15;

async function pageScript() {
  const input = fileURLToPath(new URL('page.mjs', import.meta.url));
  const bundle = await rolldown({ input, platform: 'browser', plugins: [nativeWebSocket] });
  const { output } = await bundle.generate({ format: 'iife', name: 'page', codeSplitting: false });
  await bundle.close();
  return /** @type {import('rolldown').OutputChunk} */ (output[0]).code;
}

/** @param {{ rounds: number, onRound: () => void }} options @returns {Promise<import('./report.mjs').Figure[]>} */
export async function chromium({ rounds, onRound }) {
  const executablePath = await findChromium({ install: false, log: () => {} });
  if (executablePath === undefined) {
    console.error('Chromium figures: not run, no Chromium found');
    return [];
  }
  const html = createServer((_, response) => response.end('<!doctype html><title>bench</title>'));
  await new Promise((resolve) => html.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (html.address());
  const server = startPeer([fileURLToPath(new URL('peers/server.mjs', import.meta.url)), 'default']);
  const browser = await playwright.launch({ executablePath });
  try {
    const { url, did } = await server.line;
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${port}/`);
    await page.addScriptTag({ content: await pageScript() });
    const run = (/** @type {string} */ name) =>
      page.evaluate(([what, ...args]) => /** @type {any} */ (globalThis).bench[what](...args), [name, url, did]);
    const ready = (/** @type {string} */ name) => async () => {
      const values = [];
      for (let n = 0; n < READY_PER_ROUND; n++) values.push(await run(name));
      return median(values);
    };
    const series = await interleave(
      {
        readyNoble: ready('readyNoble'),
        readyOurs: ready('readyOurs'),
        readyFast: ready('readyFast'),
        xkNoble: () => run('xkNoble'),
        xkOurs: () => run('xkOurs'),
        xkFast: () => run('xkFast'),
        verifyCard: () => run('verifyCard'),
        token: () => run('verifyToken'),
        tokenJose: () => run('verifyTokenJose'),
        tokenP256: () => run('verifyTokenP256'),
        tokenP256Jose: () => run('verifyTokenP256Jose'),
      },
      rounds,
      onRound,
    );
    const about = (/** @type {keyof typeof series} */ name) => `${median(series[name]).toFixed(2)} ms`;
    const fine = (/** @type {keyof typeof series} */ name) => `${median(series[name]).toFixed(3)} ms`;
    return [
      {
        name: 'Chromium, open to ready / noble-only',
        ...ratio(series.readyOurs, series.readyNoble),
        ceiling: 0.6,
        note: `${about('readyOurs')}, noble-only ${about('readyNoble')}`,
      },
      {
        name: 'Chromium, open to ready, fast',
        ...ratio(series.readyFast, series.readyNoble),
        ceiling: 0.6,
        note: about('readyFast'),
      },
      {
        name: 'Chromium, XK in memory, default',
        ...ratio(series.xkNoble, series.xkOurs),
        floor: 2.3,
        note: about('xkOurs'),
      },
      {
        name: 'Chromium, XK in memory, fast',
        ...ratio(series.xkNoble, series.xkFast),
        floor: 2.3,
        note: about('xkFast'),
      },
      {
        name: 'ms to verify a card, Chromium',
        median: median(series.verifyCard),
        min: Math.min(...series.verifyCard),
        max: Math.max(...series.verifyCard),
        ceiling: 1,
        note: 'WebCrypto',
      },
      {
        name: 'ms to verify a token, Chromium',
        median: median(series.token),
        min: Math.min(...series.token),
        max: Math.max(...series.token),
        ceiling: 0.3,
        note: 'Ed25519, WebCrypto, issuer known',
      },
      {
        name: 'token / jose, Ed25519, Chromium',
        ...ratio(series.tokenJose, series.token),
        floor: 1,
        note: `${fine('token')}, jose ${fine('tokenJose')}`,
      },
      {
        name: 'token / jose, P-256, Chromium',
        ...ratio(series.tokenP256Jose, series.tokenP256),
        floor: 1,
        note: `${fine('tokenP256')}, jose ${fine('tokenP256Jose')}`,
      },
    ];
  } finally {
    await browser.close();
    server.stop();
    html.close();
  }
}

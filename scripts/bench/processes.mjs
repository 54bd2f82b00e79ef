// Two fresh processes a measurement: one answers, one asks, so that neither pays for the other.

import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const peer = (/** @type {string} */ file) => fileURLToPath(new URL(`peers/${file}`, import.meta.url));

/** Starts a Node script and waits for its first line. @param {readonly string[]} args */
export function startPeer(args) {
  const child = spawn(process.execPath, [...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  /** @type {Promise<any>} */
  const line = new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (text) => resolve(JSON.parse(text)));
    child.once('exit', (code) => reject(new Error(`${args.join(' ')} ended with ${code} and no figures`)));
  });
  return { line, stop: () => child.kill('SIGKILL') };
}

/** One run of a kind and a load. @param {string} kind @param {string} what @returns {Promise<any>} */
export async function runPair(kind, what) {
  const server = startPeer([peer('server.mjs'), kind]);
  try {
    const { url, did } = await server.line;
    const client = startPeer([peer('client.mjs'), kind, what, url, ...(did === undefined ? [] : [did])]);
    try {
      return await client.line;
    } finally {
      client.stop();
    }
  } finally {
    server.stop();
  }
}

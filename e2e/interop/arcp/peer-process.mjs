// The peer of ARCP in another language: a runtime to dial, a client to run, and a decoder to ask.

import { startChild } from '../../../dist/cli/arcp-child.js';
import { openWebSocket } from '../../../dist/transport/websocket.js';
import { linesOf, withProcess } from '../process.mjs';

/** @typedef {import('../../../dist/transport/contract.js').Transport} Transport */
/** @typedef {() => Promise<Transport>} Dial */

/**
 * Its runtime over WebSocket: one process, a connection for each call of `dial`.
 *
 * @template Result
 * @param {readonly string[]} command @param {(dial: Dial) => Promise<Result>} work
 */
export function overSockets(command, work) {
  return withProcess([...command, 'serve', 'ws'], async (child) => {
    const { value } = await linesOf(child.stdout).next();
    const { url } = JSON.parse(value);
    return work(() => openWebSocket(url));
  });
}

/**
 * Its runtime over standard input and output: a process for each call of `dial`.
 *
 * @template Result
 * @param {readonly string[]} command @param {(dial: Dial) => Promise<Result>} work
 */
export async function overStdio(command, work) {
  const children = [];
  const dial = async () => {
    const child = await startChild([...command, 'serve', 'stdio']);
    children.push(child);
    return child.transport;
  };
  try {
    return await work(dial);
  } finally {
    await Promise.all(children.map((child) => child.close()));
  }
}

/**
 * Its client against a runtime.
 *
 * @param {readonly string[]} command @param {string} url
 * @returns {Promise<Map<string, boolean>>} What it says of each of its checks.
 */
export function runClient(command, url) {
  return withProcess([...command, 'call', url], async (child) => {
    const results = new Map();
    for await (const line of linesOf(child.stdout)) {
      const { check, passed } = JSON.parse(line);
      results.set(check, passed);
    }
    return results;
  });
}

/**
 * What its decoder makes of lines.
 *
 * @param {readonly string[]} command @param {readonly string[]} lines None with a line break in it.
 * @returns {Promise<{ ok: boolean, again?: string, error?: string }[]>} `again`: as it writes what it has read.
 */
export function decodeAll(command, lines) {
  return withProcess([...command, 'decode'], async (child) => {
    child.stdin.end(lines.map((line) => `${line}\n`).join(''));
    const verdicts = [];
    for await (const line of linesOf(child.stdout)) verdicts.push(JSON.parse(line));
    if (verdicts.length !== lines.length) throw new Error(`${verdicts.length} verdicts on ${lines.length} lines`);
    return verdicts;
  });
}

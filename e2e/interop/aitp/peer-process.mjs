// One peer of another implementation as a child process, asked a line at a time.

import { linesOf } from '../process.mjs';

/** What a peer said to a request it refused. */
export class PeerRefusal extends Error {
  /** @param {string} code @param {string} message */
  constructor(code, message) {
    super(`${code}: ${message}`);
    this.code = code;
  }
}

/**
 * @param {import('node:child_process').ChildProcessByStdio<any, any, null>} child
 * @returns {(op: string, params?: object, mint?: (nonce: string) => Promise<string>) => Promise<any>}
 *   `mint`: makes the token of an identity provider, when the peer asks for one.
 */
export function askingOf(child) {
  const lines = linesOf(child.stdout);
  const read = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error('the peer ended');
    return JSON.parse(value);
  };
  const write = (/** @type {unknown} */ value) => child.stdin.write(`${JSON.stringify(value)}\n`);
  return async (op, params = {}, mint) => {
    write({ op, ...params });
    let answer = await read();
    while (answer.mint !== undefined) {
      if (mint === undefined) throw new Error(`${op} asked for a token`);
      write(await mint(answer.mint));
      answer = await read();
    }
    if (answer.ok) return answer;
    throw new PeerRefusal(answer.code, answer.message);
  };
}

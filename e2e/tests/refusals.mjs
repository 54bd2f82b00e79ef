// What every host refuses before it accepts a socket, asked of each with bare HTTP.

import { request } from 'node:http';
import { equal } from '../suite/assert.mjs';

const PROTOCOL = 'agent-phone.v1';
const SMALL_ORDER = 'did:key:z6MkeTG3bFFSLYVU7VqhgZxqr6YzpaGrQtFMh1uvqGy1vDnP';

/** @param {import('../lib/stage.mjs').Stage} stage */
export async function refusals(stage) {
  const { report, callees, library } = stage;
  const { did } = await library.front.createIdentity();
  const caller = `?caller=${encodeURIComponent(did)}`;
  const good = { path: `/${caller}` };
  /** @type {[string, number, Asked][]} */
  const cases = [
    ['a good handshake', 101, good],
    ['the caller raw, not percent-encoded', 101, { path: `/?caller=${did}` }],
    ['our subprotocol among others', 101, { ...good, protocol: `other.v1, ${PROTOCOL}` }],
    ['a page from loopback', 101, { ...good, origin: 'http://127.0.0.1:8080' }],
    ['another subprotocol', 426, { ...good, protocol: 'agent-phone.v2' }],
    ['no subprotocol', 426, { ...good, protocol: undefined }],
    ['no upgrade at all', 426, { ...good, upgrade: false }],
    ['no caller', 400, { path: '/' }],
    ['a caller that is no DID', 400, { path: '/?caller=not-a-did-at-all' }],
    ['a caller of small order', 400, { path: `/?caller=${SMALL_ORDER}` }],
    ['two callers', 400, { path: `/${caller}&caller=${did}` }],
    ['a page from elsewhere', 403, { ...good, origin: 'https://evil.example' }],
    ['a sandboxed page', 403, { ...good, origin: 'null' }],
    ['a foreign name that leads to loopback', 403, { ...good, host: 'evil.example' }],
    ['POST', 405, { ...good, upgrade: false, method: 'POST' }],
  ];
  for (const { name, agentUrl } of callees) {
    const { port } = new URL(agentUrl);
    await report.test(`${name} answers ${cases.length} handshakes as it should`, async () => {
      for (const [what, due, asked] of cases) {
        // A Worker knows no address, so the name that was dialled cannot be held against one: see `allowedHosts`.
        const status = name === 'workerd' && asked.host !== undefined ? 101 : due;
        const answer = await ask(Number(port), asked);
        equal(answer.status, status, `${what}:`);
        // The one we speak, alone, whatever else was offered.
        equal(answer.protocol, status === 101 ? PROTOCOL : undefined, `${what}, subprotocol:`);
      }
    });
  }
}

/**
 * @typedef {object} Asked
 * @property {string} path
 * @property {string | undefined} [protocol] Default: ours.
 * @property {string} [origin]
 * @property {string} [host]
 * @property {string} [method]
 * @property {boolean} [upgrade] Default: true.
 */

/** @param {number} port @param {Asked} asked @returns {Promise<{ status: number, protocol: string | undefined }>} */
function ask(port, asked) {
  const {
    path,
    protocol = 'protocol' in asked ? undefined : PROTOCOL,
    origin,
    host,
    method = 'GET',
    upgrade = true,
  } = asked;
  const headers = {
    ...(upgrade && {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    }),
    ...(protocol !== undefined && { 'sec-websocket-protocol': protocol }),
    ...(origin !== undefined && { origin }),
    ...(host !== undefined && { host }),
  };
  return new Promise((resolve, reject) => {
    const asking = request({ host: '127.0.0.1', port, path, method, headers, agent: false, timeout: 10_000 });
    const settle = (/** @type {import('node:http').IncomingMessage} */ response) => {
      resolve({ status: response.statusCode ?? 0, protocol: response.headers['sec-websocket-protocol'] });
      response.destroy();
    };
    asking.on('upgrade', (response, socket) => {
      settle(response);
      socket.destroy();
    });
    asking.on('response', settle);
    asking.on('timeout', () => asking.destroy(new Error('no answer')));
    asking.on('error', reject);
    asking.end();
  });
}

// The web server of the pages: files under a strict policy, jobs out, answers in, barriers between tabs, and a collector
// of what browsers report about the policy.

import { createServer } from 'node:http';

/** What every page is served under. */
export const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self' http://127.0.0.1:* ws://127.0.0.1:*; require-trusted-types-for 'script'";

const TYPES = { html: 'text/html; charset=utf-8', js: 'text/javascript', mjs: 'text/javascript' };

/** Longest a page may work on a job. */
const JOB_MS = 120_000;

/** @typedef {{ value?: any, error?: string, violations: string[] }} Answer */

/** @returns {Promise<WebServer>} Listening on loopback. */
export async function startWebServer() {
  const server = new WebServer();
  await server.listen();
  return server;
}

export class WebServer {
  /** Text by path. @type {Map<string, string>} */
  files = new Map();
  /** Paths that are served without the policy. @type {Set<string>} */
  unguarded = new Set();
  /** What browsers reported about the policy by themselves. @type {string[]} */
  reports = [];
  origin = '';
  /** @type {Map<string, { kind: string, data: unknown, settle: (answer: Answer) => void }>} */
  #jobs = new Map();
  /** @type {Map<string, import('node:http').ServerResponse[]>} */
  #barriers = new Map();
  #count = 0;
  #http = createServer((request, response) => {
    this.#answer(request, response).catch((error) => response.writeHead(500).end(String(error)));
  });

  /** @returns {Promise<void>} */
  listen() {
    return new Promise((resolve, reject) => {
      this.#http.once('error', reject);
      this.#http.listen(0, '127.0.0.1', () => {
        const { port } = /** @type {import('node:net').AddressInfo} */ (this.#http.address());
        this.origin = `http://127.0.0.1:${port}`;
        // Whatever fails, this alone keeps nobody waiting.
        this.#http.unref();
        resolve();
      });
    });
  }

  /**
   * Has a page do a job.
   *
   * @param {(url: string) => Promise<unknown>} open Brings a page to an address.
   * @param {string} kind @param {unknown} [data] @param {string} [page]
   * @param {string} [id] Of a job done before, for a page that is loaded again as it is.
   * @returns {Promise<Answer>}
   */
  async ask(open, kind, data, page = '/page.html', id = String(this.#count++)) {
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    const answered = new Promise((resolve, reject) => {
      this.#jobs.set(id, { kind, data, settle: resolve });
      timer = setTimeout(() => reject(new Error(`the page did not answer within ${JOB_MS / 1000} s`)), JOB_MS);
    });
    try {
      const opened = open(`${this.origin}${page}?job=${id}`);
      // A page that never loads is an error; one that loads goes on to answer.
      return await Promise.race([answered, opened.then(() => answered)]);
    } finally {
      clearTimeout(timer);
      this.#jobs.delete(id);
    }
  }

  close() {
    this.#http.close();
    this.#http.closeAllConnections();
  }

  /** @param {import('node:http').IncomingMessage} request @param {import('node:http').ServerResponse} response */
  async #answer(request, response) {
    const { pathname, searchParams } = new URL(request.url ?? '', this.origin);
    const [, folder = '', name = ''] = pathname.split('/');
    if (folder === 'barriers') return this.#arrive(name, Number(searchParams.get('parties')), response);
    if (request.method === 'POST') {
      const body = await bodyOf(request);
      if (folder === 'answers') this.#jobs.get(name)?.settle(JSON.parse(body));
      // The icon of a tab is a wish of the browser's own.
      if (folder === 'reports' && !body.includes('/favicon.ico')) this.reports.push(body);
      return response.writeHead(204).end();
    }
    if (folder === 'jobs') {
      const { kind, data } = this.#jobs.get(name) ?? {};
      return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ kind, data }));
    }
    const text = this.files.get(pathname);
    if (text === undefined) return response.writeHead(404).end();
    response.writeHead(200, { ...this.#headers(pathname), 'cache-control': 'no-store' }).end(text);
  }

  /** @param {string} path */
  #headers(path) {
    const type = TYPES[/** @type {keyof typeof TYPES} */ (path.split('.').pop())] ?? 'text/plain';
    if (this.unguarded.has(path)) return { 'content-type': type };
    return {
      'content-type': type,
      'content-security-policy': POLICY,
      // The same once more, only so that the browser itself tells of every violation.
      'content-security-policy-report-only': `${POLICY}; report-uri /reports/csp`,
    };
  }

  /** @param {string} name @param {number} parties @param {import('node:http').ServerResponse} response */
  #arrive(name, parties, response) {
    const waiting = this.#barriers.get(name) ?? [];
    waiting.push(response);
    this.#barriers.set(name, waiting);
    if (waiting.length < parties) return;
    this.#barriers.delete(name);
    for (const released of waiting) released.writeHead(204).end();
  }
}

/** @param {import('node:http').IncomingMessage} request */
async function bodyOf(request) {
  let body = '';
  for await (const part of request.setEncoding('utf8')) body += part;
  return body;
}

// Listens in place of a page. What is asked of it waits until the page fetches it, and goes back when the page has
// answered; the page comes to a second address, so that nobody who asks can answer.

import { listenHttp } from './node-http.mjs';

/** For the page, which is of another origin. */
const CORS = { 'access-control-allow-origin': '*' };

/** What a page is never shown, so that it cannot answer: the headers of a preflight. */
function preflight(request) {
  const headers = request.headers.get('access-control-request-headers') ?? '';
  return new Response(null, {
    headers: { ...CORS, 'access-control-allow-methods': 'GET, POST', 'access-control-allow-headers': headers },
  });
}

/** @returns {Promise<{ url: string, relay: string, end: () => void }>} `url` for everybody, `relay` for the page. */
export async function listenForPage() {
  const ending = new AbortController();
  /** What is asked and not fetched yet. @type {object[]} */
  const asked = [];
  /** Who waits for an answer, by number. @type {Map<string, (response: Response) => void>} */
  const waiting = new Map();
  let count = 0;
  /** Wakes the page. */
  let wake = () => {};

  const url = await listenHttp(async (request) => {
    if (request.method === 'OPTIONS') return preflight(request);
    const id = String(count++);
    const body = await request.text();
    asked.push({ id, url: request.url, method: request.method, headers: [...request.headers], body });
    const answered = new Promise((resolve) => waiting.set(id, resolve));
    wake();
    return answered;
  }, ending.signal);
  const relay = await listenHttp(async (request) => {
    const [, folder, id = ''] = new URL(request.url).pathname.split('/');
    if (folder === 'answers') {
      const { status, headers, body } = await request.json();
      // Some statuses must not be given a body.
      waiting.get(id)?.(new Response(body === '' ? null : body, { status, headers }));
      waiting.delete(id);
      return Response.json(true, { headers: CORS });
    }
    if (asked.length === 0) {
      await new Promise((resolve) => {
        wake = () => resolve(undefined);
      });
    }
    return Response.json(asked.shift(), { headers: CORS });
  }, ending.signal);
  return { url, relay, end: () => ending.abort() };
}

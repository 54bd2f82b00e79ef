// An agent over HTTP (AITP 0.2, section 9.1): one function from a Request to a Response, for every host that has the two.
//
//   GET  /.well-known/aitp-manifest           the Manifest
//   GET  /.well-known/aitp-revocation-list    the signed list of tokens taken back
//   POST <endpoint>, or with hello, commit    the handshake

import { encodeManifest } from '../manifest.js';
import { readClock, systemClockSec } from '../timestamps.js';
import { corsHeaders, optionsResponse } from './cors.js';
import { MANIFEST_PATH } from './fetch-manifest.js';
import { REVOCATION_LIST_PATH } from './fetch-revocation-list.js';
import { type HandshakeForm, handshakeHandler } from './serve-handshake.js';
import { assertServeAitpOptions, resolveAitpLimits, type ServeAitpOptions } from './serve-options.js';

/** Answers a request; nothing when it is for something else. */
export type AitpHandler = (request: Request) => Promise<Response | undefined>;

/** Longest a signed list is served again, in seconds: no more than peers keep it. */
const LIST_REUSE_SEC = 60;

const READ = ['GET', 'HEAD', 'OPTIONS'];
const POST = ['POST', 'OPTIONS'];

/**
 * Serves an agent: its Manifest, its handshake, and its revocation list where there is one.
 *
 * @returns Handler to compose with others. It never rejects: a fault of our own is answered 500, and `onError` is told.
 * @throws {TypeError | RangeError} options of the wrong kind or out of range.
 * @example
 * ```ts
 * const aitp = serveAitp({ agent, revocations: () => revoked, onHandshake: (result) => peers.remember(result) })
 * export default { fetch: async (request) => (await aitp(request)) ?? new Response(null, { status: 404 }) }
 * ```
 */
export function serveAitp(options: ServeAitpOptions): AitpHandler {
  assertServeAitpOptions(options);
  const { agent, allowedOrigins = '*', revocations, onError, now = systemClockSec } = options;
  const { manifestMaxAgeSec = 300, revocationPath = REVOCATION_LIST_PATH } = options;
  const limits = resolveAitpLimits(options.limits);
  const handshake = handshakeHandler(options, limits, now);
  const list = revocations === undefined ? undefined : signedList(agent, revocations, now);

  /** What is to be done about a path, and how it may be asked; `undefined` where it is not ours. */
  function route(path: string) {
    if (path === MANIFEST_PATH) return { methods: READ, answer: manifest };
    if (path === revocationPath && list !== undefined) {
      return { methods: READ, answer: async () => document(await list(), LIST_REUSE_SEC) };
    }
    const form = handshakeForm(path, options.handshakePath ?? endpointPath(agent.manifest?.handshakeEndpoint));
    return form && { methods: POST, answer: (request: Request) => handshake(request, form) };
  }

  async function manifest(): Promise<Response> {
    const own = agent.manifest;
    const leftSec = (own?.expiresAtSec ?? 0) - readClock(now);
    // One that has expired says nothing any more.
    if (own === undefined || leftSec <= 0) return new Response(null, { status: 404 });
    return document(encodeManifest(own), Math.min(manifestMaxAgeSec, leftSec));
  }

  return async (request) => {
    const found = route(new URL(request.url).pathname);
    if (found === undefined) return undefined;
    const headers = corsHeaders(request, allowedOrigins);
    const { method } = request;
    if (method === 'OPTIONS') return optionsResponse(request, headers, found.methods);
    if (!found.methods.includes(method)) {
      headers.set('allow', found.methods.join(', '));
      return new Response(null, { status: 405, headers });
    }
    let answer: Response;
    try {
      answer = await found.answer(request);
    } catch (error) {
      report(onError, error);
      answer = new Response(null, { status: 500, headers: { 'cache-control': 'no-store' } });
    }
    for (const [name, value] of headers) answer.headers.set(name, value);
    return method === 'HEAD' ? new Response(null, answer) : answer;
  };
}

/** The signed list, made anew when it changes or grows old, so that whoever asks often makes nobody sign often. */
function signedList(
  agent: ServeAitpOptions['agent'],
  revocations: NonNullable<ServeAitpOptions['revocations']>,
  now: NonNullable<ServeAitpOptions['now']>,
): () => Promise<string> {
  let held: { readonly of: string; readonly atSec: number; readonly text: Promise<string> } | undefined;
  return async () => {
    const entries = await revocations();
    const of = JSON.stringify(entries);
    const atSec = readClock(now);
    if (held === undefined || held.of !== of || Math.abs(atSec - held.atSec) >= LIST_REUSE_SEC) {
      const made = { of, atSec, text: agent.signRevocationList(entries) };
      held = made;
      made.text.catch(() => {
        if (held === made) held = undefined;
      });
    }
    return held.text;
  };
}

function document(text: string, maxAgeSec: number): Response {
  return new Response(text, {
    headers: {
      'content-type': 'application/json',
      'cache-control': `public, max-age=${maxAgeSec}`,
      'x-content-type-options': 'nosniff',
    },
  });
}

function endpointPath(endpoint: string | undefined): string | undefined {
  return endpoint === undefined ? undefined : new URL(endpoint).pathname;
}

function handshakeForm(path: string, endpoint: string | undefined): HandshakeForm | undefined {
  if (endpoint === undefined) return undefined;
  const base = endpoint.endsWith('/') ? endpoint.slice(0, -1) : endpoint;
  switch (path) {
    case `${base}/hello`:
      return 'hello';
    case `${base}/commit`:
      return 'commit';
    case endpoint:
    case base:
    case `${base}/`:
      return 'either';
    default:
      return undefined;
  }
}

function report(onError: ((error: unknown) => void) | undefined, error: unknown): void {
  try {
    onError?.(error);
  } catch {
    // Whoever listens is not allowed to break what it listens to.
  }
}

// An agent over HTTP (AITP 0.2, section 9.1): one function from a Request to a Response, for every host that has the two.
//
//   GET  /.well-known/aitp-manifest           the Manifest
//   GET  /.well-known/aitp-revocation-list    the signed list of tokens taken back
//   GET  /.well-known/aitp-keys               the keys of an issuer of identities, where one is served
//   POST <endpoint>, or with hello, commit    the handshake

import { encodeUtf8 } from '../../bytes/utf8.js';
import { MAX_SNAPSHOT_BYTES } from '../constants.js';
import { encodeManifest } from '../manifest.js';
import { readClock } from '../timestamps.js';
import { type AitpHandler, type Endpoint, endpoints, POST, READ } from './endpoints.js';
import { MANIFEST_PATH } from './fetch-manifest.js';
import { REVOCATION_LIST_PATH } from './fetch-revocation-list.js';
import { type HandshakeForm, handshakeHandler } from './serve-handshake.js';
import { issuerKeysDocument, issuerKeysPath, type PublishedIssuerKeys } from './serve-issuer-keys.js';
import { assertServeAitpOptions, resolveAitpLimits, type ServeAitpOptions } from './serve-options.js';

/** Longest a signed list is served again, in seconds: no more than peers keep it. */
const LIST_REUSE_SEC = 60;

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
  const { agent, allowedOrigins = '*', revocations, onError, now = options.agent.now } = options;
  const { manifestMaxAgeSec = 300, revocationPath = REVOCATION_LIST_PATH } = options;
  const limits = resolveAitpLimits(options.limits);
  const handshake = handshakeHandler(options, limits, now);
  const list = revocations === undefined ? undefined : signedList(agent, revocations, now);
  const { issuerKeys } = options;
  const keysPath = issuerKeys && issuerKeysPath(issuerKeys);

  /** What is to be done about a path, and how it may be asked; `undefined` where it is not ours. */
  function route(path: string): Endpoint | undefined {
    if (path === MANIFEST_PATH) return { methods: READ, answer: manifest };
    if (path === revocationPath && list !== undefined) {
      return { methods: READ, answer: async () => document(await list(), LIST_REUSE_SEC) };
    }
    if (path === keysPath && issuerKeys !== undefined) {
      return { methods: READ, answer: () => keysOf(issuerKeys) };
    }
    const form = handshakeForm(path, options.handshakePath ?? endpointPath(agent.manifest?.handshakeEndpoint));
    return form && { methods: POST, answer: (request: Request) => handshake(request, form) };
  }

  async function manifest(): Promise<Response> {
    const own = agent.manifest;
    const leftSec = (own?.expiresAtSec ?? 0) - readClock(now);
    // One that has expired says nothing any more.
    if (own === undefined || leftSec <= 0) {
      return new Response(null, { status: 404, headers: { 'cache-control': 'no-store' } });
    }
    return document(encodeManifest(own), Math.min(manifestMaxAgeSec, leftSec));
  }

  async function keysOf(issuer: PublishedIssuerKeys): Promise<Response> {
    const { text, ttlSec } = await issuerKeysDocument(issuer, now);
    return document(text, ttlSec);
  }

  return endpoints(route, { allowedOrigins, onError });
}

/**
 * The signed list, made anew when it changes or grows old, so that whoever asks often makes nobody sign often.
 *
 * One reading of the list at a time, and whoever asks gets one that began no earlier: a slow reading that began before a token
 * was taken back would otherwise be signed after the one that holds it, and undo the revocation.
 */
function signedList(
  agent: ServeAitpOptions['agent'],
  revocations: NonNullable<ServeAitpOptions['revocations']>,
  now: NonNullable<ServeAitpOptions['now']>,
): () => Promise<string> {
  let held: { readonly of: string; readonly atSec: number; readonly text: string } | undefined;
  let before: Promise<unknown> = Promise.resolve();
  let next: Promise<string> | undefined;

  async function make(): Promise<string> {
    const entries = await revocations();
    const of = JSON.stringify(entries);
    const atSec = readClock(now);
    if (held === undefined || held.of !== of || Math.abs(atSec - held.atSec) >= LIST_REUSE_SEC) {
      const text = await agent.signRevocationList(entries);
      // Nobody would read it, and every token would count as revoked: better that somebody here is told.
      if (encodeUtf8(text).length > MAX_SNAPSHOT_BYTES) throw new RangeError('the list of revocations is too long');
      held = { of, atSec, text };
    }
    return held.text;
  }

  return () => {
    next ??= before.then(() => {
      // From here on it has begun, and is too early for whoever asks now.
      next = undefined;
      const made = make();
      before = made.catch(() => {});
      return made;
    });
    return next;
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

// Session bundles over HTTP (AITP 0.2, section 12, a draft): opt-in.
//
//   POST <path>                 a coordinator publishes a bundle to a member
//   GET  <path>/{session_id}    whoever may reads one
//
// | what was posted                                | answer                                      |
// |------------------------------------------------|---------------------------------------------|
// | a new bundle                                   | 201, empty                                  |
// | the same once more                             | 200, empty                                  |
// | by a coordinator that is not ours to believe   | 403 POLICY_VIOLATION, before any signature  |
// | another one of a session that is known         | 400 SESSION_BUNDLE_INVALID                  |
// | anything else that does not hold               | 400, codes of section 12                    |
// | more than is kept                              | 429, empty                                  |

import type { Verified } from '../../documents/verified.js';
import type { AitpAgent } from '../agent.js';
import type { Aid } from '../aid.js';
import { MAX_BUNDLE_BYTES } from '../constants.js';
import { assertRevocationDecision, type RevocationDecision } from '../revocation.js';
import type { SessionBook } from '../session-book.js';
import { type SessionBundle, verifySessionBundle } from '../session-bundle.js';
import { readBundle } from '../session-bundle-shape.js';
import { isUuid } from '../uuid.js';
import { type AitpHandler, type Endpoint, endpoints, POST, READ } from './endpoints.js';
import { errorBody } from './error-body.js';
import { answerJson, assertServePostsOptions, posts, type ServePostsOptions } from './serve-posts.js';

/** Where bundles are, unless told otherwise. */
export const BUNDLE_PATH = '/aitp/session/bundle';

/** How bundles are taken. No decision has a default. */
export interface AcceptBundlesOptions {
  /** Where they are kept. */
  readonly book: SessionBook;
  /** Asked for the token of every member. */
  readonly revocation: RevocationDecision;
  /** Whether an agent may be the coordinator of a session of ours. Asked before its signature is looked at. */
  readonly mayCoordinate: (coordinator: Aid) => boolean | Promise<boolean>;
  /** Told of each new bundle. Where it throws, the coordinator is answered 500; the bundle is kept. */
  readonly onBundle?: (bundle: Verified<SessionBundle>) => unknown;
}

/** How bundles are handed out. No decision has a default. */
export interface HandOutBundlesOptions {
  /** The text of a bundle, as it was built or received; `undefined` where none is known. */
  readonly find: (sessionId: string) => string | undefined | Promise<string | undefined>;
  /** Whether a request may read it: it holds the tokens of all members. To whoever may not, it is not there. */
  readonly mayRead: (request: Request, sessionId: string) => boolean | Promise<boolean>;
}

/** What {@link serveBundles} needs. Without `accept` nothing is taken, without `handOut` nothing handed out. */
export interface ServeBundlesOptions extends ServePostsOptions {
  /** Us: the member bundles are published to. */
  readonly agent: AitpAgent;
  readonly accept?: AcceptBundlesOptions;
  readonly handOut?: HandOutBundlesOptions;
  /** Path of the endpoint, without a slash at its end. Default `/aitp/session/bundle`. */
  readonly path?: string;
}

/**
 * Serves session bundles. Unless `allowedOrigins` says otherwise, pages may neither publish nor read any.
 *
 * @returns Handler to compose with others. It never rejects: a fault of our own is answered 500, and `onError` is told.
 * @throws {TypeError | RangeError} options of the wrong kind or out of range.
 */
export function serveBundles(options: ServeBundlesOptions): AitpHandler {
  assertServeBundlesOptions(options);
  const { agent, accept, handOut, path = BUNDLE_PATH, allowedOrigins = false, now = agent.now, onError } = options;

  async function take(message: Uint8Array, { book, revocation, mayCoordinate, onBundle }: AcceptBundlesOptions) {
    const { coordinator } = readBundle(message, MAX_BUNDLE_BYTES).read;
    // A bundle may hold hundreds of tokens, each with a signature: strangers do not get that far.
    if ((await mayCoordinate(coordinator)) !== true) return answerJson(errorBody('POLICY_VIOLATION'), 403);
    const bundle = await verifySessionBundle(message, { verifier: agent.aid, now, revocation, coordinator });
    const isNew = book.accept(bundle);
    if (isNew) await onBundle?.(bundle);
    return answerJson(null, isNew ? 201 : 200);
  }

  async function hand(request: Request, sessionId: string, { find, mayRead }: HandOutBundlesOptions) {
    if ((await mayRead(request, sessionId)) !== true) return answerJson(null, 404);
    const text = await find(sessionId);
    return text === undefined ? answerJson(null, 404) : answerJson(text, 200);
  }

  const answer =
    accept && posts((message) => take(message, accept), { ...options, now, maxBodyBytes: MAX_BUNDLE_BYTES });
  const route = (asked: string): Endpoint | undefined => {
    if (asked === path) return answer && { methods: POST, answer };
    if (handOut === undefined || !asked.startsWith(`${path}/`)) return undefined;
    const sessionId = asked.slice(path.length + 1);
    return isUuid(sessionId) ? { methods: READ, answer: (request) => hand(request, sessionId, handOut) } : undefined;
  };
  return endpoints(route, { allowedOrigins, onError });
}

function assertServeBundlesOptions(options: ServeBundlesOptions): void {
  const { agent, accept, handOut, path } = options;
  if (typeof agent?.aid !== 'string') throw new TypeError('agent must be an AitpAgent');
  if (path !== undefined && !(typeof path === 'string' && /^\/.*[^/]$/.test(path))) {
    throw new TypeError('path must begin with "/" and not end with it');
  }
  if (accept !== undefined) {
    if (typeof accept.book?.accept !== 'function') throw new TypeError('accept.book must be a SessionBook');
    assertRevocationDecision(accept.revocation);
    if (typeof accept.mayCoordinate !== 'function') throw new TypeError('accept.mayCoordinate must be a function');
  }
  if (handOut !== undefined && (typeof handOut.find !== 'function' || typeof handOut.mayRead !== 'function')) {
    throw new TypeError('handOut.find and handOut.mayRead must be functions');
  }
  assertServePostsOptions(options);
}

// How a runtime finds out who a client is (ARCP v1.0, section 8): one authenticator per scheme.

import { equalBytes } from '../../bytes/equal.js';
import { encodeUtf8 } from '../../bytes/utf8.js';
import type { ConnectionPeer } from '../acceptor.js';
import type { MaybePromise } from '../log/contract.js';
import type { AuthBlock, AuthScheme, ClientIdentity } from '../wire/session.js';

/** What the transport knows of the other side: with a principal it has proved, no other credential is needed. */
export interface Peer extends ConnectionPeer {
  /** What a host adds for authenticators of its own, such as the facts of a client certificate. */
  readonly facts?: unknown;
}

/** What an authenticator judges. */
export interface AuthRequest {
  readonly auth: AuthBlock;
  /** Who the client says it is: no proof. */
  readonly client: ClientIdentity;
  readonly peer: Peer;
  /** Unix time in milliseconds. */
  readonly nowMs: number;
  /** Aborts when the connection ends or the handshake takes too long. */
  readonly signal: AbortSignal;
}

/** A client that is who it says. */
export interface Accepted {
  readonly kind: 'accepted';
  readonly principal: string;
  /** Unix time in milliseconds after which the credential no longer holds: the runtime asks for a fresh one before. */
  readonly expiresAtMs?: number | undefined;
}

/** A client that is not. */
export interface Refused {
  readonly kind: 'refused';
  /** What the client gets to read. */
  readonly message: string;
}

/** A question the client must answer first. */
export interface Challenged {
  readonly kind: 'challenged';
  readonly challenge: string;
  /** Judges an answer. */
  verify(response: string, request: AuthRequest): MaybePromise<Accepted | Refused>;
}

/** What an authenticator finds. */
export type AuthOutcome = Accepted | Refused | Challenged;

/** An authenticator of one scheme. `mtls` and `oauth2` are the caller's to supply. */
export interface Authenticator {
  readonly scheme: AuthScheme;
  /** Judges credentials. What it throws is reported, and the client refused without its text. */
  authenticate(request: AuthRequest): MaybePromise<AuthOutcome>;
}

/** How to ask the client of a running session for fresh credentials. */
export interface RefreshRequest {
  /** Unix time in milliseconds by which the answer must be there. */
  readonly deadlineMs: number;
  /** What the client has to answer. Without one it answers with a fresh token of its scheme. */
  readonly challenge?: Pick<Challenged, 'challenge' | 'verify'> | undefined;
}

/** Says no. */
export function refuse(message: string): Refused {
  return { kind: 'refused', message };
}

/**
 * Lets strangers in, each on its own: the principal is `anonymous:` and the session's id. Both sides must also have said
 * `anonymous`, which the runtime does when this authenticator is mounted.
 */
export function noAuthentication(): Authenticator {
  return { scheme: 'none', authenticate: () => ({ kind: 'accepted', principal: '' }) };
}

/**
 * Knows clients by opaque tokens.
 *
 * A token is compared with every one of them to its end, so that the time taken says nothing about how much of it is right.
 *
 * @param tokens Principal of each token. Read once.
 * @throws {TypeError} an empty token or principal, or a principal that begins with `anonymous:`.
 */
export function bearerTokens(tokens: Readonly<Record<string, string>> | ReadonlyMap<string, string>): Authenticator {
  const entries = tokens instanceof Map ? [...tokens] : Object.entries(tokens as Readonly<Record<string, string>>);
  for (const [token, principal] of entries) {
    if (token === '') throw new TypeError('a token must not be empty');
    assertPrincipal(principal);
  }
  const known = entries.map(([token, principal]) => ({ bytes: encodeUtf8(token), principal }));
  return {
    scheme: 'bearer',
    authenticate({ auth: { token } }) {
      if (token === undefined || token === '') return refuse('bearer scheme requires a token');
      const bytes = encodeUtf8(token);
      let found: string | undefined;
      for (const one of known) if (equalBytes(bytes, one.bytes)) found = one.principal;
      return found === undefined ? refuse('unknown bearer token') : { kind: 'accepted', principal: found };
    },
  };
}

/** What begins the principal of a stranger: no credential may name one. */
export const ANONYMOUS = 'anonymous:';

/** @throws {TypeError} no principal, or one that only strangers have. */
export function assertPrincipal(principal: unknown): asserts principal is string {
  if (typeof principal !== 'string' || principal === '' || principal.startsWith(ANONYMOUS)) {
    throw new TypeError(`a principal must be a text that is not empty and does not begin with ${ANONYMOUS}`);
  }
}

// How a runtime finds out who a client is (ARCP v1.0, section 8): one authenticator per scheme.

import { equalBytes } from '../../bytes/equal.js';
import { printable } from '../../bytes/printable.js';
import { encodeUtf8 } from '../../bytes/utf8.js';
import type { ConnectionPeer } from '../acceptor.js';
import type { MaybePromise } from '../log/contract.js';
import { isKeyText } from '../wire/ids.js';
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

/**
 * Whether a text may name a principal: 1 to 1,024 characters, no stranger's name, and nothing that people would not see, so
 * that two that look alike are not two.
 */
export function isPrincipal(value: unknown): value is string {
  return isKeyText(value) && !value.startsWith(ANONYMOUS) && printable(value) === value;
}

/** @throws {TypeError} no principal, or one that only strangers have. */
export function assertPrincipal(principal: unknown): asserts principal is string {
  if (isPrincipal(principal)) return;
  throw new TypeError(
    `a principal must be a text of 1 to 1,024 printable characters that does not begin with ${ANONYMOUS}`,
  );
}

/**
 * Checks what an authenticator found: it is somebody else's code.
 *
 * @param scheme Strangers come by `none` alone.
 * @param own Who the client is already, where it is somebody: also a stranger.
 * @throws {TypeError} no outcome, or no principal.
 */
export function assertOutcome(outcome: AuthOutcome, scheme: AuthScheme, own?: string): void {
  switch (outcome?.kind) {
    case 'accepted': {
      const isKnown = own === undefined ? outcome.principal === '' && scheme === 'none' : outcome.principal === own;
      if (!isKnown) assertPrincipal(outcome.principal);
      if (outcome.expiresAtMs === undefined || outcome.expiresAtMs >= 0) return;
      throw new TypeError('expiresAtMs must be a time');
    }
    case 'refused':
      if (typeof outcome.message === 'string') return;
      throw new TypeError('message must be a string');
    case 'challenged':
      if (typeof outcome.challenge === 'string' && typeof outcome.verify === 'function') return;
      throw new TypeError('a challenge must be a string, with a function that judges the answer');
    default:
      throw new TypeError('an authenticator must accept, refuse or challenge');
  }
}

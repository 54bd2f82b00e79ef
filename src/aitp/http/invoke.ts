// Using a capability over HTTP, as the holder of a token (AITP 0.2, section 9.3): the headers a request needs.

import { encodeUtf8 } from '../../bytes/utf8.js';
import { answerPopChallenge } from '../downstream-pop.js';
import type { ReplayDecision } from '../envelope-verify.js';
import { buildInvocation } from '../invocation.js';
import type { RandomSource } from '../random.js';
import type { AitpSigner } from '../signer.js';
import type { Tct } from '../tct.js';
import { type AitpClock, systemClockSec } from '../timestamps.js';
import { INVOCATION_HEADER, POP_CHALLENGE_HEADER, POP_RESPONSE_HEADER, TCT_HEADER } from './cors.js';
import { fromHeader, MAX_HEADER_CHARACTERS, toHeader } from './header-message.js';
import { requestArguments } from './request-binding.js';

/** A request that uses a capability. */
export interface TctRequest {
  /** The token under which it is made. */
  readonly tct: Pick<Tct, 'token' | 'jti' | 'subject'>;
  /** Which of its grants is used. */
  readonly capability: string;
  /** Absolute address that is asked. */
  readonly url: string;
  /** Default GET. */
  readonly method?: string;
  /** What is sent, exactly. Borrowed. */
  readonly body?: string | Uint8Array;
  /** Default: the host's clock, in Unix seconds. */
  readonly now?: AitpClock;
  /** For tests. */
  readonly random?: RandomSource;
}

/**
 * Makes the headers of a request that uses a capability: the token, and an invocation signed for this request alone. They
 * are good once.
 *
 * @param signer The holder of the token.
 * @throws {TypeError} the token is another agent's, or `url` is no address.
 */
export async function invocationHeaders(signer: AitpSigner, request: TctRequest): Promise<Record<string, string>> {
  const { tct, capability, url, method = 'GET', body = '', now = systemClockSec, random } = request;
  if (tct.subject !== signer.aid) throw new TypeError('the signer must be the holder of the token');
  const bytes = typeof body === 'string' ? encodeUtf8(body) : body;
  const invocation = await buildInvocation(signer, {
    tct,
    capability,
    arguments: await requestArguments({ method, url, body: bytes }),
    now,
    ...(random === undefined ? {} : { random }),
  });
  return { [TCT_HEADER]: tct.token, [INVOCATION_HEADER]: toHeader(invocation) };
}

/** How a challenge over HTTP is answered. */
export interface PopHeadersOptions {
  /** AID of the agent that was asked: nobody else gets an answer. */
  readonly verifier: string;
  readonly tct: Pick<Tct, 'token' | 'jti' | 'subject'>;
  readonly replay: ReplayDecision;
  /** Default: the host's clock, in Unix seconds. */
  readonly now?: AitpClock;
}

/**
 * Answers the challenge that came with a refusal.
 *
 * @param headers Of the answer to a request.
 * @returns Headers for the same request again, beside fresh {@link invocationHeaders} or in place of them; `undefined` where
 *   there is no challenge.
 * @throws {AitpError} as `answerPopChallenge`; POP_CHALLENGE_INVALID also where the header is no message.
 */
export async function popResponseHeaders(
  signer: AitpSigner,
  headers: Headers,
  options: PopHeadersOptions,
): Promise<Record<string, string> | undefined> {
  const { verifier, tct, replay, now = systemClockSec } = options;
  const value = headers.get(POP_CHALLENGE_HEADER);
  if (value === null) return undefined;
  const message = fromHeader(value, 'POP_CHALLENGE_INVALID');
  const common = { verifier, tct, replay, now, maxBytes: MAX_HEADER_CHARACTERS };
  const answer = await answerPopChallenge(message, signer, common);
  return { [TCT_HEADER]: tct.token, [POP_RESPONSE_HEADER]: toHeader(answer) };
}

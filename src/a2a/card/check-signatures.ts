// The work of verifying a card, with keys or through a callback: see verify.ts, which loads this.

import { assertInteger, assertString } from '../../bytes/assert.js';
import { systemClock } from '../../clock.js';
import { encodeBase64url } from '../../codec/base64url.js';
import type { JsonObject } from '../../codec/json-value.js';
import { DEFAULT_ALGORITHMS, type JwsAlgorithm } from '../../documents/algorithms.js';
import type { VerificationKey } from '../../documents/verification-key.js';
import { type Verified, verified } from '../../documents/verified.js';
import { checkAlgorithm } from '../../documents/verify.js';
import { A2aError } from '../errors.js';
import type { AgentCard, AgentInterface } from './agent-card.js';
import { type Judge, tryEntries } from './attempts.js';
import { conclude, type SignedCard } from './conclude.js';
import { SharedDeadline } from './deadline.js';
import { entriesOf } from './entry.js';
import type { CardContext } from './key-rings.js';
import { isOldCard, upgradeCard } from './old-card.js';
import { NORMALIZED, projectCard } from './project.js';
import { receiveCard } from './receive.js';
import { SignedForms } from './signed-forms.js';
import { keyFinder } from './trust.js';
import type { CommonVerifyOptions, SignatureVerifier, VerifiedAgentCard, VerifyCardOptions } from './verify.js';
import { readOptions } from './verify-options.js';

/** Verifies a card: see `verifyAgentCard`. */
export async function verifyWithKeys(input: unknown, options: VerifyCardOptions): Promise<Verified<VerifiedAgentCard>> {
  const { uncovered, maxBytes, profiles, rules } = readOptions(options);
  const { algorithms = DEFAULT_ALGORITHMS, requireLowS = false, cardUrl, now = Date.now, signal } = options;
  const { keysTimeoutMs = 5_000, clock = systemClock } = options;
  if (!Array.isArray(algorithms)) throw new TypeError('algorithms must be an array of names');
  if (cardUrl !== undefined) assertString(cardUrl, 'cardUrl');
  assertInteger(keysTimeoutMs, 'keysTimeoutMs', 1, 600_000);
  const finder = await keyFinder(options.keys, options.jku, new SharedDeadline(clock, keysTimeoutMs));

  const received = receiveCard(input, maxBytes);
  const entries = entriesOf(received);
  const card: CardContext = { interfaces: interfacesOf(received), cardUrl, nowMs: now(), signal };
  const judge: Judge<VerificationKey> = {
    checkAlgorithm: ({ alg }) => checkAlgorithm(alg, algorithms),
    async prepare(header) {
      const keys = await finder.find(header, header.alg as JwsAlgorithm, card);
      return keys.map((key) => async ({ signingInput, signature }) => {
        return (await key.verify(signingInput, signature, { requireLowS })) === true ? key : undefined;
      });
    },
    signerOf: ({ publicKey }) => encodeBase64url(publicKey),
  };
  const outcome = await tryEntries(entries, new SignedForms(received, profiles), judge, rules);
  const { signed, by } = conclude(received, outcome, uncovered);
  return verified(Object.freeze({ ...signed, key: by }));
}

/** Verifies a card: see `verifySignatures`. */
export async function verifyWithCallback(
  input: unknown,
  supportedAlgs: readonly string[],
  verifier: SignatureVerifier,
  options: CommonVerifyOptions,
): Promise<Verified<SignedCard>> {
  if (!Array.isArray(supportedAlgs)) throw new TypeError('supportedAlgs must be an array of names');
  if (typeof verifier !== 'function') throw new TypeError('verifier must be a function');
  const { uncovered, maxBytes, profiles, rules } = readOptions(options);

  const received = receiveCard(input, maxBytes);
  const entries = entriesOf(received);
  interfacesOf(received);
  const judge: Judge<true> = {
    checkAlgorithm({ alg }) {
      if (supportedAlgs.includes(alg) && alg !== 'none' && !alg.startsWith('HS')) return;
      throw new A2aError('ERR_A2A_UNSUPPORTED_ALGORITHM', 'the algorithm is not allowed');
    },
    prepare: async () => [async (checked) => ((await verifier(checked)) === true ? true : undefined)],
    signerOf: (_, { kid }) => `${kid}`,
  };
  const outcome = await tryEntries(entries, new SignedForms(received, profiles), judge, rules);
  return verified(Object.freeze(conclude(received, outcome, uncovered).signed));
}

/** Checks what is known of a card, but for its signatures, and gives the addresses a client would use. */
function interfacesOf({ signatures: _, ...unsigned }: JsonObject): readonly AgentInterface[] {
  const current = isOldCard(unsigned) ? upgradeCard(unsigned) : unsigned;
  const { supportedInterfaces = [] } = projectCard(current, NORMALIZED) as unknown as Partial<AgentCard>;
  return supportedInterfaces;
}

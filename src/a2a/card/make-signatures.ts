// The work of signing a card: check, write, sign, and read again as any reader will.

import { encodeUtf8 } from '../../bytes/utf8.js';
import { isObject } from '../../codec/is-object.js';
import { canonicalize } from '../../codec/jcs.js';
import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import { signDetached } from '../../documents/sign.js';
import { type JwsSigner, signerFromIdentity, signerFromJwk } from '../../documents/signer.js';
import { jwkThumbprint } from '../../documents/thumbprint.js';
import { keyFromBytes, keyToJwk, type VerificationKey } from '../../documents/verification-key.js';
import { IdentityError } from '../../errors.js';
import type { Identity } from '../../identity/identity.js';
import { A2aError } from '../errors.js';
import type { AgentCard, AgentCardSignature } from './agent-card.js';
import { canonicalText } from './canonical-text.js';
import { checkAddresses } from './check-addresses.js';
import { verifyWithKeys } from './check-signatures.js';
import { checkStrictly } from './check-strictly.js';
import { entryTexts } from './entry.js';
import { sdk, spec } from './profiles.js';
import { invalidCard } from './project.js';
import { receiveCard } from './receive.js';
import type { CardSigner, SignCardOptions, SignedAgentCard } from './sign.js';

/** Signs a card: see `signAgentCard`. */
export async function signCard(
  card: AgentCard | JsonObject,
  signer: CardSigner,
  options: SignCardOptions,
): Promise<SignedAgentCard> {
  const { compat = 'auto', existing = 'append', allowUnknown = false } = options;
  if (compat !== 'auto' && compat !== 'off') throw new TypeError('compat must be auto or off');
  if (existing !== 'append' && existing !== 'replace') throw new TypeError('existing must be append or replace');
  const received = receiveCard(card);
  checkStrictly(received, allowUnknown);
  checkAddresses(received);
  const kept = existing === 'append' ? keptSignatures(received.signatures) : [];
  const named = await namedSigner(signer, options.kid);
  const header = headerOf(options);

  const texts = [spec.canonicalize(received)];
  const sdkText = sdk.canonicalize(received);
  if (compat === 'auto' && sdkText !== texts[0]) texts.push(sdkText);
  const made: AgentCardSignature[] = [];
  for (const text of texts) made.push(await sign(text, named, header));

  const { signatures: _, ...unsigned } = received;
  await checkSigned({ ...unsigned, signatures: made as unknown as JsonValue }, named);
  return { ...unsigned, signatures: [...kept, ...made] } as unknown as SignedAgentCard;
}

/** The signatures a card has already. Whether they hold is not asked: their keys are not ours to have. */
function keptSignatures(signatures: JsonValue | undefined): readonly AgentCardSignature[] {
  if (signatures === undefined) return [];
  if (!Array.isArray(signatures)) throw invalidCard('/signatures', 'must be an array');
  for (const [i, entry] of signatures.entries()) {
    try {
      entryTexts(entry);
    } catch (cause) {
      throw invalidCard(`/signatures/${i}`, 'must hold the texts protected and signature', { cause });
    }
  }
  // Through their text, since of a value this part is still the caller's own.
  const copy = JSON.parse(canonicalText({ signatures })) as { signatures: readonly AgentCardSignature[] };
  return copy.signatures;
}

async function namedSigner(signer: CardSigner, kid: string | undefined): Promise<Required<JwsSigner>> {
  const own = await jwsSigner(signer);
  const name = kid ?? own.kid ?? (await jwkThumbprint(keyToJwk(keyOf(own))));
  const { alg, curve, publicKey } = own;
  return { alg, curve, publicKey, kid: name, sign: (message) => own.sign(message) };
}

async function jwsSigner(signer: CardSigner): Promise<JwsSigner> {
  if (!isObject(signer)) throw new TypeError('signer must be an Identity, a JwsSigner or a private JWK');
  if ('agree' in signer) return signerFromIdentity(signer as unknown as Identity);
  if ('sign' in signer) return signer as unknown as JwsSigner;
  try {
    return await signerFromJwk(signer);
  } catch (cause) {
    if (!(cause instanceof IdentityError)) throw cause;
    throw new A2aError('ERR_A2A_INVALID_KEY', 'the JWK is no private key that can sign', { cause });
  }
}

function keyOf({ curve, publicKey, kid }: JwsSigner): VerificationKey {
  return keyFromBytes(curve, publicKey, kid);
}

function headerOf({ jku, header = {} }: SignCardOptions): JsonObject {
  for (const name of ['alg', 'typ', 'kid', 'jku', 'crit', 'b64']) {
    if (Object.hasOwn(header, name)) throw badHeader(`${name} is set otherwise, or not at all`);
  }
  if (jku !== undefined && typeof jku !== 'string') throw badHeader('jku must be a string');
  try {
    canonicalize(header);
  } catch (cause) {
    throw badHeader('it must hold plain JSON', { cause });
  }
  return { typ: 'JOSE', ...(jku === undefined ? {} : { jku }), ...header };
}

async function sign(text: string, signer: JwsSigner, header: JsonObject): Promise<AgentCardSignature> {
  try {
    return await signDetached(encodeUtf8(text), signer, header);
  } catch (cause) {
    if (!(cause instanceof IdentityError) || cause.code !== 'ERR_IDENTITY_MISMATCH') throw cause;
    throw new A2aError('ERR_A2A_INVALID_KEY', 'the signer does not hold the key it names', { cause });
  }
}

/** Reads the card as its readers will, and expects every signature of ours to hold. */
async function checkSigned(card: JsonObject, signer: JwsSigner): Promise<void> {
  await verifyWithKeys(JSON.stringify(card), { keys: keyOf(signer), profiles: [spec, sdk], accept: 'all' });
}

function badHeader(what: string, options?: { cause?: unknown }): A2aError {
  return new A2aError('ERR_A2A_INVALID_HEADER', `the protected header cannot be made: ${what}`, options);
}

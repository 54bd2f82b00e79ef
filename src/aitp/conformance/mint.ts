// Minting (section 13.7): a fixture's placeholders become what they stand for, under the test keys, from the inside out.
// What is minted here is judged by the side under test, so that a wrong rule would pass its own fixtures: known-answers.ts
// holds the rules to published values before any fixture runs.

import { isObject } from '../../codec/is-object.js';
import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import { parseAid } from '../aid.js';
import { envelopeSigningInput } from '../envelope.js';
import { signHashed, signJcs, withoutMember } from '../jcs-profile.js';
import { signPop } from '../pop.js';
import type { AitpSigner } from '../signer.js';
import { peekClaims } from './context.js';
import { mintProof, OTHER_NONCE, oidcIssuers, signerOf } from './mint-proofs.js';
import { mintTokens, tampered } from './mint-tokens.js';
import { isPlaceholder, mintValues } from './mint-values.js';
import { providerOf, signerOfRole } from './test-keys.js';

/** Where a value stands. */
interface Place {
  /** The fixture's whole input. */
  readonly input: JsonObject;
  /** The envelope around it. */
  readonly envelope?: JsonObject;
  /** The nonce that the receiver of a message sent before, where the fixture says. */
  readonly sentNonce?: string;
}

/**
 * Fills the placeholders of a fixture's input.
 *
 * @returns A copy without placeholders and without the claims beside tokens; with the keys of made-up providers, where
 *   the input names none.
 * @throws {TypeError} a placeholder that is not known, or stands where it means nothing: the run has to end.
 */
export async function mintInput(input: JsonObject): Promise<JsonObject> {
  const values = await mintValues(input);
  const tokens = (await mintTokens(values)) as JsonObject;
  const minted = await seal(tokens, { input: tokens });
  const left = findPlaceholder(minted);
  if (left !== undefined) throw new TypeError(`a placeholder that cannot be filled: ${left}`);
  return withProviderKeys(minted);
}

async function withProviderKeys(minted: JsonObject): Promise<JsonObject> {
  const issuers = [...new Set(oidcIssuers(minted))];
  if (issuers.length === 0 || Object.hasOwn(minted, 'resolved_issuer_keys')) return minted;
  const keys: Record<string, string> = {};
  for (const issuer of issuers) keys[issuer] = parseAid((await providerOf(issuer)).aid).identifier;
  return { ...minted, resolved_issuer_keys: keys };
}

function findPlaceholder(value: JsonValue): string | undefined {
  if (isPlaceholder(value)) return value;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const part of Object.values(value)) {
    const found = findPlaceholder(part as JsonValue);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Fills an object: what is inside, then proofs, then its own signature, which covers both. */
async function seal(object: JsonObject, around: Place): Promise<JsonObject> {
  const place = placeOf(object, around);
  const filled = new Map<string, JsonValue>();
  for (const [name, member] of Object.entries(object)) filled.set(name, await sealPart(member, place));
  const inner = Object.fromEntries(filled);
  const { proof, pop_signature: pop, signature } = inner;
  if (isPlaceholder(proof) && place.envelope !== undefined) {
    filled.set('proof', await mintProof(proof, inner, place.envelope, place.input));
  }
  if (isPlaceholder(pop)) filled.set('pop_signature', await mintPop(pop, inner, place));
  const proofOfPossession = inner.proof_of_possession;
  if (isObject(proofOfPossession) && isPlaceholder(proofOfPossession.signature)) {
    filled.set('proof_of_possession', await mintManifestPop(proofOfPossession, inner.aid));
  }
  if (isPlaceholder(signature) && !Object.hasOwn(inner, 'challenge')) {
    filled.set('signature', await mintSignature(signature, Object.fromEntries(filled)));
  }
  return Object.fromEntries(filled);
}

async function sealPart(value: JsonValue, place: Place): Promise<JsonValue> {
  if (Array.isArray(value)) return Promise.all(value.map((item: JsonValue) => sealPart(item, place)));
  return isObject(value) ? seal(value, place) : value;
}

function placeOf(object: JsonObject, around: Place): Place {
  const sent =
    object.self_pop_nonce_sent_in_hello_ack ??
    object.self_pop_nonce_sent_in_hello ??
    object.sent_pop_nonce ??
    undefined;
  return {
    ...around,
    ...(isEnvelope(object) ? { envelope: object } : {}),
    ...(typeof sent === 'string' ? { sentNonce: sent } : {}),
  };
}

function isEnvelope({ message_id: id, sender, payload }: JsonObject): boolean {
  return typeof id === 'string' && isObject(sender) && isObject(payload);
}

async function mintManifestPop(proof: JsonObject, aid: JsonValue | undefined): Promise<JsonObject> {
  const { challenge, signature } = proof;
  if (typeof challenge !== 'string') return proof;
  const signer = await signerOf(aid);
  if (signature === '__VALID_POP_SIG__') return { ...proof, signature: await signPop(challenge, signer) };
  if (signature === '__INVALID_POP_SIG__' || signature === '__INVALID_POP_SIG_OVER_WRONG_NONCE__') {
    return { ...proof, signature: await signPop(OTHER_NONCE, signer) };
  }
  return isTampering(signature) ? { ...proof, signature: tampered(await signPop(challenge, signer)) } : proof;
}

/** The proof in a commit or in an answer to a challenge: over the nonce the other side sent, by whoever sends it. */
async function mintPop(placeholder: string, payload: JsonObject, place: Place): Promise<string> {
  const echo = payload.pop_nonce_echo ?? payload.nonce_echo;
  const nonce = place.sentNonce ?? echo;
  if (typeof nonce !== 'string') return placeholder;
  const { sender } = place.envelope ?? {};
  // Without an envelope the token says who sends it.
  const aid = isObject(sender) ? sender.agent_id : peekClaims(payload.tct).iss;
  const signer = await signerOf(aid);
  if (placeholder === '__VALID_POP_SIG__' || placeholder === '__VALID_DOWNSTREAM_POP_SIG__') {
    return signPop(nonce, signer);
  }
  if (placeholder === '__INVALID_POP_SIG__' || placeholder === '__INVALID_POP_SIG_OVER_WRONG_NONCE__') {
    return signPop(OTHER_NONCE, signer);
  }
  return isTampering(placeholder) ? tampered(await signPop(nonce, signer)) : placeholder;
}

/** The signature of an envelope, a Manifest, a snapshot or a bundle: each by its rule. */
async function mintSignature(placeholder: string, artifact: JsonObject): Promise<string> {
  if (!isSignature(placeholder)) return placeholder;
  const { sender, revocation_list: list, session_bundle: bundle } = artifact;
  if (isEnvelope(artifact)) {
    const signer = await whoSigns(placeholder, (sender as JsonObject).agent_id);
    return finish(placeholder, await signHashed(await envelopeInput(artifact), signer));
  }
  // A signature beside what it covers, or inside it.
  const beside = [list, bundle].find(isObject);
  const body = beside ?? withoutMember(artifact, 'signature');
  const signer = await whoSigns(placeholder, body.aid ?? body.issuer ?? body.coordinator);
  return finish(placeholder, await signJcs(body, signer));
}

async function envelopeInput({ message_id, timestamp, sender, payload }: JsonObject): Promise<Uint8Array> {
  const { aid } = parseAid((sender as JsonObject).agent_id);
  const parts = { messageId: message_id as string, timestampSec: timestamp as number, payload: payload as JsonObject };
  return envelopeSigningInput({ ...parts, sender: aid });
}

async function whoSigns(placeholder: string, aid: JsonValue | undefined): Promise<AitpSigner> {
  if (placeholder === '__VALID_A_SIG__') return signerOfRole('A');
  if (placeholder === '__VALID_B_SIG__') return signerOfRole('B');
  return signerOf(aid);
}

function finish(placeholder: string, signature: string): string {
  return isTampering(placeholder) ? tampered(signature) : signature;
}

function isTampering(placeholder: JsonValue | undefined): boolean {
  return placeholder === '__TAMPERED_SIGNATURE__' || placeholder === '__TAMPERED_SIG__';
}

const SIGNATURES: readonly string[] = [
  '__VALID_ENVELOPE_SIG__',
  '__VALID_MANIFEST_SIG__',
  '__VALID_A_SIG__',
  '__VALID_B_SIG__',
  '__TAMPERED_SIGNATURE__',
  '__TAMPERED_SIG__',
];

function isSignature(placeholder: string): boolean {
  return SIGNATURES.includes(placeholder);
}

// `verify_handshake_payload` (section 13.2): one message of a handshake, judged out of any session by the functions that
// judge it inside one. What a session would know comes from the request, or from the message where the request is silent.

import { isObject } from '../../codec/is-object.js';
import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import { type Aid, parseAid } from '../aid.js';
import type { Envelope } from '../envelope.js';
import { checkManifestSender, judgeHello, type Moment, type ProvedPeer } from '../handshake/first-round.js';
import {
  type HandshakeMessageType,
  type HelloPayload,
  readCommit,
  readHello,
  readHelloAck,
} from '../handshake/messages.js';
import type { HandshakeSettings } from '../handshake/options.js';
import { receive } from '../handshake/receive.js';
import { checkEcho, judgeCommit } from '../handshake/second-round.js';
import type { Turn } from '../handshake/session.js';
import { type IssuerKeys, issuerKeys } from '../oidc-keys.js';
import { trustAnyPinnedKey } from '../pinned-keys.js';
import { memoryReplayStore } from '../replay-store.js';
import { asText, invalid, type Op, type OpContext, peekClaims, textOf, withoutClaims } from './context.js';
import { Params } from './params.js';
import { listRevocations } from './revocation-params.js';
import { DEFAULT_VERIFIER, providerOf } from './test-keys.js';

/** Issuers believed where a request names none. */
const DEFAULT_TRUST_ANCHORS = [
  'https://auth.openai.com',
  'https://auth.anthropic.com',
  'https://idp.example.com',
] as const;

/** Names under which the nonce we sent may stand. */
const OWN_NONCE = ['sent_pop_nonce', 'self_pop_nonce_sent_in_hello_ack', 'self_pop_nonce_sent_in_hello'] as const;

/** `verify_handshake_payload`. */
export const verifyHandshakePayloadOp: Op = async (context) => {
  const { params } = context;
  if (!params.has('peer_a', 'peer_b')) return verifyMessage(context);
  const grants = new Set<string>();
  for (const side of ['peer_a', 'peer_b']) {
    if (!params.has(side)) continue;
    for (const grant of await verifySide({ ...context, params: new Params(params.object(side)) })) grants.add(grant);
  }
  return { verified: true, grants: [...grants] };
};

async function verifyMessage(context: OpContext): Promise<JsonObject> {
  const { params } = context;
  const given = params.object('envelope');
  const payload = isObject(given.payload) ? withoutClaims(given.payload) : given.payload;
  const text = asText({ ...given, payload: payload ?? null });
  const nowSec = params.optionalInteger('now') ?? timeOf(given) ?? context.state.now();
  const type = textOf(given.message_type);
  const commit = type === 'mutual_commit' || type === 'mutual_commit_ack';
  const token = isObject(payload) ? peekClaims(payload.tct) : {};
  const settings = settingsOf(context, textOf(token.aud), nowSec);
  if (commit) {
    const expected = { messageType: type, peer: undefined, read: readCommit, early: false } as const;
    const { envelope, payload: read } = await receive(text, turnAt(nowSec), settings, expected);
    return { verified: true, grants: await verifyCommit(context, envelope.sender, read, settings, nowSec) };
  }
  const messageType: HandshakeMessageType = type === 'mutual_hello_ack' ? type : 'mutual_hello';
  const read = (envelope: Envelope) => readFirst(envelope, messageType, params);
  const expected = { messageType, peer: undefined, read, early: true } as const;
  const { envelope, payload: hello } = await receive(text, turnAt(nowSec), settings, expected);
  await judgeHello(hello, envelope, settings, momentOf(nowSec));
  return { verified: true };
}

function readFirst(envelope: Envelope, messageType: HandshakeMessageType, params: Params): HelloPayload {
  if (messageType === 'mutual_hello') {
    const hello = readHello(envelope);
    checkManifestSender(hello, envelope);
    return hello;
  }
  const ack = readHelloAck(envelope);
  checkEcho(ack.popNonceEcho, params.optionalText(...OWN_NONCE) ?? ack.popNonceEcho);
  checkManifestSender(ack, envelope);
  return ack;
}

/** One side of a finished handshake: the payload it received, without the envelope. */
async function verifySide(context: OpContext): Promise<readonly string[]> {
  const payload = withoutClaims(context.params.object('received_payload'));
  const nowSec = context.params.optionalInteger('now') ?? context.state.now();
  const claims = peekClaims(payload.tct);
  const sender = parseAid(claims.iss, 'TCT_SIGNATURE_INVALID').aid;
  const settings = settingsOf(context, textOf(claims.aud), nowSec);
  return verifyCommit(context, sender, readCommit({ payload } as Envelope), settings, nowSec);
}

async function verifyCommit(
  context: OpContext,
  sender: Aid,
  commit: ReturnType<typeof readCommit>,
  settings: HandshakeSettings,
  nowSec: number,
): Promise<readonly string[]> {
  const { params } = context;
  const claims = peekClaims(commit.tct);
  const claimed = Array.isArray(claims.grants) ? claims.grants : [];
  const manifest = {
    aid: sender,
    offeredCapabilities: params.optionalTexts('issuer_offered_capabilities') ?? claimed,
    expiresAtSec: params.optionalInteger('issuer_manifest_expires_at') ?? Number.MAX_SAFE_INTEGER,
  };
  const peer = { aid: sender, manifest } as unknown as ProvedPeer;
  const ownNonce = params.optionalText(...OWN_NONCE) ?? commit.popNonceEcho;
  // Fixtures carry tokens that are a few minutes younger than the envelope around them. Where no time is given, that of
  // the message is the later of the two: taken at the envelope's, such a token would be one from the future.
  const youngest = params.has('now') || typeof claims.iat !== 'number' ? nowSec : Math.max(nowSec, claims.iat);
  const judged = await judgeCommit(commit, peer, ownNonce, settings, momentOf(youngest));
  return judged.claims.grants;
}

/** What the judging functions ask of a session's settings. The key of the verifier is not needed: nothing is signed. */
function settingsOf(context: OpContext, audience: string | undefined, nowSec: number): HandshakeSettings {
  const { params } = context;
  const aid = parseAid(params.optionalText('self_aid') ?? audience ?? DEFAULT_VERIFIER).aid;
  const trusted = params.optionalTexts('trust_store');
  const find = (subject: string, publicKey: string) =>
    trusted?.some((each) => parseAid(each).identifier === publicKey) ? { subject, publicKey } : undefined;
  const acceptance = { acceptedIdentityTypes: ['oidc', 'pinned_key'], acceptedSuites: ['ed25519', 'p256'] };
  const settings: Partial<Record<keyof HandshakeSettings, unknown>> = {
    signer: { aid },
    manifest: {
      aid,
      ...acceptance,
      requiredPeerCapabilities: params.optionalTexts('self_required_capabilities') ?? [],
    },
    now: () => nowSec,
    // A message out of its session is judged for what it is; whether it was seen is another question.
    replay: memoryReplayStore({ now: () => nowSec }),
    revocation: listRevocations(context),
    trustAnchors: params.optionalTexts('self_trust_anchors') ?? DEFAULT_TRUST_ANCHORS,
    pinnedKeys: trusted === undefined ? trustAnyPinnedKey() : { find },
    issuerKeys: keysOf(params),
  };
  return settings as unknown as HandshakeSettings;
}

/** `resolved_issuer_keys`; for an issuer that is not among them the key that fixtures make up. */
function keysOf(params: Params): IssuerKeys {
  const given = params.optionalObject('resolved_issuer_keys') ?? {};
  const lists = Object.entries(given).map(([issuer, keys]) => [issuer, asList(keys)] as const);
  const resolved = issuerKeys(Object.fromEntries(lists));
  return {
    async find(request) {
      const found = await resolved.find(request);
      if (found !== undefined) return found;
      const { identifier } = parseAid((await providerOf(request.issuer)).aid);
      return issuerKeys({ [request.issuer]: [identifier] }).find(request);
    },
  };
}

function asList(keys: JsonValue): readonly JsonValue[] {
  if (Array.isArray(keys)) return keys;
  if (isObject(keys) && Array.isArray(keys.keys)) return keys.keys;
  return [keys];
}

function timeOf({ timestamp }: JsonObject): number | undefined {
  if (timestamp === undefined || typeof timestamp !== 'number') return undefined;
  if (!Number.isSafeInteger(timestamp) || timestamp < 0) throw invalid('timestamp must be Unix seconds');
  return timestamp;
}

function momentOf(nowSec: number): Moment {
  return { nowSec, signal: undefined };
}

/** A turn of no session: nothing comes of what it is told. */
function turnAt(nowSec: number): Turn<'alone'> {
  return { state: 'alone', ...momentOf(nowSec), proved: () => {}, next: () => {} };
}

// The order of the checks of each of the four messages (AITP 0.2, section 8.3): one thing broken has its code, and of two
// the earlier wins. What is broken is signed again by whoever sends it, so that nothing else is wrong.

import { describe, expect, it, vi } from 'vitest';
import { parseAid } from '../../src/aitp/aid.js';
import { buildEnvelope, encodeEnvelope } from '../../src/aitp/envelope.js';
import { HandshakeInitiator } from '../../src/aitp/handshake/initiator.js';
import type { HandshakeOptions } from '../../src/aitp/handshake/options.js';
import { HandshakeResponder } from '../../src/aitp/handshake/responder.js';
import { signJcs } from '../../src/aitp/jcs-profile.js';
import { signPop } from '../../src/aitp/pop.js';
import type { ReplayStore } from '../../src/aitp/replay-store.js';
import { ownRevocations } from '../../src/aitp/revocation.js';
import type { AitpSigner } from '../../src/aitp/signer.js';
import type { JsonObject } from '../../src/codec/json-value.js';
import { verified } from '../../src/documents/verified.js';
import { checksInOrder, type Step } from './checklist-steps.js';
import {
  codeOf,
  ISSUER,
  introduce,
  makeParty,
  mint,
  NOW,
  OFFERED,
  type Party,
  REQUESTED,
  signerOf,
  type TestClock,
} from './parties.js';
import { withBadSignature } from './support.js';

// biome-ignore lint/suspicious/noExplicitAny: messages are taken apart by name.
type Loose = any;
type Broken = ReadonlySet<string>;

const OTHER_NONCE = 'AQAAAAAAAAAAAAAAAAAAAA';
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const decode = (segment: string): Loose => JSON.parse(Buffer.from(segment, 'base64url').toString());
const when = <T extends object>(broken: boolean, members: T): Partial<T> => (broken ? members : {});

/** Two agents of one provider, made once: what a case needs otherwise it puts beside their options. */
const pair = (() => {
  const clock: TestClock = { sec: NOW };
  const manifest = { requiredPeerCapabilities: ['calendar.read'] };
  const make = (seed: number) => makeParty({ seed, clock, identity: 'oidc', manifest });
  return Promise.all([make(1), make(2)]).then(async ([a, b]) => ({ clock, ...(await introduce(a, b)) }));
})();

/** A memory that knows everything, or nothing. */
const memory = (knows: boolean): ReplayStore => ({ has: async () => knows, addIfAbsent: async () => !knows });

/** Breaks of the envelope before its sender is looked at. */
const ENVELOPE = [
  ['text', 'INVALID_ENVELOPE'],
  ['version', 'UNKNOWN_VERSION'],
  ['shape', 'INVALID_ENVELOPE'],
  ['member', 'UNKNOWN_FIELD'],
  ['replay', 'REPLAY_DETECTED'],
  ['time', 'TIMESTAMP_EXPIRED'],
] as const satisfies readonly Step<string>[];
const SENDER = ['sender', 'INVALID_ENVELOPE'] as const;
const SIGNATURE = ['signature', 'INVALID_SIGNATURE'] as const;
const PAYLOAD = [
  ['payload', 'INVALID_ENVELOPE'],
  ['member of the payload', 'UNKNOWN_FIELD'],
] as const satisfies readonly Step<string>[];
const ECHO = ['echo', 'NONCE_MISMATCH'] as const;
const IDENTITY = [
  ['version of the Manifest', 'MANIFEST_VERSION_UNKNOWN'],
  ['shape of the Manifest', 'MANIFEST_INVALID'],
  ['member of the Manifest', 'UNKNOWN_FIELD'],
  ['expiry of the Manifest', 'MANIFEST_EXPIRED'],
  ['proof of the Manifest', 'MANIFEST_POP_FAILED'],
  ['signature of the Manifest', 'MANIFEST_SIGNATURE_INVALID'],
  ['descriptor', 'IDENTITY_FAILED'],
  ['member of the descriptor', 'UNKNOWN_FIELD'],
  ['hint', 'IDENTITY_FAILED'],
  ['identity type', 'INCOMPATIBLE_IDENTITY_TYPE'],
  ['issuer', 'INCOMPATIBLE_TRUST_ANCHORS'],
  ['claims of the proof', 'IDENTITY_FAILED'],
  ['keys of the issuer', 'KEY_RESOLUTION_FAILED'],
  ['signature of the proof', 'IDENTITY_FAILED'],
] as const satisfies readonly Step<string>[];

/** What the receiver of a first-round message is told to be like. */
function strict(broken: Broken, { options }: Party): HandshakeOptions {
  const { manifest } = options;
  return {
    ...options,
    replay: memory(broken.has('replay')),
    manifest: broken.has('identity type') ? verified({ ...manifest, acceptedIdentityTypes: [] }) : manifest,
    ...when(broken.has('issuer'), { trustAnchors: [`${ISSUER}/`] }),
    ...when(broken.has('keys of the issuer'), { issuerKeys: { find: async () => undefined } }),
  };
}

/** A message with things broken, signed again under its own identifier. */
async function resign(text: string, broken: Broken, payload: JsonObject, from: Party): Promise<string> {
  const original = JSON.parse(text);
  const content = {
    messageType: original.message_type,
    messageId: original.message_id,
    timestampSec: broken.has('time') ? NOW - 301 : NOW,
    payload,
  };
  const signer = broken.has('sender') ? await signerOf(9) : from.signer;
  const members = JSON.parse(encodeEnvelope(await buildEnvelope<string>(content, signer)));
  if (broken.has('version')) members.version = 'aitp/0.1';
  if (broken.has('shape')) members.extensions = [];
  if (broken.has('member')) members.more = 1;
  const made = JSON.stringify(members);
  const signed = broken.has('signature') ? withBadSignature(made) : made;
  return broken.has('text') ? `{"payload":{},${signed.slice(1)}` : signed;
}

/** The payload of a first-round message with things broken. */
async function firstRound(
  payload: Loose,
  broken: Broken,
  from: Party,
  to: Party,
  clock: TestClock,
): Promise<JsonObject> {
  const { signature: _, ...body } = payload.manifest;
  const { challenge } = body.proof_of_possession;
  const stranger = await signerOf(9);
  Object.assign(body, {
    ...when(broken.has('version of the Manifest'), { version: 'aitp/0.3' }),
    ...when(broken.has('shape of the Manifest'), { offered_capabilities: 'all' }),
    ...when(broken.has('member of the Manifest'), { more: 1 }),
    ...when(broken.has('expiry of the Manifest'), { expires_at: NOW }),
    ...when(broken.has('proof of the Manifest'), {
      proof_of_possession: { challenge, signature: await signPop(challenge, stranger) },
    }),
    ...when(broken.has('Manifest of another'), { aid: stranger.aid }),
  });
  const jkt = await parseAid(from.signer.aid).jkt();
  const sub = payload.identity.subject;
  const aud = broken.has('claims of the proof') ? from.signer.aid : to.signer.aid;
  const proof = await mint({ sub, aud, nonce: payload.pop_nonce, cnf: { jkt } }, clock);
  const [head, claims, signature = ''] = proof.split('.');
  const flipped = Buffer.from(signature, 'base64url');
  flipped[40] = (flipped[40] as number) ^ 1;
  return {
    ...payload,
    manifest: {
      ...body,
      signature: await signJcs(body, broken.has('signature of the Manifest') ? stranger : from.signer),
    },
    identity: {
      ...payload.identity,
      proof: broken.has('signature of the proof') ? `${head}.${claims}.${flipped.toString('base64url')}` : proof,
      ...when(broken.has('descriptor'), { public_key: 'A'.repeat(43) }),
      ...when(broken.has('member of the descriptor'), { more: 1 }),
      ...when(broken.has('hint'), { issuer: `${ISSUER}/x` }),
    },
    ...when(broken.has('payload'), { requested_grants: ['a', 'a'] }),
    ...when(broken.has('member of the payload'), { more: 1 }),
    ...when(broken.has('echo'), { pop_nonce_echo: OTHER_NONCE }),
  };
}

checksInOrder(
  'hello',
  [
    ...ENVELOPE,
    ...PAYLOAD,
    ['Manifest of another', 'INVALID_ENVELOPE'],
    SIGNATURE,
    ...IDENTITY,
  ] as readonly Step<string>[],
  async (broken) => {
    const { clock, a, b } = await pair;
    const hello = await new HandshakeInitiator(a.options).buildHello(b.manifestJson, REQUESTED);
    const payload = await firstRound(JSON.parse(hello).payload, broken, a, b, clock);
    const responder = new HandshakeResponder(strict(broken, b));
    return codeOf(responder.processHello(await resign(hello, broken, payload, a)));
  },
  { beside: 'all' },
);

checksInOrder(
  'hello_ack',
  [
    ...ENVELOPE,
    SENDER,
    ...PAYLOAD,
    ECHO,
    ['Manifest of another', 'INVALID_ENVELOPE'],
    SIGNATURE,
    ...IDENTITY,
    ['nothing to grant', 'POLICY_VIOLATION'],
  ] as readonly Step<string>[],
  async (broken) => {
    const { clock, a, b } = await pair;
    const options = strict(broken, a);
    const initiator = new HandshakeInitiator({
      ...options,
      ...when(broken.has('nothing to grant'), { grantPolicy: () => [] }),
    });
    const { ackJson } = await new HandshakeResponder(b.options).processHello(
      await initiator.buildHello(b.manifestJson, REQUESTED),
    );
    const payload = await firstRound(JSON.parse(ackJson).payload, broken, b, a, clock);
    return codeOf(initiator.processHelloAck(await resign(ackJson, broken, payload, b)));
  },
  { beside: 'all' },
);

const GRANT = [
  ECHO,
  ['proof', 'POP_VERIFICATION_FAILED'],
  ['header', 'TCT_SIGNATURE_INVALID'],
  ['typ', 'TOKEN_TYP_MISMATCH'],
  ['claim', 'UNKNOWN_FIELD'],
  ['alg', 'TOKEN_ALG_MISMATCH'],
  ['token signature', 'TCT_SIGNATURE_INVALID'],
  ['ver', 'UNKNOWN_VERSION'],
  ['jti', 'TCT_SIGNATURE_INVALID'],
  ['audience', 'AUDIENCE_MISMATCH'],
  ['expiry', 'TCT_EXPIRED'],
  ['confirmation', 'TCT_SIGNATURE_INVALID'],
  ['end of the Manifest', 'TCT_EXPIRES_AFTER_MANIFEST'],
  ['revocation', 'TCT_REVOKED'],
  ['overflow', 'GRANT_OVERFLOW'],
  ['requirement', 'INSUFFICIENT_GRANTS'],
  ['voucher', 'TCT_SIGNATURE_INVALID'],
] as const satisfies readonly Step<string>[];

/** A compact token of the handshake with things broken. */
async function compact(token: string, header: object, claims: object, signer: AitpSigner): Promise<string> {
  const [head = '', body = ''] = token.split('.');
  const covered = `${encode({ ...decode(head), ...header })}.${encode({ ...decode(body), ...claims })}`;
  return `${covered}.${Buffer.from(await signer.sign(Buffer.from(covered))).toString('base64url')}`;
}

/** The payload of a second-round message with things broken. */
async function secondRound(payload: Loose, broken: Broken, from: Party): Promise<JsonObject> {
  const stranger = await signerOf(9);
  const granted = broken.has('requirement') ? ['calendar.write'] : [...OFFERED];
  const grants = broken.has('overflow') ? [...granted, 'root'] : granted;
  const header = {
    ...when(broken.has('header'), { kid: '1' }),
    ...when(broken.has('typ'), { typ: 'aitp-grant+jwt' }),
    ...when(broken.has('alg'), { alg: 'none' }),
  };
  const claims = {
    grants,
    ...when(broken.has('claim'), { more: 1 }),
    ...when(broken.has('ver'), { ver: 'aitp/0.1' }),
    ...when(broken.has('jti'), { jti: '1' }),
    ...when(broken.has('audience'), { aud: stranger.aid }),
    ...when(broken.has('end of the Manifest'), { exp: from.manifest.expiresAtSec + 1 }),
    ...when(broken.has('expiry'), { exp: NOW }),
    ...when(broken.has('confirmation'), { cnf: { jkt: 'A'.repeat(43) } }),
  };
  const { exp } = { ...decode(payload.tct.split('.')[1]), ...claims };
  const mirror = { grants, exp, ...when(broken.has('voucher'), { grants: [...grants, 'wider'] }) };
  const signer = broken.has('token signature') ? stranger : from.signer;
  return {
    ...payload,
    tct: await compact(payload.tct, header, claims, signer),
    grant_voucher: await compact(payload.grant_voucher, {}, mirror, from.signer),
    pop_signature: await signPop(payload.pop_nonce_echo, broken.has('proof') ? stranger : from.signer),
    ...when(broken.has('payload'), { grant_voucher: 'x' }),
    ...when(broken.has('member of the payload'), { more: 1 }),
    ...when(broken.has('echo'), { pop_nonce_echo: OTHER_NONCE }),
  };
}

const revoking = (broken: Broken) => ({ revocation: ownRevocations({ has: () => broken.has('revocation') }) });

checksInOrder(
  'commit',
  [
    ...ENVELOPE,
    SENDER,
    SIGNATURE,
    ...PAYLOAD,
    ...GRANT,
    ['nothing to grant', 'POLICY_VIOLATION'],
  ] as readonly Step<string>[],
  async (broken) => {
    const { a, b } = await pair;
    let knows = false;
    const replay: ReplayStore = { has: async () => knows, addIfAbsent: async () => !knows };
    const [initiator, responder] = [
      new HandshakeInitiator(a.options),
      new HandshakeResponder({
        ...b.options,
        ...revoking(broken),
        ...when(broken.has('nothing to grant'), { grantPolicy: () => [] }),
        replay,
        requestedGrants: OFFERED,
      }),
    ];
    const { ackJson } = await responder.processHello(await initiator.buildHello(b.manifestJson, REQUESTED));
    const commit = await initiator.processHelloAck(ackJson);
    knows = broken.has('replay');
    const payload = await secondRound(JSON.parse(commit).payload, broken, a);
    return codeOf(responder.processCommit(await resign(commit, broken, payload, a)));
  },
  { beside: 'all' },
);

checksInOrder(
  'commit_ack',
  [...ENVELOPE, SENDER, SIGNATURE, ...PAYLOAD, ...GRANT] as readonly Step<string>[],
  async (broken) => {
    const { a, b } = await pair;
    let knows = false;
    const replay: ReplayStore = { has: async () => knows, addIfAbsent: async () => !knows };
    const [initiator, responder] = [
      new HandshakeInitiator({ ...a.options, ...revoking(broken), replay }),
      new HandshakeResponder({ ...b.options, requestedGrants: OFFERED }),
    ];
    const { ackJson: ack } = await responder.processHello(await initiator.buildHello(b.manifestJson, OFFERED));
    const { ackJson } = await responder.processCommit(await initiator.processHelloAck(ack));
    knows = broken.has('replay');
    const payload = await secondRound(JSON.parse(ackJson).payload, broken, b);
    return codeOf(initiator.complete(await resign(ackJson, broken, payload, b)));
  },
  { beside: 'all' },
);

describe('[16.61] keys of an issuer are looked up last', () => {
  it.each(IDENTITY.slice(0, 12))('%s: %s, and nobody is asked', async (name, code) => {
    const { clock, a, b } = await pair;
    const find = vi.fn(async () => undefined);
    const hello = await new HandshakeInitiator(a.options).buildHello(b.manifestJson, REQUESTED);
    const broken = new Set([name]);
    const payload = await firstRound(JSON.parse(hello).payload, broken, a, b, clock);
    const responder = new HandshakeResponder({ ...strict(broken, b), issuerKeys: { find } });
    expect(await codeOf(responder.processHello(await resign(hello, broken, payload, a)))).toBe(code);
    expect(find).not.toHaveBeenCalled();
  });
});

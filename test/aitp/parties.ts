// Two agents for the tests of the handshake: known keys, a clock that stands still until it is set, and a provider of
// identities whose tokens are made by jose. The provider's keys and the forged messages owe nothing to the room.

import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import type { AitpSuite } from '../../src/aitp/aid.js';
import { buildEnvelope, encodeEnvelope } from '../../src/aitp/envelope.js';
import type { AitpWireCode } from '../../src/aitp/errors.js';
import { HandshakeInitiator } from '../../src/aitp/handshake/initiator.js';
import type { HandshakeOptions, MintJwt } from '../../src/aitp/handshake/options.js';
import { HandshakeResponder, type HandshakeResponderOptions } from '../../src/aitp/handshake/responder.js';
import { encodeManifest, type Manifest } from '../../src/aitp/manifest.js';
import { buildManifest, type ManifestContent } from '../../src/aitp/manifest-build.js';
import { type IssuerKeys, issuerKeys } from '../../src/aitp/oidc-keys.js';
import { type PinnedKey, pinnedKeys } from '../../src/aitp/pinned-keys.js';
import { memoryReplayStore } from '../../src/aitp/replay-store.js';
import { type AitpSigner, aitpSignerFromSeed } from '../../src/aitp/signer.js';
import type { JsonObject } from '../../src/codec/json-value.js';
import type { Verified } from '../../src/documents/verified.js';

export const NOW = 1_711_900_000;
export const ISSUER = 'https://idp.example.com';

/** A clock to set. */
export interface TestClock {
  sec: number;
}

export interface Party {
  readonly signer: AitpSigner;
  readonly manifest: Verified<Manifest>;
  readonly manifestJson: string;
  readonly pin: PinnedKey;
  readonly options: HandshakeOptions;
}

export interface PartyOptions {
  readonly seed: number;
  readonly suite?: AitpSuite;
  readonly identity?: 'oidc' | 'pinned_key';
  readonly manifest?: Partial<ManifestContent>;
  readonly clock: TestClock;
  readonly options?: Partial<HandshakeOptions>;
}

export const OFFERED = ['calendar.read', 'calendar.write', 'mail.send'];

/** Key of seed `seed` × 32. */
export function signerOf(seed: number, suite: AitpSuite = 'ed25519'): Promise<AitpSigner> {
  return aitpSignerFromSeed(new Uint8Array(32).fill(seed), { suite });
}

/** An agent. By default it offers {@link OFFERED}, believes nobody yet, and requires nothing. */
export async function makeParty(party: PartyOptions): Promise<Party> {
  const { seed, suite = 'ed25519', identity = 'pinned_key', clock } = party;
  const signer = await signerOf(seed, suite);
  const now = () => clock.sec;
  const subject = `agent-${seed}`;
  const manifest = await buildManifest(
    {
      now,
      identity: identity === 'oidc' ? { type: identity, subject, issuer: ISSUER } : { type: identity, subject },
      handshakeEndpoint: `https://agent-${seed}.example.com/aitp/handshake/`,
      acceptedTrustAnchors: [ISSUER],
      acceptedIdentityTypes: ['oidc', 'pinned_key'],
      offeredCapabilities: OFFERED,
      ...party.manifest,
    },
    signer,
  );
  const mintJwt: MintJwt = ({ nonce, audience, jkt }) =>
    mint({ sub: subject, aud: audience, nonce, cnf: { jkt } }, clock);
  return {
    signer,
    manifest,
    manifestJson: encodeManifest(manifest),
    pin: { subject, publicKey: signer.aid.split(':').at(-1) as string },
    options: {
      signer,
      manifest,
      now,
      replay: memoryReplayStore({ now }),
      revocation: { dangerouslyIgnoreRevocation: true },
      ...(identity === 'oidc' ? { mintJwt } : {}),
      ...party.options,
    },
  };
}

/** Lets two agents believe each other, by pins and by the provider. */
export async function introduce(a: Party, b: Party): Promise<{ readonly a: Party; readonly b: Party }> {
  const common = { issuerKeys: await providerKeys() };
  const withPins = (party: Party, peer: Party): Party => ({
    ...party,
    options: { ...common, pinnedKeys: pinnedKeys([peer.pin]), ...party.options },
  });
  return { a: withPins(a, b), b: withPins(b, a) };
}

export interface Session {
  readonly a: Party;
  readonly b: Party;
  readonly clock: TestClock;
  readonly initiator: HandshakeInitiator;
  readonly responder: HandshakeResponder;
}

export interface SessionOptions {
  readonly a?: Partial<PartyOptions>;
  readonly b?: Partial<PartyOptions>;
  readonly responder?: Partial<HandshakeResponderOptions>;
}

/** Two agents and a handshake between them that has not begun. */
export async function makeSession(options: SessionOptions = {}): Promise<Session> {
  const clock = { sec: NOW };
  const parties = await introduce(
    await makeParty({ seed: 1, clock, ...options.a }),
    await makeParty({ seed: 2, clock, ...options.b }),
  );
  return {
    ...parties,
    clock,
    initiator: new HandshakeInitiator(parties.a.options),
    responder: new HandshakeResponder({ ...parties.b.options, ...options.responder }),
  };
}

export const REQUESTED = ['calendar.read', 'mail.send'];

/** The messages of a handshake, made as far as asked, each accepted by the other side on the way. */
export async function runTo(session: Session, last: 'hello' | 'ack' | 'commit'): Promise<string> {
  const hello = await session.initiator.buildHello(session.b.manifestJson, REQUESTED);
  if (last === 'hello') return hello;
  const { ackJson: ack } = await session.responder.processHello(hello);
  return last === 'ack' ? ack : session.initiator.processHelloAck(ack);
}

/** What to change in a message before it is signed again. */
export interface Forgery {
  /** Who signs. Also the sender, unless {@link sender} says otherwise. */
  readonly signer: AitpSigner;
  readonly payload?: (payload: object) => object;
  readonly messageType?: string;
  /** Keep the identifier of the original. Default: a fresh one. */
  readonly keepId?: boolean;
  readonly timestampSec?: number;
}

/** A message changed and signed again, as a peer that does not keep to the rules would send it. */
export async function forge(text: string, forgery: Forgery): Promise<string> {
  const original = JSON.parse(text);
  const { signer, payload, keepId = false } = forgery;
  const content = {
    messageType: forgery.messageType ?? original.message_type,
    payload: (payload?.(structuredClone(original.payload)) ?? original.payload) as JsonObject,
    timestampSec: forgery.timestampSec ?? original.timestamp,
    ...(keepId ? { messageId: original.message_id } : {}),
  };
  return encodeEnvelope(await buildEnvelope<string>(content, signer));
}

/** Asserts the registered code of a rejection. */
export async function codeOf(promise: Promise<unknown>): Promise<AitpWireCode | string> {
  try {
    await promise;
    return 'accepted';
  } catch (error) {
    const { wireCode, code, name } = error as { wireCode?: AitpWireCode; code?: string; name: string };
    return wireCode ?? code ?? name;
  }
}

const provider = generateKeyPair('EdDSA', { extractable: true });

/** The provider's key, as it would publish it. */
export async function providerKeys(): Promise<IssuerKeys> {
  const { publicKey } = await provider;
  return issuerKeys({ [ISSUER]: [{ ...(await exportJWK(publicKey)), kid: 'idp-1', use: 'sig' }] });
}

/** A token of the provider; what is `undefined` is left out. */
export async function mint(
  claims: JWTPayload & { cnf?: { jkt: string } | undefined },
  clock: TestClock,
): Promise<string> {
  const { privateKey } = await provider;
  const all = { iss: ISSUER, iat: clock.sec, exp: clock.sec + 600, ...claims };
  return new SignJWT(all).setProtectedHeader({ alg: 'EdDSA', kid: 'idp-1', typ: 'JWT' }).sign(privateKey);
}

// Section 8.3, check by check: one thing is broken, everything else is as an honest peer would send it and signed again
// by the peer itself. The code is that of the check, and what becomes of the session is what section 8.4 says.

import { describe, expect, it } from 'vitest';
import { signJcs } from '../../../src/aitp/jcs-profile.js';
import { signJws } from '../../../src/aitp/jws-profile.js';
import { signPop } from '../../../src/aitp/pop.js';
import { ownRevocations } from '../../../src/aitp/revocation.js';
import type { AitpSigner } from '../../../src/aitp/signer.js';
import type { JsonObject } from '../../../src/codec/json-value.js';
import {
  codeOf,
  forge,
  makeSession,
  NOW,
  OFFERED,
  type Party,
  runTo,
  type Session,
  type SessionOptions,
  signerOf,
} from '../parties.js';

/** Members of any of the four payloads. */
interface Payload {
  readonly identity: Record<string, unknown>;
  readonly manifest: Record<string, unknown>;
  readonly pop_nonce: string;
  readonly pop_nonce_echo: string;
  readonly pop_signature: string;
  readonly tct: string;
  readonly grant_voucher: string;
}
type MessageName = 'hello' | 'hello_ack' | 'commit' | 'commit_ack';

/** One message on its way: from whom, to whom, and what takes it. */
interface Delivery {
  readonly text: string;
  readonly from: Party;
  readonly to: Party;
  readonly session: Session;
  readonly take: (text: string) => Promise<unknown>;
  readonly state: () => string;
  /** The nonce its sender chose in the first round. */
  readonly nonce: string;
}

interface Case {
  readonly what: string;
  readonly code: string;
  /** Whether the session waits on afterwards. */
  readonly alive: boolean;
  readonly on?: readonly MessageName[];
  readonly setup?: SessionOptions;
  readonly make: (delivery: Delivery) => string | Promise<string>;
}

async function deliver(name: MessageName, setup: SessionOptions = {}): Promise<Delivery> {
  const session = await makeSession(setup);
  const { a, b, initiator, responder } = session;
  const hello = await runTo(session, 'hello');
  const toB = { from: a, to: b, session, state: () => responder.state, nonce: JSON.parse(hello).payload.pop_nonce };
  if (name === 'hello') return { ...toB, text: hello, take: (text) => responder.processHello(text) };
  const { ackJson: ack } = await responder.processHello(hello);
  const toA = { from: b, to: a, session, state: () => initiator.state, nonce: JSON.parse(ack).payload.pop_nonce };
  if (name === 'hello_ack') return { ...toA, text: ack, take: (text) => initiator.processHelloAck(text) };
  const commit = await initiator.processHelloAck(ack);
  if (name === 'commit') return { ...toB, text: commit, take: (text) => responder.processCommit(text) };
  const { ackJson } = await responder.processCommit(commit);
  return { ...toA, text: ackJson, take: (text) => initiator.complete(text) };
}

const ALL: readonly MessageName[] = ['hello', 'hello_ack', 'commit', 'commit_ack'];
const FIRST: readonly MessageName[] = ['hello', 'hello_ack'];
const SECOND: readonly MessageName[] = ['commit', 'commit_ack'];

/** Changes the envelope as text, without signing it again. */
function edit(change: (envelope: Record<string, unknown>) => void): Case['make'] {
  return ({ text }) => {
    const envelope = JSON.parse(text);
    change(envelope);
    return JSON.stringify(envelope);
  };
}

/** Changes the payload and signs again, with the identifier and time the proof in it is bound to. */
function resigned(change: (payload: Payload, delivery: Delivery) => unknown): Case['make'] {
  return async (delivery) => {
    const payload = structuredClone(JSON.parse(delivery.text).payload);
    const changed = (await change(payload, delivery)) ?? payload;
    return forge(delivery.text, { signer: delivery.from.signer, keepId: true, payload: () => changed as object });
  };
}

/** Changes the Manifest of a first-round message; its signature is made again unless `unsigned`. */
function manifest(change: (body: Record<string, unknown>) => unknown, unsigned = false): Case['make'] {
  return resigned(async (payload, { from }) => {
    const { signature, ...body } = payload.manifest;
    await change(body);
    const made = unsigned ? signature : await signJcs(body as JsonObject, from.signer);
    return { ...payload, manifest: { ...body, signature: made } };
  });
}

/** Changes the identity descriptor of a first-round message. */
function identity(change: (descriptor: Record<string, unknown>) => void): Case['make'] {
  return resigned((payload) => change(payload.identity));
}

/** Makes the TCT of a second-round message anew; its voucher is left out, which is allowed. */
function token(
  change: (claims: Record<string, unknown>, delivery: Delivery) => unknown,
  typ = 'aitp-tct+jwt',
): Case['make'] {
  return resigned(async (payload, delivery) => {
    const { tct, grant_voucher: _, ...rest } = payload;
    const claims = JSON.parse(Buffer.from(tct.split('.')[1] as string, 'base64url').toString());
    const changed = ((await change(claims, delivery)) ?? claims) as JsonObject;
    return { ...rest, tct: await signJws(changed, typ as 'aitp-tct+jwt', delivery.from.signer) };
  });
}

/** Changes the text of the TCT of a second-round message. */
function tokenText(change: (tct: string) => string): Case['make'] {
  return resigned((payload) => ({ ...payload, tct: change(payload.tct) }));
}

const header = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const CASES: readonly Case[] = [
  // Replay, time, shape, sender and signature: the same for all four.
  {
    what: 'message seen before',
    code: 'REPLAY_DETECTED',
    alive: true,
    on: ALL,
    async make({ text, to }) {
      const { sender, message_id } = JSON.parse(text);
      const { replay } = to.options;
      if ('addIfAbsent' in replay) await replay.addIfAbsent(`${sender.agent_id} ${message_id}`, NOW + 600);
      return text;
    },
  },
  ...([-301, 301] as const).map(
    (off): Case => ({
      what: `time off by ${off} s`,
      code: 'TIMESTAMP_EXPIRED',
      alive: true,
      on: ALL,
      make: ({ text, from }) => forge(text, { signer: from.signer, timestampSec: NOW + off }),
    }),
  ),
  { what: 'no JSON', code: 'INVALID_ENVELOPE', alive: true, on: ALL, make: ({ text }) => text.slice(0, -1) },
  { what: 'nothing at all', code: 'INVALID_ENVELOPE', alive: true, on: ALL, make: () => '' },
  {
    what: 'member twice',
    code: 'INVALID_ENVELOPE',
    alive: true,
    on: ALL,
    make: ({ text }) => `{"version":"aitp/0.2",${text.slice(1)}`,
  },
  {
    what: 'version 0.1',
    code: 'UNKNOWN_VERSION',
    alive: true,
    on: ALL,
    make: edit((envelope) => {
      envelope.version = 'aitp/0.1';
    }),
  },
  {
    what: 'unknown member of the envelope',
    code: 'UNKNOWN_FIELD',
    alive: true,
    on: ALL,
    make: edit((envelope) => {
      envelope.more = 1;
    }),
  },
  {
    what: 'message of another agent',
    code: 'INVALID_ENVELOPE',
    alive: true,
    on: ['hello_ack', 'commit', 'commit_ack'],
    make: async ({ text }) => forge(text, { signer: await signerOf(9) }),
  },
  {
    what: 'signature of another key',
    code: 'INVALID_SIGNATURE',
    alive: true,
    on: ALL,
    async make({ text }) {
      const forged = JSON.parse(await forge(text, { signer: await signerOf(9), keepId: true }));
      return JSON.stringify({ ...JSON.parse(text), signature: forged.signature });
    },
  },
  {
    what: 'signature with the tag of the other suite',
    code: 'INVALID_SIGNATURE',
    alive: true,
    on: ALL,
    make: edit((envelope) => {
      envelope.signature = `p256.${envelope.signature}`;
    }),
  },
  {
    what: 'unknown member of the payload',
    code: 'UNKNOWN_FIELD',
    alive: true,
    on: FIRST,
    make: resigned((payload) => ({ ...payload, more: 1 })),
  },
  {
    what: 'unknown member of the payload',
    code: 'UNKNOWN_FIELD',
    alive: false,
    on: SECOND,
    make: resigned((payload) => ({ ...payload, more: 1 })),
  },
  {
    what: 'payload without its nonce',
    code: 'INVALID_ENVELOPE',
    alive: true,
    on: FIRST,
    make: resigned(({ pop_nonce: _, ...payload }) => ({ ...payload, more: 1 })),
  },
  {
    what: 'nonce of 15 bytes',
    code: 'INVALID_ENVELOPE',
    alive: true,
    on: FIRST,
    make: resigned((payload) => ({ ...payload, pop_nonce: 'AAAAAAAAAAAAAAAAAAAA' })),
  },
  {
    what: 'the same grant requested twice',
    code: 'INVALID_ENVELOPE',
    alive: true,
    on: FIRST,
    make: resigned((payload) => ({ ...payload, requested_grants: ['a', 'a'] })),
  },
  {
    what: 'payload without its proof of possession',
    code: 'INVALID_ENVELOPE',
    alive: false,
    on: SECOND,
    make: resigned(({ pop_signature: _, ...payload }) => payload),
  },
  // First round.
  {
    what: '[16.54] echo changed',
    code: 'NONCE_MISMATCH',
    alive: true,
    on: ['hello_ack'],
    make: resigned((payload) => ({ ...payload, pop_nonce_echo: 'AAAAAAAAAAAAAAAAAAAAAA' })),
  },
  {
    what: '[16.53] Manifest of another agent',
    code: 'INVALID_ENVELOPE',
    alive: true,
    on: FIRST,
    async make(delivery) {
      const other = await deliver('hello', { a: { seed: 9 } });
      const { manifest: body } = JSON.parse(other.text).payload;
      return resigned((payload) => ({ ...payload, manifest: body }))(delivery);
    },
  },
  {
    what: 'Manifest of another version',
    code: 'MANIFEST_VERSION_UNKNOWN',
    alive: false,
    on: FIRST,
    make: manifest((body) => {
      body.version = 'aitp/0.3';
    }),
  },
  {
    what: 'Manifest without an endpoint',
    code: 'MANIFEST_INVALID',
    alive: false,
    on: FIRST,
    make: manifest((body) => {
      delete body.handshake_endpoint;
    }),
  },
  {
    what: 'Manifest whose AID is no text',
    code: 'MANIFEST_INVALID',
    alive: false,
    on: FIRST,
    make: manifest((body) => {
      body.aid = 7;
    }),
  },
  {
    what: 'unknown member of the Manifest',
    code: 'UNKNOWN_FIELD',
    alive: false,
    on: FIRST,
    make: manifest((body) => {
      body.more = 1;
    }),
  },
  {
    what: 'Manifest that has expired',
    code: 'MANIFEST_EXPIRED',
    alive: false,
    on: FIRST,
    make: manifest((body) => {
      body.expires_at = NOW;
    }),
  },
  {
    what: 'proof of possession of the Manifest by another key',
    code: 'MANIFEST_POP_FAILED',
    alive: false,
    on: FIRST,
    make: manifest(async (body) => {
      const { challenge } = body.proof_of_possession as { challenge: string };
      body.proof_of_possession = { challenge, signature: await signPop(challenge, await signerOf(9)) };
    }),
  },
  {
    what: 'Manifest changed after it was signed',
    code: 'MANIFEST_SIGNATURE_INVALID',
    alive: false,
    on: FIRST,
    make: manifest((body) => {
      body.offered_capabilities = ['root'];
    }, true),
  },
  {
    what: '[16.60] descriptor of another type than the Manifest announces',
    code: 'IDENTITY_FAILED',
    alive: false,
    on: FIRST,
    make: identity((descriptor) => {
      descriptor.type = 'oidc';
      descriptor.issuer = 'https://idp.example.com';
      delete descriptor.public_key;
    }),
  },
  {
    what: '[16.60] oidc descriptor with a public key',
    code: 'IDENTITY_FAILED',
    alive: false,
    on: FIRST,
    setup: { a: { identity: 'oidc' }, b: { identity: 'oidc' } },
    make: identity((descriptor) => {
      descriptor.public_key = 'A'.repeat(43);
    }),
  },
  {
    what: 'descriptor of an unknown type',
    code: 'IDENTITY_FAILED',
    alive: false,
    on: FIRST,
    make: identity((descriptor) => {
      descriptor.type = 'x509';
    }),
  },
  {
    what: 'descriptor of another subject',
    code: 'IDENTITY_FAILED',
    alive: false,
    on: FIRST,
    make: identity((descriptor) => {
      descriptor.subject = 'agent-9';
    }),
  },
  {
    what: 'unknown member of the descriptor',
    code: 'UNKNOWN_FIELD',
    alive: false,
    on: FIRST,
    make: identity((descriptor) => {
      descriptor.more = 1;
    }),
  },
  {
    what: 'proof of another message',
    code: 'IDENTITY_FAILED',
    alive: false,
    on: FIRST,
    // A fresh identifier, which the proof does not cover.
    make: ({ text, from }) => forge(text, { signer: from.signer }),
  },
  // Second round.
  {
    what: '[16.54] echo changed',
    code: 'NONCE_MISMATCH',
    alive: false,
    on: SECOND,
    make: resigned((payload) => ({ ...payload, pop_nonce_echo: 'AAAAAAAAAAAAAAAAAAAAAA' })),
  },
  {
    what: '[16.55] proof of possession over the own nonce',
    code: 'POP_VERIFICATION_FAILED',
    alive: false,
    on: SECOND,
    make: resigned(async (payload, { from, nonce }) => ({
      ...payload,
      pop_signature: await signPop(nonce, from.signer),
    })),
  },
  {
    what: 'proof of possession by another key',
    code: 'POP_VERIFICATION_FAILED',
    alive: false,
    on: SECOND,
    make: resigned(async (payload) => ({
      ...payload,
      pop_signature: await signPop(payload.pop_nonce_echo, await signerOf(9)),
    })),
  },
  {
    what: 'TCT with a header of three members',
    code: 'TCT_SIGNATURE_INVALID',
    alive: false,
    on: SECOND,
    make: tokenText((tct) => tct.replace(/^[^.]+/, header({ alg: 'EdDSA', typ: 'aitp-tct+jwt', kid: '1' }))),
  },
  {
    what: 'voucher in place of the TCT',
    code: 'TOKEN_TYP_MISMATCH',
    alive: false,
    on: SECOND,
    make: token(() => undefined, 'aitp-grant+jwt'),
  },
  {
    what: 'TCT with an unknown claim',
    code: 'UNKNOWN_FIELD',
    alive: false,
    on: SECOND,
    make: token((claims) => ({ ...claims, more: 1 })),
  },
  {
    what: 'TCT with alg none',
    code: 'TOKEN_ALG_MISMATCH',
    alive: false,
    on: SECOND,
    make: tokenText((tct) => tct.replace(/^[^.]+/, header({ alg: 'none', typ: 'aitp-tct+jwt' }))),
  },
  {
    what: 'TCT with a flipped bit',
    code: 'TCT_SIGNATURE_INVALID',
    alive: false,
    on: SECOND,
    make: tokenText((tct) => {
      const [head, claims, signature] = tct.split('.');
      const bytes = Buffer.from(signature as string, 'base64url');
      bytes[63] = (bytes[63] as number) ^ 1;
      return `${head}.${claims}.${bytes.toString('base64url')}`;
    }),
  },
  {
    what: 'TCT issued by somebody else',
    code: 'TCT_SIGNATURE_INVALID',
    alive: false,
    on: SECOND,
    make: resigned(async (payload) => {
      const other: AitpSigner = await signerOf(9);
      const claims = JSON.parse(Buffer.from(payload.tct.split('.')[1] as string, 'base64url').toString());
      return { ...payload, tct: await signJws({ ...claims, iss: other.aid }, 'aitp-tct+jwt', other) };
    }),
  },
  {
    what: 'TCT of another version',
    code: 'UNKNOWN_VERSION',
    alive: false,
    on: SECOND,
    make: token((claims) => ({ ...claims, ver: 'aitp/0.1' })),
  },
  {
    what: 'TCT without grants',
    code: 'TCT_SIGNATURE_INVALID',
    alive: false,
    on: SECOND,
    make: token((claims) => ({ ...claims, grants: [] })),
  },
  {
    what: 'TCT for somebody else',
    code: 'AUDIENCE_MISMATCH',
    alive: false,
    on: SECOND,
    make: token(async (claims) => {
      const { aid } = await signerOf(9);
      return { ...claims, sub: aid, aud: aid };
    }),
  },
  {
    what: 'TCT that has expired',
    code: 'TCT_EXPIRED',
    alive: false,
    on: SECOND,
    make: token((claims) => ({ ...claims, exp: NOW })),
  },
  {
    what: 'TCT from the future',
    code: 'TCT_EXPIRED',
    alive: false,
    on: SECOND,
    make: token((claims) => ({ ...claims, iat: NOW + 1 })),
  },
  {
    what: 'TCT bound to the key of its issuer',
    code: 'TCT_SIGNATURE_INVALID',
    alive: false,
    on: SECOND,
    make: token((claims) => ({ ...claims, cnf: { jkt: 'A'.repeat(43) } })),
  },
  {
    what: 'TCT that outlives the Manifest of its issuer',
    code: 'TCT_EXPIRES_AFTER_MANIFEST',
    alive: false,
    on: SECOND,
    make: token((claims, { from }) => ({ ...claims, exp: from.manifest.expiresAtSec + 1 })),
  },
  ...(['a', 'b'] as const).map(
    (receiver): Case => ({
      what: 'TCT that is revoked',
      code: 'TCT_REVOKED',
      alive: false,
      on: [receiver === 'b' ? 'commit' : 'commit_ack'],
      setup: { [receiver]: { options: { revocation: ownRevocations({ has: () => true }) } } },
      make: (delivery) => delivery.text,
    }),
  ),
  {
    what: '[16.56] grant beyond what the issuer offers',
    code: 'GRANT_OVERFLOW',
    alive: false,
    on: SECOND,
    make: token((claims) => ({ ...claims, grants: [...OFFERED, 'root'] })),
  },
  {
    what: '[16.56] required grant missing',
    code: 'INSUFFICIENT_GRANTS',
    alive: false,
    on: SECOND,
    setup: {
      a: { manifest: { requiredPeerCapabilities: ['calendar.read'] } },
      b: { manifest: { requiredPeerCapabilities: ['calendar.read'] } },
    },
    make: token((claims) => ({ ...claims, grants: ['calendar.write'] })),
  },
  {
    what: 'voucher that does not mirror the TCT',
    code: 'TCT_SIGNATURE_INVALID',
    alive: false,
    on: SECOND,
    make: resigned(async (payload, { from }) => {
      const [, claims] = payload.grant_voucher.split('.');
      const wider = {
        ...JSON.parse(Buffer.from(claims as string, 'base64url').toString()),
        grants: [...OFFERED, 'root'],
      };
      return { ...payload, grant_voucher: await signJws(wider, 'aitp-grant+jwt', from.signer) };
    }),
  },
  {
    what: 'TCT in place of the voucher',
    code: 'TCT_SIGNATURE_INVALID',
    alive: false,
    on: SECOND,
    make: resigned((payload) => ({ ...payload, grant_voucher: payload.tct })),
  },
];

describe.each(ALL)('%s', (name) => {
  it('is accepted as an honest peer sends it', async () => {
    const { take, text } = await deliver(name);
    expect(await codeOf(take(text))).toBe('accepted');
  });

  it.each(CASES.filter(({ on = ALL }) => on.includes(name)))('$what: $code', async ({ code, alive, setup, make }) => {
    const delivery = await deliver(name, setup);
    const before = delivery.state();
    const broken = await make(delivery);
    expect(await codeOf(delivery.take(broken))).toBe(code);
    expect(delivery.state()).toBe(alive ? before : 'failed');
    // Dead is dead: the honest message comes too late. A session that waits on takes it, unless it is the very replay.
    const after = alive ? (code === 'REPLAY_DETECTED' ? code : 'accepted') : 'INVALID_ENVELOPE';
    expect(await codeOf(delivery.take(delivery.text))).toBe(after);
  });

  it('takes extensions of the payload and of the envelope, and makes nothing of them', async () => {
    const delivery = await deliver(name);
    const withSlot = resigned((payload) => ({ ...payload, extensions: { 'example.com/x': [1] } }));
    const text = JSON.parse(await withSlot(delivery));
    expect(await codeOf(delivery.take(JSON.stringify({ ...text, extensions: { any: {} } })))).toBe('accepted');
  });
});

describe('what we accept ourselves', () => {
  const oidc = { identity: 'oidc' } as const;
  const refused: readonly [string, string, SessionOptions][] = [
    ['identity type', 'INCOMPATIBLE_IDENTITY_TYPE', { b: { manifest: { acceptedIdentityTypes: ['oidc'] } } }],
    ['nobody', 'INCOMPATIBLE_IDENTITY_TYPE', { b: { manifest: { acceptedIdentityTypes: [] } } }],
    ['kind of key', 'INCOMPATIBLE_IDENTITY_TYPE', { b: { manifest: { acceptedSuites: ['p256'] } } }],
    ['issuer', 'INCOMPATIBLE_TRUST_ANCHORS', { a: oidc, b: { manifest: { acceptedTrustAnchors: ['https://x'] } } }],
    [
      'issuer up to a slash',
      'INCOMPATIBLE_TRUST_ANCHORS',
      { a: oidc, b: { manifest: { acceptedTrustAnchors: ['https://idp.example.com/'] } } },
    ],
  ];

  it.each(refused)('the initiator finds out before it says hello: %s', async (_what, code, setup) => {
    const { initiator, b } = await makeSession(setup);
    expect(await codeOf(initiator.buildHello(b.manifestJson, ['a']))).toBe(code);
    expect(initiator.state).toBe('failed');
  });

  it.each(refused)('the responder refuses an initiator that asks all the same: %s', async (_what, code, setup) => {
    const lenient = await makeSession({ ...setup, b: {} });
    const strict = await makeSession(setup);
    const hello = await lenient.initiator.buildHello(lenient.b.manifestJson, ['a']);
    expect(await codeOf(strict.responder.processHello(hello))).toBe(code);
    expect(strict.responder.state).toBe('failed');
  });

  it('the initiator refuses a responder whose identity it does not accept', async () => {
    const { initiator, responder, b } = await makeSession({ b: oidc, a: { options: { trustAnchors: ['https://x'] } } });
    const { ackJson: ack } = await responder.processHello(
      await initiator.buildHello(b.manifestJson, ['calendar.read']),
    );
    expect(await codeOf(initiator.processHelloAck(ack))).toBe('INCOMPATIBLE_TRUST_ANCHORS');
  });

  it('[16.59] nobody whose key is not pinned, and nobody at all without a list', async () => {
    const strangers = await makeSession({ b: { options: { pinnedKeys: { find: () => undefined } } } });
    expect(await codeOf(strangers.responder.processHello(await runTo(strangers, 'hello')))).toBe('IDENTITY_FAILED');
  });
});

describe('[16.56] nothing may be granted', () => {
  it('by the initiator, which then sends no commit', async () => {
    const session = await makeSession({ a: { options: { grantPolicy: () => [] } } });
    const ack = await runTo(session, 'ack');
    expect(await codeOf(session.initiator.processHelloAck(ack))).toBe('POLICY_VIOLATION');
    expect(session.initiator.state).toBe('failed');
  });

  it('by the responder, which then issues nothing', async () => {
    const session = await makeSession({ b: { options: { grantPolicy: () => [] } } });
    const commit = await runTo(session, 'commit');
    expect(await codeOf(session.responder.processCommit(commit))).toBe('POLICY_VIOLATION');
    expect(session.responder.state).toBe('failed');
  });

  it('to whoever asks for nothing', async () => {
    const session = await makeSession({ responder: { requestedGrants: [] } });
    expect(await codeOf(session.initiator.processHelloAck(await runTo(session, 'ack')))).toBe('POLICY_VIOLATION');
  });

  it('to whoever asks for what is not offered', async () => {
    const session = await makeSession({ responder: { requestedGrants: ['calendar', 'calendar.*'] } });
    expect(await codeOf(session.initiator.processHelloAck(await runTo(session, 'ack')))).toBe('POLICY_VIOLATION');
  });
});

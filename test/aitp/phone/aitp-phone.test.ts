import { describe, expect, it, vi } from 'vitest';
import { AitpAgent, type AitpAgentOptions } from '../../../src/aitp/agent.js';
import { type AitpPhoneOptions, aitpPhone } from '../../../src/aitp/phone/aitp-phone.js';
import { handshakeOverPhone, presentTct } from '../../../src/aitp/phone/call.js';
import { COMMIT_METHOD, HELLO_METHOD, PRESENT_METHOD } from '../../../src/aitp/phone/names.js';
import { pinnedKeys } from '../../../src/aitp/pinned-keys.js';
import { ownRevocations } from '../../../src/aitp/revocation.js';
import type { Identity } from '../../../src/identity/identity.js';
import { connect } from '../../../src/phone/connect.js';
import { serve } from '../../../src/phone/serve.js';
import type { Session } from '../../../src/phone/session.js';
import { memoryPair } from '../../../src/transport/memory.js';
import { alice, bob, mallory, suite } from '../../support/handshake.js';
import { NOW } from '../parties.js';

const IGNORE = { revocation: { dangerouslyIgnoreRevocation: true } } as const;
const clock = { sec: NOW };
const now = () => clock.sec;

/** Code of a rejection. */
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'accepted',
    ({ wireCode, code }) => (typeof wireCode === 'string' ? wireCode : code),
  );

async function agentOf(identity: Identity, name: string, believes: readonly (readonly [Identity, string])[]) {
  const bare = (of: Identity) => AitpAgent.fromIdentity(of, IGNORE).aid.slice('aid:pubkey:'.length);
  const pins = believes.map(([of, subject]) => ({ subject, publicKey: bare(of) }));
  const options: AitpAgentOptions = { ...IGNORE, now, pinnedKeys: pinnedKeys(pins) };
  const agent = AitpAgent.fromIdentity(identity, options);
  await agent.buildManifest({
    displayName: name,
    handshakeEndpoint: `https://${name}.example/aitp/`,
    offeredCapabilities: ['read', 'write'],
    acceptedIdentityTypes: ['pinned_key'],
  });
  return agent;
}

/** Bob answers, and guards `list` by `read` and `save` by `write`. */
async function setUp(options: Partial<AitpPhoneOptions> = {}) {
  clock.sec = NOW;
  const believed = [
    [alice, 'alice'],
    [mallory, 'mallory'],
    [bob, 'bob'],
  ] as const;
  const a = await agentOf(alice, 'alice', believed);
  const b = await agentOf(bob, 'bob', believed);
  const m = await agentOf(mallory, 'mallory', believed);
  const revoked = new Set<string>();
  const aitp = aitpPhone({ agent: b, revocation: ownRevocations(revoked), now, ...options });
  const list = vi.fn(() => ['meeting']);
  const authorize = aitp.requireEach({ list: 'read', save: 'write', ping: null });
  const handlers = { ...aitp.handlers, list, save: () => true, ping: () => 'pong', secret: () => 'no' };
  const dial = async (identity: Identity, proof?: 'require'): Promise<Session> => {
    const [near, far] = memoryPair();
    serve({ identity: bob, suite, transport: far, handlers, authorize });
    const more = proof === undefined ? {} : { proof };
    return connect({ identity, suite, transport: near, remoteDid: bob.did, ...more });
  };
  const manifest = b.manifest as NonNullable<typeof b.manifest>;
  const shake = (session: Session, agent = a, requestedGrants: readonly string[] = ['read']) =>
    handshakeOverPhone(session, agent, manifest, { requestedGrants });
  return { a, b, m, aitp, list, revoked, dial, shake, manifest };
}

describe('a handshake in a session', () => {
  it('leaves both with a token, and the caller may do what it presents a token for', async () => {
    const onHandshake = vi.fn();
    const { a, dial, shake, list } = await setUp({ onHandshake });
    const session = await dial(alice);
    expect(await codeOf(session.call('list'))).toBe('ERR_RPC_DENIED');
    const { tct, claims } = await shake(session);
    expect(claims.grants).toEqual(['read']);
    expect(onHandshake.mock.calls[0]?.[0]).toMatchObject({ peer: { aid: a.aid } });
    expect(await codeOf(session.call('list'))).toBe('ERR_RPC_DENIED');
    expect(list).not.toHaveBeenCalled();
    await presentTct(session, tct);
    expect(await session.call('list')).toEqual(['meeting']);
    expect(await session.call('ping')).toBe('pong');
    for (const method of ['save', 'secret']) expect(await codeOf(session.call(method))).toBe('ERR_RPC_DENIED');
    await session.close();
  });

  it('works behind the proof of the exact DID, which keeps what was presented', async () => {
    const { dial, shake } = await setUp();
    const session = await dial(alice, 'require');
    await presentTct(session, (await shake(session)).tct);
    expect(await session.call('list')).toEqual(['meeting']);
    await session.close();
  });

  it('in the name of another agent than the caller is refused', async () => {
    const { dial, shake } = await setUp();
    const session = await dial(mallory);
    const refused = await shake(session).catch((error) => error);
    expect(refused).toMatchObject({ code: 'ERR_AITP_PEER', peerCode: 'INVALID_ENVELOPE' });
    await session.close();
  });

  it('with another agent than the one called is not begun', async () => {
    const { a, m, dial } = await setUp();
    const session = await dial(alice);
    const manifest = m.manifest as NonNullable<typeof m.manifest>;
    const call = vi.spyOn(session, 'call');
    expect(await codeOf(handshakeOverPhone(session, a, manifest, { requestedGrants: ['read'] }))).toBe(
      'INVALID_ENVELOPE',
    );
    expect(call).not.toHaveBeenCalled();
    await session.close();
  });

  it('each message that comes a second time, or out of turn, is refused with a signed error', async () => {
    const { a, manifest, dial } = await setUp();
    const session = await dial(alice);
    const codeSent = async (method: string, message: unknown) => {
      const answer = JSON.parse((await session.call(method, message)) as string);
      return answer.message_type === 'error' ? answer.payload.code : answer.message_type;
    };
    const published = JSON.stringify({ manifest: manifest.body });
    const handshake = a.newSession();
    const hello = await handshake.buildHello(published, ['read']);
    expect(await codeSent(COMMIT_METHOD, hello)).toBe('INVALID_ENVELOPE');
    const ack = (await session.call(HELLO_METHOD, hello)) as string;
    const commit = await handshake.processHelloAck(ack);
    expect(await codeSent(HELLO_METHOD, hello)).toBe('REPLAY_DETECTED');
    expect(await codeSent(COMMIT_METHOD, commit)).toBe('mutual_commit_ack');
    expect(await codeSent(COMMIT_METHOD, commit)).toBe('INVALID_ENVELOPE');
    expect(await codeSent(HELLO_METHOD, 7)).toBe('INVALID_ENVELOPE');
    expect(await codeSent(HELLO_METHOD, 'a'.repeat(64_001))).toBe('INVALID_ENVELOPE');
    await session.close();
  });

  it('[16.62] runs out of time, and another one can begin', async () => {
    const { a, manifest, dial, shake } = await setUp();
    const session = await dial(alice);
    const handshake = a.newSession();
    const hello = await handshake.buildHello(JSON.stringify({ manifest: manifest.body }), ['read']);
    const commit = await handshake.processHelloAck((await session.call(HELLO_METHOD, hello)) as string);
    clock.sec += 61;
    const answer = JSON.parse((await session.call(COMMIT_METHOD, commit)) as string);
    expect(answer.payload.code).toBe('TIMESTAMP_EXPIRED');
    expect((await shake(session)).claims.grants).toEqual(['read']);
    await session.close();
  });

  it('can begin anew at once after a commit that was refused, whoever refused it and why', async () => {
    const { a, manifest, dial, shake } = await setUp({ maxMessages: 4 });
    const session = await dial(alice);
    const toCommit = async () => {
      const handshake = a.newSession();
      const hello = await handshake.buildHello(JSON.stringify({ manifest: manifest.body }), ['read']);
      return handshake.processHelloAck((await session.call(HELLO_METHOD, hello)) as string);
    };
    const codeSent = async (commit: string) =>
      JSON.parse((await session.call(COMMIT_METHOD, commit)) as string).payload.code;
    // Before it is known whose it is: nothing of the handshake has ended then.
    const { signature, ...unsigned } = JSON.parse(await toCommit());
    const forged = JSON.stringify({
      ...unsigned,
      signature: `${signature[0] === 'A' ? 'B' : 'A'}${signature.slice(1)}`,
    });
    expect(await codeSent(forged)).toBe('INVALID_SIGNATURE');
    expect((await shake(session)).claims.grants).toEqual(['read']);
    await toCommit();
    expect(await codeSent('garbage')).toBe('INVALID_ENVELOPE');
    expect((await shake(session)).claims.grants).toEqual(['read']);
    // Not even looked at.
    expect(await codeOf(session.call(COMMIT_METHOD, await toCommit()))).toBe('ERR_RPC_BUSY');
    clock.sec += 60;
    expect((await shake(session)).claims.grants).toEqual(['read']);
    await session.close();
  });

  it('whose caller went away in the middle does not stand in the way of the next', async () => {
    const { b, dial, shake } = await setUp();
    const begun = vi.spyOn(b, 'newResponder');
    const session = await dial(alice);
    const controller = new AbortController();
    const call = session.call.bind(session);
    const gone = vi.spyOn(session, 'call').mockImplementation(async (...args) => {
      const answer = await call(...args);
      controller.abort(new Error('enough'));
      controller.signal.throwIfAborted();
      return answer;
    });
    await expect(shake(session)).rejects.toThrow('enough');
    gone.mockRestore();
    const first = begun.mock.results[0]?.value as ReturnType<typeof b.newResponder>;
    expect(first.state).toBe('awaiting-commit');
    expect((await shake(session)).claims.grants).toEqual(['read']);
    // Its nonce and its peer are dropped with it.
    expect([first.state, first.popNonce, first.peerAid]).toEqual(['failed', undefined, undefined]);
    await session.close();
  });

  it('a hello that is refused ends no handshake that waits', async () => {
    const { a, manifest, dial } = await setUp();
    const session = await dial(alice);
    const handshake = a.newSession();
    const hello = await handshake.buildHello(JSON.stringify({ manifest: manifest.body }), ['read']);
    const commit = await handshake.processHelloAck((await session.call(HELLO_METHOD, hello)) as string);
    for (const refused of [hello, 'garbage', commit]) {
      expect(JSON.parse((await session.call(HELLO_METHOD, refused)) as string).message_type).toBe('error');
    }
    const next = await a.newSession().buildHello(JSON.stringify({ manifest: manifest.body }), ['read']);
    expect(JSON.parse((await session.call(HELLO_METHOD, next)) as string).message_type).toBe('mutual_hello_ack');
    await session.close();
  });

  it('begins so often in a minute, and no oftener', async () => {
    const { dial, shake } = await setUp({ maxHellos: 1 });
    const session = await dial(alice);
    await shake(session);
    expect(await codeOf(shake(session))).toBe('ERR_RPC_BUSY');
    clock.sec += 60;
    await shake(session);
    await session.close();
  });

  it('[16.63] given up by the caller leaves nothing that waits', async () => {
    // Bob asks for something alice does not offer, so that alice has nothing to grant.
    const { dial, shake } = await setUp({ responder: { requestedGrants: ['nothing'] } });
    const session = await dial(alice);
    const call = vi.spyOn(session, 'call');
    expect(await codeOf(shake(session))).toBe('POLICY_VIOLATION');
    expect(call.mock.calls.map(([method]) => method)).toEqual([HELLO_METHOD, COMMIT_METHOD]);
    expect(JSON.parse(call.mock.calls[1]?.[1] as string).message_type).toBe('error');
    await session.close();
  });

  it('a fault of the application stays at home, and no token goes out', async () => {
    const onHandshake = () => Promise.reject(new Error('disk full'));
    const { dial, shake } = await setUp({ onHandshake });
    const session = await dial(alice);
    const error = await shake(session).catch((caught) => caught);
    expect(error.code).toMatch(/^ERR_RPC_/);
    expect(String(error.message)).not.toContain('disk');
    await session.close();
  });
});

describe('a presented token', () => {
  it('[T7] of another caller is refused', async () => {
    const { dial, shake } = await setUp();
    const [hers, his] = [await dial(alice), await dial(mallory)];
    const { tct } = await shake(hers);
    const refused = await presentTct(his, tct).catch((error) => error);
    expect(refused).toMatchObject({ code: 'ERR_AITP_PEER', peerCode: 'AUDIENCE_MISMATCH' });
    expect(await codeOf(his.call('list'))).toBe('ERR_RPC_DENIED');
    await Promise.all([hers.close(), his.close()]);
  });

  it('[T7] is bound to its session, and not to its caller', async () => {
    const { dial, shake } = await setUp();
    const [first, second] = [await dial(alice), await dial(alice)];
    const { tct } = await shake(first);
    await presentTct(first, tct);
    expect(await codeOf(second.call('list'))).toBe('ERR_RPC_DENIED');
    await presentTct(second, tct);
    expect(await second.call('list')).toEqual(['meeting']);
    await Promise.all([first.close(), second.close()]);
  });

  it('is looked at again on every call: its time, and whether it was taken back', async () => {
    const { dial, shake, revoked } = await setUp();
    const session = await dial(alice);
    const { tct, claims } = await shake(session);
    await presentTct(session, tct);
    revoked.add(claims.jti);
    await expect(session.call('list')).rejects.toMatchObject({ message: 'TCT_REVOKED' });
    revoked.clear();
    expect(await session.call('list')).toEqual(['meeting']);
    clock.sec = claims.expiresAtSec;
    await expect(session.call('list')).rejects.toMatchObject({ message: 'TCT_EXPIRED' });
    clock.sec = NOW;
    await expect(session.call('list')).rejects.toMatchObject({ message: 'POLICY_VIOLATION' });
    await session.close();
  });

  it('of another issuer, revoked, expired, or none at all is refused with its code', async () => {
    const { a, b, dial, shake, revoked } = await setUp();
    const session = await dial(alice);
    const { tct, claims } = await shake(session);
    const codeSent = async (token: string) => (await presentTct(session, token).catch((error) => error))?.peerCode;
    revoked.add(claims.jti);
    expect(await codeSent(tct)).toBe('TCT_REVOKED');
    revoked.clear();
    clock.sec = claims.expiresAtSec;
    expect(await codeSent(tct)).toBe('TCT_EXPIRED');
    clock.sec = NOW;
    expect(await codeSent('a.b.c')).toBe('TCT_SIGNATURE_INVALID');
    const ours = a.newSession();
    const responder = b.newResponder();
    const manifest = JSON.stringify({ manifest: b.manifest?.body });
    const { ackJson } = await responder.processHello(await ours.buildHello(manifest, ['read']));
    const commit = JSON.parse(await ours.processHelloAck(ackJson));
    expect(await codeSent(commit.payload.tct)).toBe('TCT_SIGNATURE_INVALID');
    expect(await codeOf(session.call(PRESENT_METHOD, null))).toBe('ERR_RPC_DENIED');
    await session.close();
  });

  it('of several that grant it, one that still holds is enough', async () => {
    const { dial, shake, revoked } = await setUp();
    const session = await dial(alice);
    const [first, second] = [await shake(session), await shake(session, undefined, ['read', 'write'])];
    await presentTct(session, first.tct);
    await presentTct(session, second.tct);
    revoked.add(second.claims.jti);
    expect(await session.call('list')).toEqual(['meeting']);
    expect(await codeOf(session.call('save'))).toBe('ERR_RPC_DENIED');
    await session.close();
  });
});

it('one capability for everything, and a hook of the application behind it', async () => {
  const { aitp } = await setUp();
  const next = vi.fn(() => true);
  const authorize = aitp.require('read', next);
  const peer = { did: alice.did, proof: 'x25519', agreementKey: new Uint8Array(32) } as const;
  const request = { peer, params: undefined, stream: false };
  expect(await authorize({ ...request, method: PRESENT_METHOD })).toBe(true);
  await expect(authorize({ ...request, method: 'list' })).rejects.toMatchObject({ code: 'ERR_RPC_DENIED' });
  expect(next).not.toHaveBeenCalled();
  expect(await aitp.requireEach({ ping: null }, next)({ ...request, method: 'ping' })).toBe(true);
  expect(await aitp.requireEach({})({ ...request, method: 'toString' })).toBe(false);
  expect(next).toHaveBeenCalledTimes(1);
});

it('options that cannot be are refused at once', async () => {
  const { b: agent, aitp } = await setUp();
  expect(() => aitpPhone({ agent } as never)).toThrow(TypeError);
  expect(() => aitpPhone({ agent, ...IGNORE, maxHellos: 0 })).toThrow(RangeError);
  expect(() => aitpPhone({ agent, ...IGNORE, issuer: 'aid:other' })).toThrow(TypeError);
  expect(() => aitp.require('two words')).toThrow(TypeError);
});

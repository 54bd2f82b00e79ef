// A verified card is enough to call, and only if three are one: who signed it, whom it names, who answers.

import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { AgentCard } from '../../../src/a2a/card/agent-card.js';
import { spec } from '../../../src/a2a/card/profiles.js';
import { signAgentCard } from '../../../src/a2a/card/sign.js';
import { verifyAgentCard } from '../../../src/a2a/card/verify.js';
import { PHONE_BINDING, phoneInterface, readPhoneAddress } from '../../../src/a2a/phone/phone-interface.js';
import { phoneTarget } from '../../../src/a2a/phone/phone-target.js';
import { encodeUtf8 } from '../../../src/bytes/utf8.js';
import { signDetached } from '../../../src/documents/sign.js';
import { signerFromIdentity } from '../../../src/documents/signer.js';
import { keyFromDid } from '../../../src/documents/verification-key.js';
import { nodeHost } from '../../../src/host/node.js';
import { createIdentity, identityFromSeed } from '../../../src/identity/seed-identity.js';
import { connect } from '../../../src/phone/connect.js';
import { serve } from '../../../src/phone/serve.js';

const [alice, bob, mallory] = await Promise.all([1, 2, 3].map((n) => identityFromSeed(new Uint8Array(32).fill(n))));
const url = 'wss://agent.example/phone';

function cardWith(...supportedInterfaces: AgentCard['supportedInterfaces']): AgentCard {
  return {
    name: 'Lighthouse',
    description: 'Tells ships where they are.',
    version: '1.0.0',
    supportedInterfaces,
    capabilities: { streaming: true },
    defaultInputModes: ['text/plain'],
    defaultOutputModes: ['text/plain'],
    skills: [{ id: 'where', name: 'Where am I', description: 'A position.', tags: ['position'] }],
  };
}

const signed = async (card: AgentCard, by = bob) => JSON.stringify(await signAgentCard(card, by!));
/** By a signer that does not look at the addresses, as ours does. */
const signedUnseen = async (card: AgentCard) => {
  const payload = encodeUtf8(spec.canonicalize(card as never));
  return JSON.stringify({
    ...card,
    signatures: [await signDetached(payload, signerFromIdentity(bob!), { typ: 'JOSE' })],
  });
};
const verifiedBy = async (text: string, did: string) => verifyAgentCard(text, { keys: did });
const codeOf = (act: () => unknown) => {
  try {
    act();
  } catch (error) {
    return (error as { code?: string }).code ?? error;
  }
  return 'nothing thrown';
};

describe('the interface entry', () => {
  it('names the address and, as its fragment, the DID', () => {
    expect(phoneInterface({ url, did: bob!.did })).toEqual({
      url: `${url}#${bob!.did}`,
      protocolBinding: 'urn:ringline:agent-phone:1',
      protocolVersion: '1.0',
    });
    expect(readPhoneAddress(cardWith(phoneInterface({ url, did: bob!.did })))).toEqual({ url, did: bob!.did });
  });

  it.each([
    ['https://agent.example/phone'],
    ['wss://agent.example/#did:key:z'],
    ['wss://user@agent.example/'],
    ['/phone'],
    [''],
  ])('cannot be made for %j', (bad) => {
    expect(() => phoneInterface({ url: bad, did: bob!.did })).toThrow(TypeError);
  });

  it('cannot be made for a DID that is none', () => {
    expect(codeOf(() => phoneInterface({ url, did: 'did:key:z6Mk' }))).toBe('ERR_IDENTITY_DID');
  });

  it('is the first of its binding and version', () => {
    const phone = phoneInterface({ url, did: bob!.did });
    const others = [
      { url: 'https://agent.example/rpc', protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
      { ...phone, url: `wss://old.example/#${alice!.did}`, protocolVersion: '0.9' },
      { ...phone, url: `wss://new.example/#${alice!.did}`, protocolVersion: '10.0' },
    ];
    const last = phoneInterface({ url: 'wss://last.example/', did: alice!.did });
    expect(readPhoneAddress(cardWith(...others, phone, last))).toEqual({ url, did: bob!.did });
  });

  it.each([
    ['no phone', 'ERR_A2A_NO_COMPATIBLE_INTERFACE', { protocolBinding: 'JSONRPC', url: 'https://agent.example' }],
    ['no DID', 'ERR_A2A_INVALID_CARD', { url }],
    ['a DID that is none', 'ERR_A2A_INVALID_CARD', { url: `${url}#did:key:z6MkBroken` }],
    [
      'a DID of small order',
      'ERR_A2A_INVALID_CARD',
      { url: `${url}#did:key:z6MkeTG3bFFSLYVU7VqhgZxqr6YzpaGrQtFMh1uvqGy1vDnP` },
    ],
    ['http', 'ERR_A2A_INVALID_CARD', { url: `https://agent.example/#did:key:z6Mk` }],
    ['a relative address', 'ERR_A2A_INVALID_CARD', { url: '/phone' }],
  ])('is refused in a card with %s', (_what, code, changes) => {
    const entry = { protocolBinding: PHONE_BINDING, protocolVersion: '1.0', ...changes };
    expect(codeOf(() => readPhoneAddress(cardWith(entry)))).toBe(code);
  });
});

describe('a verified card', () => {
  const ends: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0)) await end();
  });

  async function answering(as = bob!) {
    const agent = serve({ identity: as, handlers: { where: () => 'north' } });
    const host = await nodeHost(agent);
    ends.push(async () => {
      await agent.close();
      await host.close();
    });
    return host.url;
  }

  it('is enough to call', async () => {
    const card = cardWith(phoneInterface({ url: await answering(), did: bob!.did }));
    const verified = await verifiedBy(await signed(card), bob!.did);
    const session = await connect({
      identity: await createIdentity(),
      ...phoneTarget(verified, { WebSocket: WebSocket as never, allowLoopback: true }),
    });
    expect(await session.call('where')).toBe('north');
    expect(session.peer.did).toBe(bob!.did);
    await session.close();
  });

  it('is refused when another key signed it, be it trusted', async () => {
    const card = cardWith(phoneInterface({ url, did: bob!.did }));
    const verified = await verifiedBy(await signed(card, mallory), mallory!.did);
    expect(codeOf(() => phoneTarget(verified))).toBe('ERR_A2A_SIGNER_MISMATCH');
  });

  it('is refused when a P-256 key signed it', async () => {
    const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
    const jwk = (await crypto.subtle.exportKey('jwk', pair.privateKey)) as never;
    const card = cardWith(phoneInterface({ url, did: bob!.did }));
    const text = JSON.stringify(
      await signAgentCard(card, { ...(jwk as object), kid: 'k', key_ops: ['sign'] } as never),
    );
    const publicJwk = { ...(await crypto.subtle.exportKey('jwk', pair.publicKey)), kid: 'k' } as never;
    const verified = await verifyAgentCard(text, { keys: publicJwk });
    expect(codeOf(() => phoneTarget(verified))).toBe('ERR_A2A_SIGNER_MISMATCH');
  });

  it('is refused when the twin of the key that signed it is named', async () => {
    const { publicKey } = keyFromDid(bob!.did);
    const twin = new Uint8Array(publicKey);
    twin[31]! ^= 0x80;
    const { encodeDidKey } = await import('../../../src/identity/did-key.js');
    const card = cardWith(phoneInterface({ url, did: encodeDidKey(twin) }));
    const verified = await verifiedBy(await signed(card), bob!.did);
    expect(codeOf(() => phoneTarget(verified))).toBe('ERR_A2A_SIGNER_MISMATCH');
  });

  it('reaches nobody when another agent answers at its address', async () => {
    const card = cardWith(phoneInterface({ url: await answering(mallory!), did: bob!.did }));
    const verified = await verifiedBy(await signed(card), bob!.did);
    const target = phoneTarget(verified, { WebSocket: WebSocket as never, allowLoopback: true });
    const refused = await connect({ identity: await createIdentity(), ...target }).catch((error) => error.code);
    expect(['ERR_CHANNEL_REFUSED', 'ERR_CHANNEL_IMPOSTOR']).toContain(refused);
  });

  it('gives the phone it signed, not one that was slipped in beside it and kept by policy', async () => {
    const card = cardWith(phoneInterface({ url, did: bob!.did }));
    const text = await signed(card);
    const { signatures, ...rest } = JSON.parse(text);
    // Over the sdk form an empty entry is left out, so that a served card may say more than was signed.
    const served = { ...rest, iconUrl: '', signatures };
    const verified = await verifyAgentCard(JSON.stringify(served), { keys: bob!.did, uncovered: 'keep' }).catch(
      () => undefined,
    );
    if (verified !== undefined) expect(phoneTarget(verified).remoteDid).toBe(bob!.did);
    const forged = {
      ...verified!,
      card: cardWith(phoneInterface({ url: 'wss://evil.example/', did: bob!.did })),
    } as never;
    expect(phoneTarget(forged).remoteDid).toBe(bob!.did);
  });
});

describe('a verified card that names a phone where no stranger may have us dial', () => {
  const targetAt = async (address: string, options = {}) => {
    const entry = { url: `${address}#${bob!.did}`, protocolBinding: PHONE_BINDING, protocolVersion: '1.0' };
    const verified = await verifiedBy(await signedUnseen(cardWith(entry)), bob!.did);
    return codeOf(() => phoneTarget(verified, options));
  };
  const open = { allowLoopback: true, allowPrivateHosts: true };

  it.each([
    ['this machine', 'ws://127.0.0.1:8080/admin?x=1'],
    ['this machine, by TLS', 'wss://localhost/phone'],
    ['this machine, spelled otherwise', 'wss://0x7f.1/'],
    ['this machine in IPv6', 'ws://[::1]/'],
    ['a private network', 'wss://10.0.0.1/'],
    ['a name of a private network', 'wss://printer.lan/'],
    ['a name only a local resolver knows', 'wss://router/'],
    ['a cloud’s metadata', 'ws://169.254.169.254/latest'],
    ['a public host without TLS', 'ws://agent.example/phone'],
    ['a host of 160,000 dots', `wss://a${'.'.repeat(160_000)}a/`],
  ])('%s: is refused', async (_, address) => {
    expect(await targetAt(address)).toMatch(/^ERR_A2A_(?:ADDRESS_NOT_ALLOWED|INVALID_CARD)$/);
  });

  it('names the interface', async () => {
    const other = { url: 'https://agent.example/rpc', protocolBinding: 'JSONRPC', protocolVersion: '1.0' };
    const card = cardWith(other, phoneInterface({ url: 'ws://127.0.0.1/', did: bob!.did }));
    const verified = await verifiedBy(await signed(card), bob!.did);
    expect(() => phoneTarget(verified)).toThrow(
      expect.objectContaining({
        code: 'ERR_A2A_ADDRESS_NOT_ALLOWED',
        wireCode: 'address_not_allowed',
        pointer: '/supportedInterfaces/1/url',
      }),
    );
  });

  it.each([
    ['ws://127.0.0.1:8080/', { allowLoopback: true }],
    ['wss://localhost/', { allowLoopback: true }],
    ['ws://127.0.0.1:8080/', { allowPrivateHosts: true }],
    ['ws://10.0.0.1/', { allowPrivateHosts: true }],
    ['wss://printer.lan/', { allowPrivateHosts: true }],
    ['wss://agent.example/', {}],
    ['wss://93.184.215.14/', {}],
  ])('%s is dialled with %j', async (address, options) => {
    expect(await targetAt(address, options)).toBe('nothing thrown');
  });

  it.each([
    ['wss://10.0.0.1/', { allowLoopback: true }],
    ['ws://agent.example/', open],
    ['wss://169.254.169.254/', open],
    ['wss://224.0.0.1/', open],
  ])('%s is not, with %j', async (address, options) => {
    expect(await targetAt(address, options)).toBe('ERR_A2A_ADDRESS_NOT_ALLOWED');
  });
});

describe('a key that counts at some origins', () => {
  const verifiedAt = async (address: string, allowedOrigins: string[]) => {
    const text = await signed(cardWith(phoneInterface({ url: address, did: bob!.did })));
    return verifyAgentCard(text, { keys: { keys: bob!.did, allowedOrigins } }).then(
      () => undefined,
      (error) => error.code,
    );
  };

  it.each([
    ['wss://agent.example/phone', 'https://agent.example'],
    ['wss://agent.example:8443/phone', 'https://agent.example:8443'],
    ['ws://127.0.0.1:8080/', 'http://127.0.0.1:8080'],
  ])('vouches for the phone %s at %s', async (address, origin) => {
    expect(await verifiedAt(address, [origin])).toBeUndefined();
  });

  it.each([
    ['wss://evil.example/phone', 'https://agent.example'],
    ['wss://agent.example:8443/phone', 'https://agent.example'],
    ['ws://agent.example/phone', 'https://agent.example'],
    ['wss://agent.example/phone', 'http://agent.example'],
  ])('does not for the phone %s at %s', async (address, origin) => {
    expect(await verifiedAt(address, [origin])).toBe('ERR_A2A_ORIGIN_NOT_ALLOWED');
  });
});

it('a verified card without interfaces names no phone', () => {
  expect(codeOf(() => readPhoneAddress({ ...cardWith(), supportedInterfaces: undefined as never }))).toBe(
    'ERR_A2A_NO_COMPATIBLE_INTERFACE',
  );
  const entry = { protocolBinding: PHONE_BINDING, protocolVersion: '1.0' } as never;
  expect(codeOf(() => readPhoneAddress(cardWith(entry)))).toBe('ERR_A2A_INVALID_CARD');
  expect(codeOf(() => readPhoneAddress(cardWith({ url } as never)))).toBe('ERR_A2A_NO_COMPATIBLE_INTERFACE');
});

// A handshake with somebody who means harm, beyond what the order of the checks says.

import { expect, it, vi } from 'vitest';
import { aidOfKey } from '../../../src/aitp/aid.js';
import { HandshakeInitiator } from '../../../src/aitp/handshake/initiator.js';
import { encodeManifest } from '../../../src/aitp/manifest.js';
import { buildManifest } from '../../../src/aitp/manifest-build.js';
import { aitpSignerFromSeed } from '../../../src/aitp/signer.js';
import { codeOf, makeSession, NOW, OFFERED, REQUESTED, runTo } from '../parties.js';

const never = () => new Promise<never>(() => {});

it('a stranger that shows us our own Manifest does not come to be known as us, under either name of the key', async () => {
  const session = await makeSession();
  const { a } = session;
  expect(await codeOf(session.initiator.buildHello(a.manifestJson, REQUESTED))).toBe('INVALID_ENVELOPE');
  expect(session.initiator.state).toBe('failed');
  const tagged = await aitpSignerFromSeed(new Uint8Array(32).fill(1), { tagged: true });
  expect(tagged.aid).toBe(aidOfKey({ curve: 'Ed25519', publicKey: a.signer.publicKey }, { tagged: true }));
  const manifest = await buildManifest(
    {
      now: () => NOW,
      identity: { type: 'pinned_key', subject: 'agent-1' },
      handshakeEndpoint: 'https://agent-1.example.com/aitp/handshake/',
      acceptedIdentityTypes: ['pinned_key'],
      offeredCapabilities: OFFERED,
    },
    tagged,
  );
  const again = new HandshakeInitiator(a.options);
  expect(await codeOf(again.buildHello(encodeManifest(manifest), REQUESTED))).toBe('INVALID_ENVELOPE');
});

it('a provider that never answers does not keep whoever gives up, and is told', async () => {
  let asked: AbortSignal | undefined;
  const mintJwt = vi.fn(({ signal }: { readonly signal?: AbortSignal | undefined }) => {
    asked = signal;
    return never();
  });
  const session = await makeSession({ a: { identity: 'oidc', options: { mintJwt } } });
  const hello = session.initiator.buildHello(session.b.manifestJson, REQUESTED);
  const behind = session.initiator.processHelloAck('{}');
  await vi.waitFor(() => expect(mintJwt).toHaveBeenCalled());
  session.initiator.abandon();
  expect(await codeOf(hello)).toBe('INVALID_ENVELOPE');
  expect(await codeOf(behind)).toBe('INVALID_ENVELOPE');
  expect(asked?.aborted).toBe(true);
  expect(await codeOf(session.initiator.complete('{}'))).not.toBe('accepted');
});

it('a memory that never answers does not keep a session that was given up', async () => {
  const has = vi.fn(never);
  const replay = { has, addIfAbsent: never };
  const session = await makeSession({ b: { options: { replay } } });
  const hello = await runTo(session, 'hello');
  const waiting = [session.responder.processHello(hello), session.responder.processHello(hello)];
  await vi.waitFor(() => expect(has).toHaveBeenCalled());
  session.responder.abandon();
  for (const step of waiting) expect(await codeOf(step)).toBe('INVALID_ENVELOPE');
  expect(session.responder.state).toBe('failed');
});

it('giving up takes nothing back of a handshake that is done', async () => {
  const session = await makeSession();
  const { ackJson } = await session.responder.processCommit(await runTo(session, 'commit'));
  const step = session.initiator.complete(ackJson);
  const { claims } = await step;
  session.initiator.abandon();
  expect([session.initiator.state, claims.grants]).toEqual(['done', REQUESTED]);
});

// The handshake without a wire, as two state machines that are handed texts: every pair of keys and identities over both
// backends; and within a phone session.

import { BACKENDS, verifyWith } from './aitp-agents.mjs';
import { ED_OIDC, ED_PINNED, makeSession, NOW, P256_OIDC, shake } from './aitp-session.mjs';
import { equal, failure, refuses } from './assert.mjs';

/** Who calls, who is called. */
const PAIRS = [
  [ED_PINNED, ED_PINNED],
  [ED_PINNED, P256_OIDC],
  [P256_OIDC, ED_PINNED],
  [ED_OIDC, P256_OIDC],
  [P256_OIDC, P256_OIDC],
];

/** @param {any} library */
export function handshakeCases(library) {
  return [
    ...BACKENDS.flatMap((backend) =>
      PAIRS.map(([a, b]) => ({
        name: `AITP over ${backend}: ${nameOf(a)} shakes hands with ${nameOf(b)}`,
        run: () => wholeHandshake(library, a, b, backend),
      })),
    ),
    ...[
      [ED_PINNED, P256_OIDC],
      [P256_OIDC, ED_PINNED],
    ].map(([a, b]) => ({
      name: `AITP: WebCrypto calls noble, ${nameOf(a)} and ${nameOf(b)}, and both backends agree on every signature`,
      run: () => acrossBackends(library, a, b),
    })),
    { name: 'AITP: inside a phone session, and a method that wants a token', run: () => overPhone(library) },
  ];
}

const nameOf = ({ suite, identity }) => `${suite} (${identity})`;

async function wholeHandshake(library, a, b, backend) {
  // Names of their own, so that no other case is verified by another backend than it thinks.
  const own = (agent, name) => ({ ...agent, backend, name: `${name}, ${nameOf(agent)}, ${backend}` });
  const session = await makeSession(library, own(a, 'anna'), own(b, 'bert'));
  verifyWith(library, [session.anna.signer.aid, session.bert.signer.aid], backend);
  await checkResult(library, session, await shake(session));
}

async function acrossBackends(library, a, b) {
  const session = await makeSession(
    library,
    { ...a, backend: 'webcrypto', name: `anna across, ${nameOf(a)}` },
    { ...b, backend: 'noble', name: `bert across, ${nameOf(b)}` },
  );
  verifyWith(library, [session.anna.signer.aid, session.bert.signer.aid]);
  await checkResult(library, session, await shake(session));
}

async function checkResult({ aitp }, { anna, bert, initiator, responder }, { ours, theirs }) {
  const [a, b] = [anna.signer.aid, bert.signer.aid];
  equal([initiator.state, responder.state], ['done', 'done']);
  equal([ours.claims.issuer, ours.claims.subject, ours.claims.grants], [b, a, ['tide.read']]);
  equal([theirs.claims.issuer, theirs.claims.subject, theirs.claims.grants], [a, b, ['tide.read', 'tide.write']]);
  equal([ours.issued.jti, theirs.issued.jti], [theirs.claims.jti, ours.claims.jti]);
  equal(ours.peer.subject, bert.manifest.identityHint.subject);
  equal(theirs.peer.identityType, anna.manifest.identityHint.type);
  for (const [result, issuer, holder] of [
    [ours, bert, a],
    [theirs, anna, b],
  ]) {
    const tct = await aitp.verifyTct(result.tct, {
      issuer: issuer.signer.aid,
      audience: holder,
      now: () => NOW,
      issuerManifest: issuer.manifest,
      revocation: aitp.ownRevocations(new Set()),
    });
    equal(tct.jti, result.claims.jti);
    const voucher = await aitp.verifyVoucher(result.grantVoucher, { verifier: issuer.signer.aid, now: () => NOW });
    equal([voucher.subject, voucher.sourceJti, voucher.grants], [holder, tct.jti, tct.grants]);
  }
}

async function overPhone({ aitp, aitpPhone, front }) {
  const [alice, bob] = await Promise.all([front.createIdentity(), front.createIdentity()]);
  const options = { revocation: { dangerouslyIgnoreRevocation: true }, pinnedKeys: aitp.trustAnyPinnedKey() };
  const [caller, callee] = [alice, bob].map((identity) => aitp.AitpAgent.fromIdentity(identity, options));
  const manifest = (displayName) => ({
    displayName,
    handshakeEndpoint: `https://${displayName}.example/aitp/`,
    offeredCapabilities: ['tide.read'],
  });
  await Promise.all([caller.buildManifest(manifest('alice')), callee.buildManifest(manifest('bob'))]);
  const revoked = new Set();
  const phone = aitpPhone.aitpPhone({ agent: callee, revocation: aitp.ownRevocations(revoked) });
  const handlers = { ...phone.handlers, tide: () => 'high' };
  const [near, far] = front.memoryPair();
  front.serve({ identity: bob, transport: far, handlers, authorize: phone.require('tide.read') });
  const session = await front.connect({ identity: alice, transport: near, remoteDid: bob.did });
  const call = () => session.call('tide');
  await refuses(call, 'ERR_RPC_DENIED', 'before:');
  const requestedGrants = ['tide.read'];
  const result = await aitpPhone.handshakeOverPhone(session, caller, callee.manifest, { requestedGrants });
  await refuses(call, 'ERR_RPC_DENIED', 'not presented:');
  await aitpPhone.presentTct(session, result.tct);
  equal(await call(), 'high');
  revoked.add(result.claims.jti);
  const { code, message } = await failure(call);
  equal([code, message], ['ERR_RPC_DENIED', 'TCT_REVOKED']);
  equal((await session.close()).clean, true);
}

// Flipped bits: a sample of the bytes of everything that is signed. None is accepted, and none is answered by anything but
// a registered code. The unit tests flip every byte, in one runtime.

import { BACKENDS, SUITES } from './aitp-agents.mjs';
import { makeTokens } from './aitp-minted.mjs';
import { makeSession, NOW } from './aitp-session.mjs';
import { equal, failure, ok } from './assert.mjs';

/** Every so many bytes one is flipped, by backend: noble takes its time. */
const EVERY = { webcrypto: 17, noble: 127 };

const now = () => NOW;
const utf8 = new TextEncoder();

/** @param {any} library */
export function flipCases(library) {
  return SUITES.flatMap((suite) => [
    ...BACKENDS.map((backend) => ({
      name: `AITP over ${backend}, ${suite}: no flipped bit in what is signed goes through`,
      run: () => documents(library, suite, backend),
    })),
    {
      name: `AITP, ${suite}: no flipped bit in a message goes through or ends a session`,
      run: () => messages(library, suite),
    },
  ]);
}

/** @param {any} library @param {string} text @param {number} every @param {(bytes: Uint8Array) => Promise<unknown>} take */
async function flip({ aitp }, what, text, every, take) {
  const bytes = utf8.encode(text);
  let tried = 0;
  for (let at = Math.min(every, bytes.length) >> 1; at < bytes.length; at += every) {
    const flipped = bytes.slice();
    // All eight bits in turn.
    flipped[at] ^= 1 << (tried++ % 8);
    const error = await failure(() => take(flipped));
    ok(error instanceof aitp.AitpError, `${what}, byte ${at}: ${error}`);
  }
  ok(tried > 0, what);
}

async function documents(library, suite, backend) {
  const { aitp } = library;
  const tokens = await makeTokens(library, suite, backend);
  const { issuer, holder, manifest, tct, voucher, delegation, pop } = tokens;
  const entries = [{ jti: tct.jti, revokedAtSec: NOW }];
  const snapshot = await aitp.buildSnapshot({ publishedAtSec: NOW, expiresAtSec: NOW + 60, entries }, issuer);
  const granting = {
    issuer: issuer.aid,
    now,
    issuerManifest: manifest,
    revocation: { dangerouslyIgnoreRevocation: true },
  };
  const replay = aitp.memoryReplayStore({ now });
  const asText = (bytes) => new TextDecoder().decode(bytes);
  const verifiers = {
    manifest: [aitp.encodeManifest(manifest), (bytes) => aitp.verifyManifest(bytes, { now })],
    snapshot: [snapshot, (bytes) => aitp.verifySnapshot(bytes)],
    tct: [tct.token, (bytes) => aitp.verifyTct(asText(bytes), { ...granting, audience: holder.aid })],
    voucher: [voucher, (bytes) => aitp.verifyVoucher(asText(bytes), { verifier: issuer.aid, now })],
    delegation: [
      delegation,
      (bytes) =>
        aitp.verifyDelegation(asText(bytes), { verifier: issuer.aid, now, revocation: granting.revocation, pop }),
    ],
    proof: [
      pop.signature,
      (bytes) =>
        aitp.verifyDelegation(delegation, {
          verifier: issuer.aid,
          now,
          revocation: granting.revocation,
          pop: { ...pop, signature: asText(bytes) },
        }),
    ],
    invocation: [
      await aitp.buildInvocation(holder, { tct, capability: 'tide.read', arguments: { at: 'Bergen' }, now }),
      (bytes) => aitp.verifyInvocation(bytes, { ...granting, token: tct.token, replay }),
    ],
  };
  for (const [what, [text, take]] of Object.entries(verifiers)) {
    await flip(library, what, text, EVERY[backend], take);
    await take(utf8.encode(text));
  }
}

async function messages(library, suite) {
  const agent = { suite, identity: suite === 'p256' ? 'oidc' : 'pinned_key' };
  const { initiator, responder, published } = await makeSession(library, agent, agent);
  const every = EVERY.webcrypto;
  const hello = await initiator.buildHello(published, ['tide.read']);
  await flip(library, 'hello', hello, every, (bytes) => responder.processHello(bytes));
  const { ackJson } = await responder.processHello(hello);
  await flip(library, 'hello_ack', ackJson, every, (bytes) => initiator.processHelloAck(bytes));
  const commit = await initiator.processHelloAck(ackJson);
  await flip(library, 'commit', commit, every, (bytes) => responder.processCommit(bytes));
  const answer = await responder.processCommit(commit);
  await flip(library, 'commit_ack', answer.ackJson, every, (bytes) => initiator.complete(bytes));
  await initiator.complete(answer.ackJson);
  equal([initiator.state, responder.state], ['done', 'done']);
}

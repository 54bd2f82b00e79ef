// A handshake between two agents of the tests, without a wire: who takes part, how it is run to its end, and how a refusal is
// demanded.

import { handshakeOptions } from './aitp-agents.mjs';
import { equal, failure, ok } from './assert.mjs';

/** Reference time of these cases, in Unix seconds: no clock of the runtime is asked. */
export const NOW = 1_790_000_000;

/** Kinds of agents: their key, and how they say who they are. */
export const ED_PINNED = { suite: 'ed25519', identity: 'pinned_key' };
export const ED_OIDC = { suite: 'ed25519', identity: 'oidc' };
export const P256_OIDC = { suite: 'p256', identity: 'oidc' };

/**
 * Two agents that believe each other, and a handshake between them that has not begun.
 *
 * @param {any} library @param {any} a Who calls. @param {any} b Who is called.
 */
export async function makeSession(library, a, b, clock = { sec: NOW }) {
  const now = () => clock.sec;
  const [anna, bert] = [
    { name: 'anna', now, ...a },
    { name: 'bert', now, ...b },
  ];
  const [near, far] = await Promise.all([
    handshakeOptions(library, { believes: [bert], ...anna }),
    handshakeOptions(library, { believes: [anna], ...bert }),
  ]);
  return {
    anna: { ...near, ...a.options },
    bert: { ...far, ...b.options },
    initiator: new library.aitp.HandshakeInitiator({ ...near, ...a.options }),
    responder: new library.aitp.HandshakeResponder({ ...far, ...b.options }),
    published: library.aitp.encodeManifest(far.manifest),
  };
}

/** All four messages. @returns What it leaves to either side. */
export async function shake({ initiator, responder, published }, requested = ['tide.read']) {
  const hello = await initiator.buildHello(published, requested);
  const commit = await initiator.processHelloAck((await responder.processHello(hello)).ackJson);
  const { ackJson, completed: theirs } = await responder.processCommit(commit);
  return { ours: await initiator.complete(ackJson), theirs };
}

/** Demands a registered code of AITP. */
export async function refusedAs({ aitp }, wireCode, action, message = '') {
  const error = await failure(action);
  ok(error instanceof aitp.AitpError, `${message} ${wireCode} was due, not ${error?.code ?? ''} ${error}`);
  equal([error.wireCode, error.code, error.name], [wireCode, `ERR_AITP_${wireCode}`, 'AitpError'], message);
  equal(error.retryable, aitp.isRetryable(wireCode), message);
}

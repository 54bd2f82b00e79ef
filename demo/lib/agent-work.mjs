// @ts-check
// What the agent can be put to work with: a runtime of ARCP behind its phone. Who asks is whoever proved the key of the
// phone session; nobody brings another credential.

import {
  artifactService,
  createRuntime,
  permissionService,
  promptService,
  streamService,
  subscriptionService,
} from 'ringline/arcp';
import { arcpPhone } from 'ringline/arcp/phone';
import { workTools } from './work-tools.mjs';

/**
 * @typedef {object} Work
 * @property {import('ringline').Handlers} handlers
 * @property {() => Promise<void>} close
 */

/**
 * Makes it.
 *
 * @param {string} did Name of the agent: its questions are asked in it.
 * @param {Parameters<typeof workTools>[0]} tell
 * @param {import('./work-tools.mjs').Pace} [pace]
 * @returns {Work}
 */
export function workOf(did, tell, pace) {
  const asked = { agent: did };
  const runtime = createRuntime({
    tools: workTools(tell, pace),
    // No authenticator: only connections that say who the other side is get in.
    services: [
      streamService(),
      artifactService(),
      promptService(asked),
      permissionService(asked),
      // A subscriber hears of its own principal's sessions, and of nobody else's.
      subscriptionService(),
    ],
    identity: { kind: 'demo-agent', version: '1.0.0', fingerprint: did },
  });
  return {
    handlers: arcpPhone({ runtime }).handlers,
    close: () => runtime.close(),
  };
}

// Authenticating anew in the middle of a session (ARCP v1.0, section 8.4). Loaded when the runtime asks for it.

import type { Message } from '../wire/envelope.js';
import type { Core } from './core.js';

/** One at a time: a runtime that asks again and again gets no more signatures and tokens for it. */
const refreshing = /* @__PURE__ */ new WeakSet<Core>();

/** Answers `session.refresh`. Where that fails the runtime evicts us at its deadline, and says so. */
export async function refresh(core: Core, { id, payload }: Message<'session.refresh'>): Promise<void> {
  if (core.connect === undefined || refreshing.has(core)) return;
  refreshing.add(core);
  const { auth, answerChallenge } = core.connect;
  const { transport } = core;
  try {
    const response =
      payload.challenge !== undefined && answerChallenge !== undefined
        ? await answerChallenge(payload.challenge, { attempt: 1, refusal: undefined })
        : (typeof auth === 'function' ? await auth() : auth).token;
    // It is for who asked, and nobody that another connection has led to meanwhile.
    if (response !== undefined && core.transport === transport)
      core.post('session.authenticate', { response }, { correlation_id: id });
  } catch {
    // Whose token or signature could not be had: the runtime is told by silence.
  } finally {
    refreshing.delete(core);
  }
}

// Authenticating anew in the middle of a session (ARCP v1.0, section 8.4). Loaded when the runtime asks for it.

import type { Message } from '../wire/envelope.js';
import type { Core } from './core.js';

/** Answers `session.refresh`. Where that fails the runtime evicts us at its deadline, and says so. */
export async function refresh(core: Core, { id, payload }: Message<'session.refresh'>): Promise<void> {
  if (core.connect === undefined) return;
  const { auth, answerChallenge } = core.connect;
  try {
    const response =
      payload.challenge !== undefined && answerChallenge !== undefined
        ? await answerChallenge(payload.challenge, { attempt: 1, refusal: undefined })
        : (typeof auth === 'function' ? await auth() : auth).token;
    if (response !== undefined) core.post('session.authenticate', { response }, { correlation_id: id });
  } catch {
    // Whose token or signature could not be had: the runtime is told by silence.
  }
}

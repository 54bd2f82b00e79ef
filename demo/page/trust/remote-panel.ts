// The panel in which the page's own key shakes hands with the agent that it dials.

import type { App } from '../app.js';
import { addAttempt } from '../ui/attempt.js';
import { control, onPress, slot } from '../ui/dom.js';
import { formatMs } from '../ui/format.js';
import { drawToken, markTakenBack } from '../ui/token.js';
import type { Answer } from './actors.js';
import type { TrustedAgent } from './remote.js';
import { codeOf, wordsFor } from './words.js';

/** Brings the panel to life. */
export function mountRemotePanel(app: App): void {
  const { agent } = app.directory;
  const log = slot('trust-remote-log');
  const [shake, sign, leave] = [control('trust-remote'), control('trust-remote-sign'), control('trust-remote-leave')];
  let trusted: TrustedAgent | undefined;
  let presented = false;
  slot('trust-remote-asked').textContent =
    `${new URL(agent.url.replace(/^ws/, 'http')).origin}/.well-known/aitp-manifest`;

  const attempt = async (
    stamp: string,
    who: string,
    action: () => Promise<{ said: string; ms: number }>,
  ): Promise<boolean> => {
    try {
      const { said, ms } = await action();
      addAttempt(log, { good: true, stamp, who, what: said, figure: formatMs(ms) });
      return true;
    } catch (error) {
      addAttempt(log, { good: false, stamp: 'Refused', who, what: wordsFor(error), figure: codeOf(error) });
      return false;
    }
  };
  const forget = async (): Promise<void> => {
    const before = trusted;
    trusted = undefined;
    presented = false;
    for (const button of [sign, leave]) button.disabled = true;
    slot('trust-remote-token').replaceChildren();
    await before?.close();
  };

  // A token of another name is of no use to this one.
  app.keyring.keys.watch(() => void forget());

  onPress(shake, async () => {
    const { identity } = app;
    if (identity === undefined) return;
    await forget();
    const { TrustedAgent } = await import('./remote.js');
    await attempt('Trusted', 'Handshake.', async () => {
      const made = await TrustedAgent.open(identity, agent);
      trusted = made;
      const partyOf = (aid: string) =>
        aid === made.token.issuer ? { name: 'Agent', did: agent.did } : { name: 'You', did: identity.did };
      slot('trust-remote-token').replaceChildren(drawToken(made.token, partyOf));
      for (const button of [sign, leave]) button.disabled = false;
      const given = made.given.join(', ');
      return { said: `${made.messages} messages over HTTP. You granted ${given} in return.`, ms: made.tookMs };
    });
  });
  onPress(sign, async () => {
    const agentThere = trusted;
    if (agentThere === undefined) return;
    await attempt('Answered', 'You, guestbook.sign.', async () => {
      if (!presented) await agentThere.present();
      presented = true;
      return spoken(await agentThere.sign('a tab'));
    });
  });
  onPress(leave, async () => {
    const agentThere = trusted;
    if (agentThere === undefined) return;
    const done = await attempt('Taken back', 'You, guestbook.leave.', async () => spoken(await agentThere.giveBack()));
    if (done) markTakenBack([agentThere.token.jti]);
  });
}

function spoken({ result, ms }: Answer): { said: string; ms: number } {
  return { said: String((result as { said?: unknown }).said), ms };
}

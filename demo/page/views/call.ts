// The line itself: two rings, a cord, three messages, and one button that always offers the next step.

import type { App, HandshakeStep, Line } from '../app.js';
import { codeOf, explain } from '../explain.js';
import type { Keys } from '../keyring.js';
import { control, onPress, slot } from '../ui/dom.js';
import { drawFingerprint, drawVacancy } from '../ui/fingerprint.js';
import { formatMs, shortDid } from '../ui/format.js';

const ENDED = {
  you: 'You hung up.',
  agent: 'The agent hung up.',
  nobody: 'The line was lost. What was under way has been settled.',
};

/** Lengths of the three messages, before they are measured. */
const XK_BYTES = [48, 48, 64];

/** Brings the section `#call`, and the lamp in the bar, to life. */
export function mountCall(app: App): void {
  const next = control('next');
  const { agent } = app.directory;
  slot('ring-agent').replaceChildren(drawFingerprint(agent.did));
  slot('did-agent').textContent = shortDid(agent.did);
  slot('did-agent').title = agent.did;

  onPress(next, () => {
    if (app.keyring.keys.current.name === 'none') return app.keyring.make();
    if (app.session !== undefined) return app.hangUp();
    return app.call();
  });

  const show = () => showState(app.keyring.keys.current, app.line.current, app.directory.agent.url);
  app.keyring.keys.watch((keys) => {
    showYou(keys);
    show();
  });
  app.line.watch(show);
  app.handshake.watch(showHandshake);
}

function showYou(keys: Keys): void {
  const did = keys.name === 'open' ? keys.identity.did : undefined;
  slot('ring-you').replaceChildren(did === undefined ? drawVacancy() : drawFingerprint(did));
  slot('did-you').textContent = did === undefined ? 'no key yet' : shortDid(did);
  slot('did-you').title = did ?? '';
}

function showState(keys: Keys, line: Line, url: string): void {
  const { state, button, words } = describe(keys, line, url);
  const next = control('next');
  next.textContent = button;
  next.disabled = state === 'looking' || state === 'calling' || state === 'broken';
  next.classList.toggle('primary', state !== 'open');
  slot('line').dataset.line = state;
  slot('status').textContent = words;
  slot('lamp').dataset.on = String(state === 'open');
  slot('lamp-text').textContent = state === 'open' ? 'On the line' : state === 'calling' ? 'Calling' : 'Off the line';
  for (const needy of document.querySelectorAll<HTMLButtonElement>('[data-needs-line]'))
    needy.disabled = state !== 'open';
  for (const needy of document.querySelectorAll<HTMLButtonElement>('[data-needs-identity]')) {
    needy.disabled = keys.name !== 'open';
  }
}

function describe(keys: Keys, line: Line, url: string): { state: string; button: string; words: string } {
  if (keys.name === 'looking') {
    return { state: 'looking', button: 'One moment', words: 'Looking for your identity in this browser.' };
  }
  if (keys.name === 'broken') {
    return { state: 'broken', button: 'Call the agent', words: explain(keys.error) };
  }
  if (keys.name === 'none') {
    return { state: 'nobody', button: 'Make my identity', words: 'To call somebody you need a key of your own.' };
  }
  switch (line.name) {
    case 'idle':
      return { state: 'idle', button: 'Call the agent', words: `It answers at ${url}` };
    case 'calling':
      return { state: 'calling', button: 'Calling', words: 'Dialling.' };
    case 'open':
      return {
        state: 'open',
        button: 'Hang up',
        words: `Connected in ${formatMs(line.readyMs)}. Both ends have proved their keys.`,
      };
    case 'ended':
      return {
        state: 'ended',
        button: 'Call again',
        words: ENDED[line.by],
      };
    default:
      return { state: 'failed', button: 'Call again', words: `${explain(line.error)} ${codeOf(line.error)}`.trim() };
  }
}

/** The messages are shown slower than they were; the figures beside them are the real ones. */
function showHandshake(steps: readonly HandshakeStep[]): void {
  slot('line').dataset.steps = String(steps.length);
  XK_BYTES.forEach((expected, index) => {
    const step = steps[index];
    const item = document.querySelector(`.handshake li[data-step="${index + 1}"]`);
    item?.toggleAttribute('data-crossed', step !== undefined);
    slot(`step-${index + 1}`).textContent =
      step === undefined ? `${expected} bytes` : `${step.bytes} bytes, ${formatMs(step.atMs)}`;
  });
}

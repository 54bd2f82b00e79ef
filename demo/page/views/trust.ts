// Trust between two agents of the page: they meet, one calls under a token, passes a part of it on, and loses it.

import type { App } from '../app.js';
import type { Answer, TokenFacts } from '../trust/actors.js';
import { type CalendarMethod, GUEST_OFFERS, NEEDS } from '../trust/capabilities.js';
import { clearLadder, markMessage, showMessage, stoppedAt } from '../trust/ladder.js';
import { mountRemotePanel } from '../trust/remote-panel.js';
import type { GuestName, Stage } from '../trust/stage.js';
import { codeOf, wordsFor } from '../trust/words.js';
import { addAttempt } from '../ui/attempt.js';
import { control, onPress, slot } from '../ui/dom.js';
import { drawFingerprint, drawVacancy } from '../ui/fingerprint.js';
import { formatMs, shortDid } from '../ui/format.js';
import { drawToken, markTakenBack, type Party } from '../ui/token.js';
import { drawVerdict } from '../ui/verdict.js';

/** How far the two have come. */
type State = 'empty' | 'starting' | 'strangers' | 'shaking' | 'trusted' | 'revoked';

const NEXT: Readonly<Record<State, string>> = {
  empty: 'Bring two agents in',
  starting: 'One moment',
  strangers: 'Shake hands',
  shaking: 'Shaking hands',
  trusted: 'Start over',
  revoked: 'Start over',
};

/** Buttons that are of use only once there is a token. */
const UNDER_TOKEN = ['read', 'add', 'erase', 'note', 'alone', 'delegate', 'revoke'];

/** Buttons that are of use only once the helper is there. */
const WITH_HELPER = ['helper-read', 'helper-add'];

const LOGS = ['trust-calls', 'trust-helper', 'trust-revoked'];

/** Brings the section `#trust` to life. */
export function mountTrust(app: App): void {
  new TrustView();
  mountRemotePanel(app);
}

class TrustView {
  #stage: Stage | undefined;

  constructor() {
    onPress(control('trust-next'), () => this.#next());
    onPress(control('trust-read'), () => this.#call('trust-calls', 'assistant', 'read'));
    onPress(control('trust-add'), () => this.#call('trust-calls', 'assistant', 'add'));
    onPress(control('trust-erase'), () => this.#call('trust-calls', 'assistant', 'erase'));
    onPress(control('trust-note'), () => this.#readNote());
    onPress(control('trust-alone'), () => this.#askAlone());
    onPress(control('trust-delegate'), () => this.#delegate());
    onPress(control('trust-helper-read'), () => this.#call('trust-helper', 'helper', 'read'));
    onPress(control('trust-helper-add'), () => this.#call('trust-helper', 'helper', 'add'));
    onPress(control('trust-revoke'), () => this.#revoke());
    onPress(control('trust-again'), () => this.#callAgain());
    onPress(control('trust-reset'), () => {
      // The button that has the focus is off in a moment.
      control('trust-next').focus();
      return this.#open();
    });
    this.#clear();
  }

  #next(): Promise<void> {
    return slot('trust').dataset.state === 'strangers' ? this.#shake() : this.#open();
  }

  // Meeting

  async #open(): Promise<void> {
    this.#stage?.close();
    this.#stage = undefined;
    this.#clear();
    this.#show('starting', 'Each of them makes a key.');
    try {
      const { Stage } = await import('../trust/stage.js');
      const stage = await Stage.open(slot('trust-place'), {
        onMessage: showMessage,
        onGranted: (token) => this.#addToken('trust-tokens', token),
      });
      await stage.introduce();
      this.#stage = stage;
      const { assistant, calendar } = stage;
      for (const [place, { did, aid }] of Object.entries({ assistant, calendar })) showAgent(place, did, aid);
      this.#show('strangers', 'Two strangers. You told each the name and the key of the other, and nothing else.');
    } catch (error) {
      this.#show('empty', wordsFor(error), true);
    }
  }

  async #shake(): Promise<void> {
    const stage = this.#stage;
    if (stage === undefined) return;
    const spoiled = Number(document.querySelector<HTMLInputElement>('[name="trust-spoil"]:checked')?.value ?? 0);
    clearLadder();
    slot('trust-verdict').replaceChildren();
    slot('trust-tokens').replaceChildren();
    this.#show('shaking', 'Four messages.');
    const startedAt = performance.now();
    try {
      const token = await stage.shake('assistant', spoiled);
      const tookMs = performance.now() - startedAt;
      markMessage(4, 'accepted');
      this.#addToken('trust-tokens', token);
      this.#show('trusted', `Done in ${formatMs(tookMs)}. Each holds a token from the other.`);
    } catch (error) {
      const number = stoppedAt();
      if (number !== undefined) markMessage(number, 'refused');
      slot('trust-verdict').replaceChildren(
        ...drawVerdict({
          good: false,
          stamp: 'Refused',
          when: number === undefined ? '' : `at message ${number}`,
          why: wordsFor(error),
          facts: [['Reason', codeOf(error)]],
        }),
      );
      // Whoever sent the last message has granted something by then.
      markTakenBack(await stage.revoke());
      const half = 'Only the calendar was satisfied and holds a token. What it granted itself has been taken back.';
      this.#show('strangers', number === 4 ? half : 'No trust came of it. Let them try again.', true);
    }
  }

  // Using

  async #call(log: string, name: GuestName, method: CalendarMethod): Promise<void> {
    const { calendar, assistant, helper } = this.#here();
    const caller = name === 'assistant' ? assistant : helper;
    const said: Readonly<Record<CalendarMethod, (entries: readonly string[]) => string>> = {
      read: (entries) => `${entries.length} entries, the first: ${entries[0] ?? 'none'}`,
      add: (entries) => `Entered: ${entries.at(-1)}. Look at the ${calendar.name.toLowerCase()}.`,
      erase: (entries) => `${entries.length} entries are left.`,
    };
    await attempt(log, `${caller?.name}, ${NEEDS[method]}.`, async () => {
      const params = method === 'add' ? { text: 'Thursday, 09:00: call the plumber' } : null;
      const { result, ms } = await this.#here().call(name, method, params);
      return { said: said[method](result as readonly string[]), ms };
    });
  }

  async #readNote(): Promise<void> {
    const { calendar } = this.#here();
    await attempt('trust-calls', `${calendar.name}, ${GUEST_OFFERS[0]}.`, async () => {
      const { result, ms }: Answer = await this.#here().readNote();
      return { said: `Under the token it got itself: \u201c${String(result)}\u201d`, ms };
    });
  }

  // Passing on

  async #askAlone(): Promise<void> {
    await this.#bringHelper();
    await attempt('trust-helper', 'Helper, handshake.', async () => {
      const startedAt = performance.now();
      await this.#here().shake('helper', 0);
      return { said: 'It was granted something by itself. This must never happen.', ms: performance.now() - startedAt };
    });
  }

  async #delegate(): Promise<void> {
    await this.#bringHelper();
    await attempt(
      'trust-helper',
      'Assistant to helper.',
      async () => {
        const startedAt = performance.now();
        const token = await this.#here().delegate();
        const ms = performance.now() - startedAt;
        slot('trust-helper-token').replaceChildren(drawToken(token, (aid) => this.#partyOf(aid)));
        const grants = token.grants.join(', ');
        return { said: `The helper proved its key, and got a token of its own for ${grants}.`, ms };
      },
      'Delegated',
    );
  }

  async #bringHelper(): Promise<void> {
    const stage = this.#here();
    await stage.bringHelper();
    const { helper } = stage;
    if (helper !== undefined) showAgent('helper', helper.did, helper.aid);
    enable(WITH_HELPER, true);
  }

  // Taking back

  async #revoke(): Promise<void> {
    const startedAt = performance.now();
    const jtis = await this.#here().revoke();
    const ms = performance.now() - startedAt;
    markTakenBack(jtis);
    const count = jtis.length === 1 ? 'One token' : `${jtis.length} tokens`;
    addAttempt(slot('trust-revoked'), {
      good: true,
      stamp: 'Taken back',
      who: `${this.#here().calendar.name}.`,
      what: `${count} on the list of the calendar from now on: ${jtis.map((jti) => `${jti.slice(0, 8)}\u2026`).join(', ')}`,
      figure: formatMs(ms),
    });
    enable(['again', 'reset'], true);
    enable(['revoke'], false);
    control('trust-again').focus({ preventScroll: true });
    this.#show('revoked', 'The calendar has taken its token back.');
  }

  async #callAgain(): Promise<void> {
    await this.#call('trust-revoked', 'assistant', 'read');
    if (slot('trust-helper-token').childElementCount > 0) await this.#call('trust-revoked', 'helper', 'read');
  }

  // What is shown

  #here(): Stage {
    if (this.#stage === undefined) throw new Error('nobody is here');
    return this.#stage;
  }

  #partyOf(aid: string): Party {
    const { calendar, assistant, helper } = this.#here();
    return [calendar, assistant, helper].find((one) => one?.aid === aid) ?? { name: 'Somebody', did: aid };
  }

  #addToken(place: string, token: TokenFacts): void {
    slot(place).append(drawToken(token, (aid) => this.#partyOf(aid)));
  }

  #show(state: State, words: string, failed = false): void {
    slot('trust').dataset.state = state;
    const next = control('trust-next');
    next.textContent = NEXT[state];
    next.classList.toggle('primary', state !== 'trusted' && state !== 'revoked');
    const status = slot('trust-status');
    status.textContent = words;
    status.classList.toggle('failed', failed);
    if (state === 'trusted') enable(UNDER_TOKEN, true);
  }

  #clear(): void {
    clearLadder();
    for (const place of ['assistant', 'calendar', 'helper']) showAgent(place);
    for (const place of [...LOGS, 'trust-verdict', 'trust-tokens', 'trust-helper-token']) slot(place).replaceChildren();
    enable([...UNDER_TOKEN, ...WITH_HELPER, 'again', 'reset'], false);
  }
}

function showAgent(place: string, did?: string, aid?: string): void {
  slot(`trust-ring-${place}`).replaceChildren(did === undefined ? drawVacancy() : drawFingerprint(did));
  const name = slot(`trust-aid-${place}`);
  name.textContent = aid === undefined ? '' : shortDid(aid);
  name.title = aid ?? '';
}

function enable(names: readonly string[], on: boolean): void {
  for (const name of names) control(`trust-${name}`).disabled = !on;
}

/** Tries something, and says what became of it. */
async function attempt(
  log: string,
  who: string,
  action: () => Promise<{ said: string; ms: number }>,
  stamp = 'Answered',
): Promise<void> {
  try {
    const { said, ms } = await action();
    addAttempt(slot(log), { good: true, stamp, who, what: said, figure: formatMs(ms) });
  } catch (error) {
    addAttempt(slot(log), { good: false, stamp: 'Refused', who, what: wordsFor(error), figure: codeOf(error) });
  }
}

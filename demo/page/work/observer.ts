// The observer: a page of its own, in a frame or a tab, that finds the key of this browser, opens a session of its own, and
// watches another one. It is told which in its address; what it may see is for the agent to say.

import type { ClientSession, Filter, MessageId, RawEnvelope, SessionId, Subscription } from 'ringline/arcp/client';
import { indexedDb } from 'ringline/storage/indexeddb';
import { openIdentity } from 'ringline/vault';
import { DATABASE } from '../database.js';
import { loadDirectory } from '../directory.js';
import { make, slot } from '../ui/dom.js';
import { formatMs, shortDid } from '../ui/format.js';
import { FAMILIES, type Family, familyOf, isFromRuntime } from './families.js';
import type { Observed } from './observed.js';
import { plain } from './plain.js';
import { saysOf } from './says.js';
import { openSession } from './session.js';
import { wordsFor } from './words.js';

/** Lines that stay. */
const MAX_LINES = 500;

/** Where the reader counts as being at the end. */
const NEAR_END_PX = 40;

const times = new Intl.DateTimeFormat('en', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
  hour12: false,
});

/** What the address names: the session, and the message after which to begin. */
interface Watched {
  readonly sessionId: SessionId;
  readonly since: MessageId;
}

/** One reading of the events: from the log up to now, then on. */
class Reading {
  readonly #session: ClientSession;
  readonly #watched: Watched;
  #subscription: Subscription | undefined;
  #isOver = false;

  constructor(session: ClientSession, watched: Watched) {
    this.#session = session;
    this.#watched = watched;
  }

  /** Reads until {@link stop}. @param onMarker Told when everything that was missed has come, and how long that took. */
  async run(types: readonly string[], onEvent: (event: RawEnvelope) => void, onMarker: (tookMs: number) => void) {
    const { sessionId, since } = this.#watched;
    const filter: Filter = { session_id: [sessionId], types };
    const startedAt = performance.now();
    const subscription = await this.#session.subscribe(filter, { since });
    if (this.#isOver) return subscription.close();
    this.#subscription = subscription;
    subscription.backfillComplete.then(
      // What came before the marker in the same turn has been read by then.
      () => setTimeout(() => !this.#isOver && onMarker(performance.now() - startedAt)),
      () => {},
    );
    for await (const event of subscription) {
      if (this.#isOver) return;
      onEvent(event);
    }
  }

  stop(): void {
    this.#isOver = true;
    void this.#subscription?.close().catch(() => {});
  }
}

async function start(): Promise<void> {
  const { agent } = await loadDirectory();
  const watched = readAddress();
  if (watched === undefined) return say('The address of this page names no session.', true);
  const store = indexedDb(DATABASE);
  if ((await store.keys()).length === 0) return say('There is no key in this browser.', true);
  const { identity } = await openIdentity(store);
  const session = await openSession({ identity, agent, kind: 'demo-observer' });
  say(`As ${shortDid(identity.did)}, in a session of its own.`);
  void followState(session, identity.did);

  const failed = (error: unknown) => say(wordsFor(error), true);
  // Everything, for whoever counts; what is shown is a subscription of its own.
  let isBackfilled = false;
  const whole = new Reading(session, watched);
  whole
    .run(
      [],
      (event) => {
        const { id, type, job_id: jobId } = event;
        if (jobId !== undefined && isFromRuntime(type))
          tell({ name: 'event', id, type, jobId, isBackfilled: !isBackfilled });
      },
      () => {
        isBackfilled = true;
        tell({ name: 'backfilled' });
      },
    )
    .catch(failed);

  let shown: Reading | undefined;
  const show = (family: Family | undefined) => {
    shown?.stop();
    shown = new Reading(session, watched);
    const list = new List();
    shown
      .run(
        family === undefined ? [] : FAMILIES[family],
        (event) => list.add(event),
        (tookMs) => list.mark(tookMs),
      )
      .catch(failed);
  };
  for (const chip of document.querySelectorAll<HTMLElement>('.observer-chips .chip')) {
    chip.addEventListener('click', () => {
      for (const other of document.querySelectorAll('.observer-chips .chip')) {
        other.setAttribute('aria-pressed', String(other === chip));
      }
      show((chip.dataset.family || undefined) as Family | undefined);
    });
  }
  show(undefined);
}

/** The list of events. */
class List {
  readonly #list = slot('observed');
  readonly #scroll = slot('observer-scroll');
  #count = 0;

  constructor() {
    this.#list.replaceChildren();
    slot('observer-empty').hidden = false;
    slot('observer-backfill').textContent = '';
  }

  add(event: RawEnvelope): void {
    this.#count++;
    slot('observer-empty').hidden = true;
    const { type, timestamp, payload } = event;
    const way = isFromRuntime(type) ? 'in' : 'out';
    const line = make(
      'li',
      'observed-event',
      make('span', 'observed-time mono', times.format(Date.parse(timestamp) || 0)),
      make('span', 'observed-type mono', make('i', 'cell', ''), plain(type, 40)),
      make('span', 'observed-says', saysOf(type, payload)),
    );
    line.dataset.family = familyOf(type);
    line.dataset.way = way;
    line.querySelector<HTMLElement>('.cell')?.setAttribute('data-family', familyOf(type));
    this.#append(line);
  }

  mark(tookMs: number): void {
    const events = this.#count === 1 ? '1 event' : `${this.#count} events`;
    this.#append(
      make('li', 'observed-marker', make('span', '', `Up to here from the log: ${events} in ${formatMs(tookMs)}`)),
    );
    slot('observer-backfill').textContent =
      `${events} from the log in ${formatMs(tookMs)}. From then on, as they happen.`;
  }

  #append(line: HTMLElement): void {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroll;
    const isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
    this.#list.append(line);
    while (this.#list.children.length > MAX_LINES) this.#list.firstElementChild?.remove();
    if (isAtEnd) this.#scroll.scrollTop = this.#scroll.scrollHeight;
  }
}

async function followState(session: ClientSession, did: string): Promise<void> {
  for await (const { state, error } of session.states) {
    if (state === 'reconnecting') say('Its own line was lost. Connecting again.');
    else if (state === 'closed') say(`Over. ${wordsFor(error)}`, true);
    else say(`As ${shortDid(did)}, in a session of its own.`);
  }
}

function readAddress(): Watched | undefined {
  const named = new URLSearchParams(location.hash.slice(1));
  const [sessionId, since] = [named.get('session'), named.get('since')];
  if (sessionId === null || since === null) return undefined;
  return { sessionId: sessionId as SessionId, since: since as MessageId };
}

/** Tells the page around this one, if there is one. */
function tell(observed: Observed): void {
  if (parent !== window) parent.postMessage(observed, location.origin);
}

function say(words: string, failed = false): void {
  const status = slot('observer-status');
  status.textContent = words;
  status.classList.toggle('failed', failed);
}

start().catch((error) => say(wordsFor(error), true));

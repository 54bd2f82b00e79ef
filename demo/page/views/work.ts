// Work: the agent is put to it, asks, waits, and is watched; and the network is cut meanwhile.

import type { JobHandle } from 'ringline/arcp/client';
import type { App } from '../app.js';
import { codeOf } from '../explain.js';
import { addAttempt } from '../ui/attempt.js';
import { control, make, onPress, slot, switchOff } from '../ui/dom.js';
import { drawFingerprint, drawVacancy } from '../ui/fingerprint.js';
import { formatMs, shortDid } from '../ui/format.js';
import { Board } from '../work/board.js';
import type { Desk } from '../work/desk.js';
import { clearDinner, Dinner } from '../work/dinner.js';
import { JobPanel } from '../work/job-panel.js';
import type { Observed } from '../work/observed.js';
import { plain } from '../work/plain.js';
import { wordsFor } from '../work/words.js';

/** How the session is. */
type State = 'closed' | 'opening' | 'open' | 'cut';

/** Buttons that are of use only while there is a session. */
const WITH_SESSION = ['work-cut', 'dinner-start', 'stock-start', 'observe', 'stranger'];

/** What can be agreed on, in words. */
const AGREED = [
  ['streaming', 'streams'],
  ['human_input', 'questions'],
  ['artifacts', 'artifacts'],
  ['subscriptions', 'observers'],
] as const;

const NO_IDENTITY = 'Make an identity first, at the top of this page: it is what the agent knows you by.';
const NO_SESSION = 'Nothing runs until you ask for it.';

/** Brings the section `#work` to life. */
export function mountWork(app: App): void {
  const view = new WorkView(app);
  // A session of another key is of no use to this one.
  app.keyring.keys.watch(() => view.identityChanged());
}

class WorkView {
  readonly #app: App;
  #desk: Desk | undefined;
  #board: Board | undefined;
  #frame: HTMLIFrameElement | undefined;
  #dinner: JobHandle | undefined;
  #stock: JobHandle | undefined;
  /** Buttons whose job still runs: a session that comes back does not offer them again. */
  readonly #busy = new Set<string>();
  /** When the line was lost, or the network mended. */
  #mark = { what: 'lost', atMs: 0 };

  constructor(app: App) {
    this.#app = app;
    onPress(control('work-open'), () => (this.#desk === undefined ? this.#open() : this.#close()));
    onPress(control('work-cut'), () => this.#cutOrMend());
    onPress(control('dinner-start'), () => this.#planDinner());
    onPress(control('dinner-cancel'), async () => void (await this.#cancel(this.#dinner)));
    onPress(control('stock-start'), () => this.#putOn());
    onPress(control('stock-cancel'), () => this.#takeOff());
    onPress(control('observe'), () => this.#observe());
    onPress(control('stranger'), () => this.#tryAsStranger());
    addEventListener('message', (event) => this.#hear(event));
    slot('work-ring-agent').replaceChildren(drawFingerprint(app.directory.agent.did));
  }

  identityChanged(): void {
    const did = this.#app.identity?.did;
    slot('work-ring-you').replaceChildren(did === undefined ? drawVacancy() : drawFingerprint(did));
    const { name } = this.#app.keyring.keys.current;
    if (this.#desk === undefined && name !== 'looking')
      slot('work-status').textContent = name === 'none' ? NO_IDENTITY : NO_SESSION;
    if (this.#desk !== undefined && did !== this.#desk.principal) void this.#close();
  }

  // The session

  async #open(): Promise<void> {
    const { identity } = this.#app;
    if (identity === undefined) return;
    this.#show('opening', 'Dialling, and asking for a session.');
    try {
      const { Desk } = await import('../work/desk.js');
      const desk = await Desk.open(identity, this.#app.directory.agent);
      this.#desk = desk;
      clearDinner();
      control('dinner-start').textContent = 'Plan a dinner';
      new JobPanel('stock').clear('stock.simmer');
      for (const place of ['stock-log', 'stranger-log']) slot(place).replaceChildren();
      this.#board?.close();
      this.#board = new Board(() => desk.network.lines);
      this.#hideObserver('Nobody looks on.');
      this.#showFacts(desk);
      const known = desk.principal === identity.did ? 'by the key of your line' : 'by another name than yours';
      this.#show('open', `Open in ${formatMs(desk.tookMs)}. The agent knows you ${known}.`);
      void this.#follow(desk);
    } catch (error) {
      this.#show('closed', `${wordsFor(error)} ${codeOf(error)}`, true);
    }
  }

  async #close(): Promise<void> {
    const desk = this.#desk;
    this.#desk = undefined;
    this.#show('closed', 'You closed the session.');
    this.#hideObserver('Open a session first.');
    await desk?.close();
  }

  /** Says what becomes of the session, as the library tells it. */
  async #follow(desk: Desk): Promise<void> {
    for await (const { state, error } of desk.session.states) {
      if (this.#desk !== desk) return;
      this.#showFacts(desk);
      if (state === 'reconnecting') {
        this.#mark = { what: 'lost', atMs: performance.now() };
        const words = 'The agent goes on with its work, and this page hears nothing of it.';
        this.#show('cut', `Reconnecting. ${desk.network.isCut ? words : 'The line was lost.'}`);
      } else if (state === 'resumed') {
        const { what, atMs } = this.#mark;
        const took = formatMs(performance.now() - atMs);
        this.#show('open', `Resumed on line ${desk.network.lines}, ${took} after it was ${what}. Nothing was lost.`);
      } else if (state === 'lost') {
        this.#show('open', `The agent began another session. ${wordsFor(error)}`, true);
      } else if (state === 'closed') {
        this.#desk = undefined;
        this.#show('closed', `The session is over. ${wordsFor(error)} ${codeOf(error)}`, true);
      }
    }
  }

  #cutOrMend(): void {
    const desk = this.#desk;
    if (desk === undefined) return;
    const { network } = desk;
    if (network.isCut) {
      this.#mark = { what: 'mended', atMs: performance.now() };
      desk.mend();
    } else network.cut();
    this.#board?.cut(network.isCut);
    this.#showCut(network.isCut);
  }

  // Jobs

  async #planDinner(): Promise<void> {
    const desk = this.#desk;
    if (desk === undefined) return;
    const job = desk.start('dinner.plan');
    this.#dinner = job;
    const dinner = new Dinner(desk.session, this.#app.directory.agent.did);
    void this.#watch(job, (event) => dinner.take(event));
    const following = dinner.follow(job);
    const title = document.getElementById('dinner-title') as HTMLElement;
    this.#busy.add('dinner-start');
    switchOff(control('dinner-start'), title);
    await following;
    this.#busy.delete('dinner-start');
    switchOff(control('dinner-cancel'), title);
    control('dinner-start').textContent = 'Plan another';
    control('dinner-start').disabled = this.#desk === undefined;
  }

  async #putOn(): Promise<void> {
    const desk = this.#desk;
    if (desk === undefined) return;
    const panel = new JobPanel('stock');
    slot('stock-log').replaceChildren();
    const job = desk.start('stock.simmer');
    this.#stock = job;
    panel.follow(job, 'stock.simmer');
    this.#busy.add('stock-start');
    switchOff(control('stock-start'), control('stock-cancel'));
    void this.#watch(job, (event) => {
      panel.take(event);
      if (event.type !== 'log') return;
      addAttempt(slot('stock-log'), {
        good: true,
        stamp: 'Log',
        who: 'Agent,',
        what: plain(event.payload.message),
        figure: '',
      });
    });
    await job.result.then(
      () => {},
      (error) => {
        if (codeOf(error) !== 'ERR_ARCP_CANCELLED') panel.say(`${wordsFor(error)} ${codeOf(error)}`);
      },
    );
    this.#busy.delete('stock-start');
    control('stock-start').disabled = this.#desk === undefined;
    switchOff(control('stock-cancel'), control('stock-start'));
  }

  async #takeOff(): Promise<void> {
    const job = this.#stock;
    const startedAt = performance.now();
    const answer = await this.#cancel(job);
    if (job === undefined || answer === undefined) return;
    const code = await job.result.then(() => '', codeOf);
    addAttempt(slot('stock-log'), {
      good: code === 'ERR_ARCP_CANCELLED',
      stamp: code === 'ERR_ARCP_CANCELLED' ? 'Cancelled' : 'Refused',
      who: 'You,',
      what: answer.accepted
        ? `the agent let go of it ${formatMs(performance.now() - startedAt)} later. The session stands.`
        : `it could not be: ${plain(answer.reason, 60)}.`,
      figure: code,
    });
  }

  async #cancel(job: JobHandle | undefined) {
    try {
      return await job?.cancel({ reason: 'changed my mind' });
    } catch {
      // The job itself says what became of it.
      return undefined;
    }
  }

  /** Every event of a job goes to its panel, and leaves a mark. */
  async #watch(job: JobHandle, take: (event: Parameters<Dinner['take']>[0]) => void): Promise<void> {
    const board = this.#board;
    let jobId = '';
    for await (const event of job.events) {
      if (event.type === 'heartbeat.missed') continue;
      jobId ||= event.job_id ?? '';
      board?.came(jobId, event.id, event.type);
      take(event);
    }
  }

  // Others

  #observe(): void {
    const desk = this.#desk;
    if (desk === undefined) return;
    const address = `/work-observer.html#${new URLSearchParams({ session: desk.session.id, since: desk.since })}`;
    const frame = make('iframe', 'observer-frame');
    frame.title = 'The observer: a page of its own';
    frame.src = address;
    this.#frame = frame;
    this.#board?.observe();
    slot('observer-place').replaceChildren(frame);
    const tab = control<HTMLAnchorElement>('observe-tab');
    tab.href = address;
    tab.hidden = false;
    control('observe').textContent = 'Let it join anew';
  }

  #hideObserver(words: string): void {
    this.#frame = undefined;
    slot('observer-place').replaceChildren(make('p', 'empty', words));
    slot('work-strip-line-observer').hidden = true;
    control<HTMLAnchorElement>('observe-tab').hidden = true;
    control('observe').textContent = 'Let a second page watch';
  }

  /** News of the observer in the frame: of that one, and of nobody else. */
  #hear({ source, origin, data }: MessageEvent): void {
    if (this.#frame === undefined || source !== this.#frame.contentWindow || origin !== location.origin) return;
    const news = data as Observed;
    if (news.name === 'backfilled') this.#board?.backfilled();
    else this.#board?.observed(news.jobId, news.id, news.type, news.isBackfilled);
  }

  async #tryAsStranger(): Promise<void> {
    const log = slot('stranger-log');
    const who = 'Another key,';
    try {
      await this.#desk?.tryAsStranger();
      addAttempt(log, { good: false, stamp: 'Let in', who, what: 'it watches. This must never happen.', figure: '' });
    } catch (error) {
      const refused = codeOf(error) === 'ERR_ARCP_PERMISSION_DENIED';
      const what = refused ? 'which asked for what happens in your session. It gets nothing.' : wordsFor(error);
      addAttempt(log, { good: refused, stamp: 'Refused', who, what, figure: codeOf(error) });
    }
  }

  // What is shown

  #show(state: State, words: string, failed = false): void {
    slot('work').dataset.state = state;
    const status = slot('work-status');
    status.textContent = words;
    status.classList.toggle('failed', failed);
    const open = control('work-open');
    open.textContent = state === 'closed' ? 'Open a session' : state === 'opening' ? 'One moment' : 'Close the session';
    open.classList.toggle('primary', state === 'closed' || state === 'opening');
    if (state === 'opening') return;
    const isOpen = state !== 'closed';
    for (const name of WITH_SESSION) control(name).disabled = !isOpen || this.#busy.has(name);
    if (isOpen) return;
    this.#showCut(false);
    slot('work-facts').replaceChildren();
  }

  #showCut(isCut: boolean): void {
    const cut = control('work-cut');
    cut.textContent = isCut ? 'Mend the network' : 'Cut the network';
    cut.classList.toggle('danger', !isCut);
    cut.classList.toggle('primary', isCut);
  }

  #showFacts({ session, principal, network }: Desk): void {
    const { kind, version } = session.runtime;
    const fact = (name: string, value: string, className = 'mono') =>
      make('div', '', make('dt', '', name), make('dd', className, value));
    slot('work-facts').replaceChildren(
      fact('Known as', shortDid(principal)),
      fact('Credential', 'none beside the line', ''),
      fact('Runtime', `${plain(kind, 40)} ${plain(version, 20)}`),
      fact('Session', plain(session.id, 40)),
      fact(
        'Agreed on',
        AGREED.filter(([flag]) => session.capabilities[flag])
          .map(([, words]) => words)
          .join(', '),
        '',
      ),
      fact('Lines', network.lines === 1 ? '1' : `${network.lines}, one after the other`, ''),
    );
  }
}

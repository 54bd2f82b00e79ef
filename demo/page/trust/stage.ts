// The stage of the trust view: a calendar in a frame, guests of it in workers, and ports between them. The page introduces
// them and asks for things; what they say to each other is between the two. Loaded only when somebody wants to see it.

import type { Answer, PassedMessage, Presence, TokenFacts } from './actors.js';
import { CALENDAR_OFFERS, type CalendarMethod, NEEDS } from './capabilities.js';
import { Control } from './control.js';
import { AgentFailure } from './failure.js';

/** A guest of the calendar. */
export type GuestName = 'assistant' | 'helper';

/** What the page is told while it waits. */
export interface StageNews {
  /** A message of the handshake between the assistant and the calendar. */
  onMessage(message: PassedMessage): void;
  /** What the assistant granted the calendar. */
  onGranted(token: TokenFacts): void;
}

/** Names as the agents give them in their Manifests. */
const NAMES = { calendar: 'Calendar', assistant: 'Assistant', helper: 'Helper' } as const;

/** What the assistant asks for: everything that is offered, the policy of the calendar notwithstanding. */
const WANTED = CALENDAR_OFFERS;

/** What the assistant passes on. */
const PASSED_ON = [NEEDS.read];

/** Longest an agent may take to be there. */
const START_WITHIN_MS = 10_000;

interface Member {
  readonly presence: Presence;
  readonly control: Control;
}

/** The agents, once they are there. */
export class Stage {
  readonly #news: StageNews;
  readonly #calendar: Member;
  readonly #guests = new Map<GuestName, Member>();
  readonly #workers: Worker[] = [];
  readonly #frame: HTMLIFrameElement;

  private constructor(news: StageNews, frame: HTMLIFrameElement, calendar: Member) {
    this.#news = news;
    this.#frame = frame;
    this.#calendar = calendar;
  }

  /**
   * Starts the calendar and the assistant, which have never heard of each other.
   *
   * @param place Where the frame goes; emptied before.
   */
  static async open(place: HTMLElement, news: StageNews): Promise<Stage> {
    const frame = document.createElement('iframe');
    frame.title = 'The calendar: an agent in a frame of its own';
    frame.className = 'trust-frame';
    // An origin of its own, which not even this page can reach into.
    frame.setAttribute('sandbox', 'allow-scripts');
    frame.src = '/trust-frame.html';
    const loaded = new Promise((resolve) => frame.addEventListener('load', resolve, { once: true }));
    place.replaceChildren(frame);
    await inTime(loaded);
    const control = new Control(
      (word, port) => frame.contentWindow?.postMessage(word, '*', [port]),
      (name, data) => stage.#hear(name, data),
    );
    const presence = await inTime(control.ask<Presence>('start', { name: NAMES.calendar }));
    const stage = new Stage(news, frame, { presence, control });
    await stage.#addGuest('assistant');
    return stage;
  }

  get calendar(): Presence {
    return this.#calendar.presence;
  }

  get assistant(): Presence {
    return this.#guest('assistant').presence;
  }

  /** The third agent, once {@link bringHelper} has brought it. */
  get helper(): Presence | undefined {
    return this.#guests.get('helper')?.presence;
  }

  /** Tells the two of each other: a name and a key each, and nothing else. */
  async introduce(): Promise<void> {
    const { calendar, assistant } = this;
    await Promise.all([
      this.#calendar.control.ask('introduce', { name: assistant.name, aid: assistant.aid }),
      this.#guest('assistant').control.ask('introduce', { name: calendar.name, aid: calendar.aid }),
    ]);
  }

  /**
   * Has a guest shake hands with the calendar, on a line of its own: what was left of an earlier handshake is over.
   *
   * @param spoiled Number of the message of which one character is changed; 0 for none.
   * @returns What the guest was granted.
   * @throws {AgentFailure} somebody refused.
   */
  async shake(name: GuestName, spoiled: number): Promise<TokenFacts> {
    await this.#connect(name);
    await this.#calendar.control.ask('spoil', { number: spoiled });
    try {
      const { manifest } = this.calendar;
      return await this.#guest(name).control.ask<TokenFacts>('shake', { manifest, wanted: WANTED });
    } finally {
      // What the calendar has told of the messages comes before this answer.
      await this.#calendar.control.ask('spoil', { number: 0 });
    }
  }

  /** Has a guest call the calendar. @throws {AgentFailure} it was refused. */
  call(name: GuestName, method: CalendarMethod, params: unknown = null): Promise<Answer> {
    return this.#guest(name).control.ask<Answer>('call', { method, params });
  }

  /** Has the calendar call the assistant, under the token it got. @throws {AgentFailure} it was refused. */
  readNote(): Promise<Answer> {
    return this.#calendar.control.ask<Answer>('readNote', { did: this.assistant.did });
  }

  /** Brings the third agent, which nobody introduces. */
  async bringHelper(): Promise<void> {
    if (this.helper !== undefined) return;
    await this.#addGuest('helper');
    // It knows whom it calls; the calendar does not know who calls.
    const { name, aid } = this.calendar;
    await this.#guest('helper').control.ask('introduce', { name, aid });
  }

  /**
   * Has the assistant delegate a part of its grants to the helper, which redeems it at the calendar.
   *
   * @returns The token that the helper got.
   * @throws {AgentFailure} somebody refused.
   */
  async delegate(): Promise<TokenFacts> {
    const helper = this.#guest('helper');
    const delegation = await this.#guest('assistant').control.ask<string>('delegate', {
      to: helper.presence.aid,
      scope: PASSED_ON,
    });
    return helper.control.ask<TokenFacts>('redeem', { delegation, manifest: this.calendar.manifest });
  }

  /** Has the calendar take back what it granted the assistant, and what rests on it. @returns The `jti` of each. */
  revoke(): Promise<readonly string[]> {
    return this.#calendar.control.ask<readonly string[]>('revoke', { aid: this.assistant.aid });
  }

  /** Ends the agents, and with them their keys. */
  close(): void {
    for (const { control } of [this.#calendar, ...this.#guests.values()]) control.close();
    for (const worker of this.#workers) worker.terminate();
    this.#frame.remove();
  }

  async #addGuest(name: GuestName): Promise<void> {
    const worker = startWorker('/trust-guest.js');
    this.#workers.push(worker);
    const control = new Control(
      (word, port) => worker.postMessage(word, [port]),
      () => {},
    );
    const presence = await inTime(control.ask<Presence>('start', { name: NAMES[name] }));
    this.#guests.set(name, { presence, control });
    await this.#connect(name);
  }

  /** Gives a guest a line to the calendar, in the place of the one it had. */
  async #connect(name: GuestName): Promise<void> {
    // One port for each of the two. The page keeps neither.
    const { port1, port2 } = new MessageChannel();
    await this.#calendar.control.ask('line', {}, [port1]);
    await inTime(this.#guest(name).control.ask('line', { remoteDid: this.calendar.did }, [port2]));
  }

  #guest(name: GuestName): Member {
    const guest = this.#guests.get(name);
    if (guest === undefined) throw new Error(`there is no ${name} yet`);
    return guest;
  }

  #hear(name: string, data: unknown): void {
    const { did, aid } = this.assistant;
    if (name === 'message' && (data as PassedMessage).with === did) this.#news.onMessage(data as PassedMessage);
    if (name === 'granted' && (data as TokenFacts).issuer === aid) this.#news.onGranted(data as TokenFacts);
  }
}

/** Under Trusted Types the address of a worker has to come from a policy. */
const scripts = (
  globalThis as {
    trustedTypes?: { createPolicy(name: string, rules: object): { createScriptURL(url: string): unknown } };
  }
).trustedTypes?.createPolicy('ringline-demo', {
  createScriptURL: (url: string) => {
    if (url !== '/trust-guest.js') throw new TypeError('no worker of this page');
    return url;
  },
});

function startWorker(url: string): Worker {
  const trusted = scripts === undefined ? url : scripts.createScriptURL(url);
  return new Worker(trusted as string, { type: 'module' });
}

/** What takes longer than an agent may is a failure. */
async function inTime<T>(waiting: Promise<T>): Promise<T> {
  let timer = 0;
  const late = new Promise<never>((_resolve, reject) => {
    const fail = () => reject(new AgentFailure({ code: '', text: 'An agent did not start in time.' }));
    timer = window.setTimeout(fail, START_WITHIN_MS);
  });
  try {
    return await Promise.race([waiting, late]);
  } finally {
    clearTimeout(timer);
  }
}

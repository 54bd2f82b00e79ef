// What the page and an agent of its own say to each other, over a port that only the two of them have: questions with one
// answer, and news. No key ever crosses it, and nothing of what the agents tell one another.

import { AgentFailure, type Failure } from './failure.js';
import { failureOf } from './failure-of.js';

// biome-ignore lint/suspicious/noExplicitAny: both ends of the port are ours, and written down in actors.ts.
type Methods = Readonly<Record<string, (params: any, ports: readonly MessagePort[]) => unknown>>;

/** Tells the page something it did not ask for. */
export type Tell = (news: string, data: unknown) => void;

interface Question {
  readonly id: number;
  readonly name: string;
  readonly params: unknown;
}

type Word =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly failure: Failure }
  | { readonly news: string; readonly data: unknown };

/** The agent's end: waits for the page to send a port, and answers what is asked over it. */
export function answerPage(methodsOf: (tell: Tell) => Methods): void {
  const onPort = ({ data, ports, source }: MessageEvent) => {
    const [port] = ports;
    // A frame listens to the page around it; to a worker nobody else can speak at all.
    const isFrame = typeof window === 'object';
    if (data !== 'control' || port === undefined || (isFrame && source !== parent)) return;
    removeEventListener('message', onPort);
    const say = (word: Word) => port.postMessage(word);
    const methods = methodsOf((news, about) => say({ news, data: about }));
    port.onmessage = async ({ data: question, ports: brought }: MessageEvent<Question>) => {
      const { id, name, params } = question;
      try {
        say({ id, result: await methods[name]?.(params, brought) });
      } catch (error) {
        say({ id, failure: failureOf(error) });
      }
    };
  };
  addEventListener('message', onPort);
}

/** The page's end. */
export class Control {
  readonly #port: MessagePort;
  readonly #waiting = new Map<number, (word: Word) => void>();
  readonly #onNews: (news: string, data: unknown) => void;
  #asked = 0;

  /** @param send Hands the other port over, with the word `control`. */
  constructor(send: (word: 'control', port: MessagePort) => void, onNews: (news: string, data: unknown) => void) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#onNews = onNews;
    port1.onmessage = ({ data }: MessageEvent<Word>) => this.#take(data);
    send('control', port2);
  }

  /**
   * Asks something.
   *
   * @throws {AgentFailure} it went wrong there.
   */
  async ask<Result>(name: string, params: unknown, ports: MessagePort[] = []): Promise<Result> {
    const id = ++this.#asked;
    const answer = new Promise<Word>((resolve) => this.#waiting.set(id, resolve));
    this.#port.postMessage({ id, name, params }, ports);
    const word = await answer;
    if ('failure' in word) throw new AgentFailure(word.failure);
    return ('result' in word ? word.result : undefined) as Result;
  }

  close(): void {
    this.#port.close();
  }

  #take(word: Word): void {
    if ('news' in word) return this.#onNews(word.news, word.data);
    this.#waiting.get(word.id)?.(word);
    this.#waiting.delete(word.id);
  }
}

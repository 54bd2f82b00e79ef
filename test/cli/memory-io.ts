// The outside world of a run, held by a test.

import { type Io, Stop } from '../../src/cli/io.js';
import type { NdjsonStreams } from '../../src/transport/ndjson.js';

/** Typed instead of an answer: the end of the input. */
export const CTRL_D = '\u0004';

interface MemoryIoOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** What stands in standard input. */
  readonly input?: string | Uint8Array;
  /** What a person types, question by question; with this a person is there. */
  readonly answers?: readonly string[];
  readonly errIsTerminal?: boolean;
  /** Standard input and output, for a command that talks to a program. */
  readonly streams?: NdjsonStreams;
}

export class MemoryIo implements Io {
  readonly env: Readonly<Record<string, string>>;
  readonly errIsTerminal: boolean;
  readonly inIsTerminal: boolean;
  readonly questions: string[] = [];
  outText = '';
  errText = '';
  /** Called after each write to standard output. */
  onOut: () => void = () => {};
  /** Called after each write to standard error. */
  onErr: () => void = () => {};
  readonly #controller = new AbortController();
  readonly #input: Uint8Array;
  readonly #answers: string[];
  readonly #streams: NdjsonStreams | undefined;

  constructor({ env = {}, input = '', answers, errIsTerminal = false, streams }: MemoryIoOptions = {}) {
    this.env = env;
    this.errIsTerminal = errIsTerminal;
    this.inIsTerminal = answers !== undefined;
    this.#input = typeof input === 'string' ? new TextEncoder().encode(input) : input;
    this.#answers = [...(answers ?? [])];
    this.#streams = streams;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Lines of standard output so far. */
  get lines(): string[] {
    return this.outText.split('\n').slice(0, -1);
  }

  /** Presses Ctrl-C. */
  stop(exitCode = 130): void {
    this.#controller.abort(new Stop(exitCode));
  }

  /** The first line of standard output, once it is there. */
  firstLine(): Promise<string> {
    return new Promise((resolve) => {
      const look = () => this.lines[0] !== undefined && resolve(this.lines[0]);
      this.onOut = look;
      look();
    });
  }

  async out(text: string): Promise<void> {
    this.outText += text;
    this.onOut();
  }

  err(text: string): void {
    this.errText += text;
    this.onErr();
  }

  async ask(prompt: string): Promise<string> {
    this.questions.push(prompt);
    const answer = this.#answers.shift();
    if (answer === undefined) throw new Stop(130);
    return answer;
  }

  /** A question nobody has an answer for waits until it is taken back, as a person may. */
  askShown(prompt: string, signal?: AbortSignal): Promise<string | undefined> {
    this.questions.push(prompt);
    const answer = this.#answers.shift();
    if (answer !== undefined) return Promise.resolve(answer === CTRL_D ? undefined : answer);
    return new Promise((resolve) => {
      if (signal?.aborted) resolve(undefined);
      signal?.addEventListener('abort', () => resolve(undefined), { once: true });
    });
  }

  async readInput(): Promise<string> {
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(this.#input);
  }

  async readInputBytes(): Promise<Uint8Array> {
    return this.#input;
  }

  streams(): NdjsonStreams {
    if (this.#streams === undefined) throw new Error('the test gave no streams');
    return this.#streams;
  }
}

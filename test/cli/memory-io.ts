// The outside world of a run, held by a test.

import { type Io, Stop } from '../../src/cli/io.js';

interface MemoryIoOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** What stands in standard input. */
  readonly input?: string | Uint8Array;
  /** What a person types, question by question; with this a person is there. */
  readonly answers?: readonly string[];
  readonly errIsTerminal?: boolean;
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
  readonly #controller = new AbortController();
  readonly #input: Uint8Array;
  readonly #answers: string[];

  constructor({ env = {}, input = '', answers, errIsTerminal = false }: MemoryIoOptions = {}) {
    this.env = env;
    this.errIsTerminal = errIsTerminal;
    this.inIsTerminal = answers !== undefined;
    this.#input = typeof input === 'string' ? new TextEncoder().encode(input) : input;
    this.#answers = [...(answers ?? [])];
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
  }

  async ask(prompt: string): Promise<string> {
    this.questions.push(prompt);
    const answer = this.#answers.shift();
    if (answer === undefined) throw new Stop(130);
    return answer;
  }

  async readInput(): Promise<string> {
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(this.#input);
  }

  async readInputBytes(): Promise<Uint8Array> {
    return this.#input;
  }
}

// Answers to what a job asks: of the command line first, then of the person at the terminal. Where neither has one the
// question is declined, so that nobody waits.

import { setImmediate } from 'node:timers/promises';
import type { ChoicePrompt, InputPrompt, PermissionPrompt, Prompt } from '../arcp/client/prompts.js';
import { ArcpError } from '../arcp/errors.js';
import { printable } from '../bytes/printable.js';
import { isObject } from '../codec/is-object.js';
import type { JsonValue } from '../codec/json-value.js';
import type { Args, OptionSpec } from './args.js';
import type { Io } from './io.js';

/** Longest text beside a question. */
const MAX_CHARS = 300;

/** Options by which a script answers. */
export const answerOptions: Readonly<Record<string, OptionSpec>> = {
  answer: { value: 'JSON', repeatable: true, help: 'answer to the first question for a value, to the next, and so on' },
  choose: { value: 'ID', repeatable: true, help: 'answer to the first question for a choice, and so on' },
  grant: { value: 'PERMISSION', repeatable: true, help: 'permission to grant whenever it is asked for' },
};

/** Answers the questions of one job. */
export class Answers {
  readonly #values: JsonValue[];
  readonly #choices: string[];
  readonly #grants: readonly string[];
  readonly #io: Io;
  readonly #hasPerson: boolean;
  readonly #tell: (text: string) => void;

  /** @throws {UsageError} an answer that is no JSON. */
  constructor(args: Args, io: Io) {
    this.#values = args.texts('answer').map((text) => parse(text, args));
    this.#choices = [...args.texts('choose')];
    this.#grants = args.texts('grant');
    this.#io = io;
    this.#hasPerson = io.inIsTerminal && !args.has('json');
    this.#tell = args.has('json') ? () => {} : (text) => io.err(`ringline: ${text}\n`);
  }

  /** Answers questions, one after the other, until there are no more. */
  async answer(prompts: AsyncIterable<Prompt>): Promise<void> {
    for await (const prompt of prompts) {
      // Somebody else answered while another one was open, or nobody did in time.
      while (prompt.isOpen) {
        try {
          if (await this.#settle(prompt)) break;
        } catch (error) {
          if (!(error instanceof ArcpError)) throw error;
          if (prompt.isOpen) this.#tell(`this is no answer: ${printable(error.message.replace(/^# /, 'it '))}`);
        }
      }
    }
  }

  /** @returns Whether nothing more is to be done. @throws {ArcpError} the answer does not count. */
  async #settle(prompt: Prompt): Promise<boolean> {
    switch (prompt.kind) {
      case 'input':
        return this.#input(prompt);
      case 'choice':
        return this.#choice(prompt);
      case 'permission':
        return this.#permission(prompt);
    }
  }

  async #input(prompt: InputPrompt): Promise<boolean> {
    const given = this.#values.shift();
    if (given !== undefined) return done(prompt.answer(given));
    if (!this.#hasPerson) return this.#decline(prompt, '--answer JSON');
    const { schema, default: fallback } = prompt;
    const hints = [
      isObject(schema) && Object.keys(schema).length === 0 ? '' : `  as ${shown(schema)}\n`,
      fallback === undefined ? '' : `  Enter alone: ${shown(fallback)}\n`,
    ];
    const line = await this.#ask(prompt, `${hints.join('')}> `);
    if (line === undefined) return this.#left(prompt);
    if (line === '' && fallback !== undefined) return done(prompt.answer(fallback));
    return done(prompt.answer(typedValue(line, schema)));
  }

  async #choice(prompt: ChoicePrompt): Promise<boolean> {
    const { options } = prompt;
    const ids = printable(cut(options.map(({ id }) => id).join(', ')));
    const given = this.#choices.shift();
    if (given !== undefined)
      return this.#choose(prompt, given, `--choose ${printable(given)} is not offered; there are: ${ids}`);
    if (!this.#hasPerson) return this.#decline(prompt, `--choose ID, one of: ${ids}`);
    const lines = options.map(({ id, label }, i) => `  ${i + 1}  ${label} (${printable(id)})\n`);
    const line = await this.#ask(prompt, `${lines.join('')}> `);
    if (line === undefined) return this.#left(prompt);
    const word = line.trim();
    // An id that looks like a number is an id.
    const option = options.find(({ id }) => id === word) ?? options[/^\d{1,3}$/.test(word) ? Number(word) - 1 : -1];
    return this.#choose(prompt, option?.id ?? word, `type a number from 1 to ${options.length}, or one of: ${ids}`);
  }

  /** @param complaint Where it is none of the options. */
  async #choose(prompt: ChoicePrompt, choice: string, complaint: string): Promise<boolean> {
    if (prompt.options.some(({ id }) => id === choice)) return done(prompt.choose(choice));
    this.#tell(complaint);
    return false;
  }

  async #permission(prompt: PermissionPrompt): Promise<boolean> {
    if (this.#grants.includes(prompt.permission)) return done(prompt.grant());
    if (!this.#hasPerson) {
      this.#tell(`${asker(prompt)} asks for leave, and nobody is here to give it: ${prompt.text} (--grant PERMISSION)`);
      return done(prompt.deny('nobody is here to decide'));
    }
    const line = await this.#ask(prompt, 'Allow it? [y/N] ');
    if (line === undefined && !prompt.isOpen) return true;
    if (this.#io.signal.aborted) return true;
    return done(/^y(es)?$/i.test(line?.trim() ?? '') ? prompt.grant() : prompt.deny('the person said no'));
  }

  /** Asks the person, and stops when nobody needs to know any more. */
  async #ask(prompt: Prompt, rest: string): Promise<string | undefined> {
    // What led to the question is shown before it.
    await setImmediate();
    const over = new AbortController();
    void prompt.ended.then((how) => over.abort(how));
    const signal = AbortSignal.any([over.signal, this.#io.signal]);
    const line = await this.#io.askShown(`\n${asker(prompt)} asks: ${prompt.text}\n${rest}`, signal);
    if (line === undefined && over.signal.aborted) this.#io.err(`\n(${String(over.signal.reason)})\n`);
    return line;
  }

  /** The person did not answer: because they will not, or because nothing is asked any more. */
  async #left(prompt: InputPrompt | ChoicePrompt): Promise<boolean> {
    if (prompt.isOpen && !this.#io.signal.aborted) await prompt.cancel('the person declined');
    return true;
  }

  async #decline(prompt: InputPrompt | ChoicePrompt, remedy: string): Promise<boolean> {
    this.#tell(`${asker(prompt)} asks, and nobody is here to answer: ${prompt.text} (${remedy})`);
    await prompt.cancel('nobody is here to answer');
    return true;
  }
}

/** Who asks, and through which of its tools. */
function asker({ agent, tool }: Prompt): string {
  return tool === undefined ? agent : `${agent}/${printable(tool)}`;
}

async function done(answered: Promise<void>): Promise<true> {
  await answered;
  return true;
}

function parse(text: string, args: Args): JsonValue {
  try {
    return JSON.parse(text);
  } catch {
    throw args.wrong(`--answer must be JSON, such as '"text"' or '{"n":3}'`);
  }
}

/** What a person typed: JSON, or else the text itself, which is what is meant where text is asked for. */
function typedValue(line: string, schema: JsonValue): JsonValue {
  if (isObject(schema) && schema.type === 'string') return line;
  try {
    return JSON.parse(line);
  } catch {
    return line;
  }
}

function shown(value: JsonValue): string {
  return printable(cut(JSON.stringify(value)));
}

function cut(text: string): string {
  return text.length > MAX_CHARS ? `${text.slice(0, MAX_CHARS)}...` : text;
}

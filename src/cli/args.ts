// The command line of one command against what the command says it takes. Tokens come from `parseArgs`, which every
// runtime has; the judging is ours, so that what is wrong is said in one plain line.

import { parseArgs } from 'node:util';
import { UsageError } from './failure.js';

/** One `--option`. */
export interface OptionSpec {
  /** Name of its value in the help, such as `N`; a switch has none. */
  readonly value?: string;
  /** Whether it may be given several times; only for options with a value. */
  readonly repeatable?: boolean;
  readonly help: string;
}

/** One word that is no option. */
export interface PositionalSpec {
  /** As the help has it, such as `URL`. */
  readonly name: string;
  readonly optional?: boolean;
  readonly help: string;
}

/** What a command takes. */
export interface ArgsSpec {
  /** One or two words, such as `id new`. */
  readonly name: string;
  readonly positionals: readonly PositionalSpec[];
  readonly options: Readonly<Record<string, OptionSpec>>;
}

/** The options of a command line: of a switch `true`, of the others their texts in order. */
type Given = ReadonlyMap<string, true | readonly string[]>;

/** What a command was given. */
export class Args {
  readonly #command: string;
  readonly #options: Given;
  readonly #positionals: ReadonlyMap<string, string>;

  constructor(command: string, options: Given, positionals: ReadonlyMap<string, string>) {
    this.#command = command;
    this.#options = options;
    this.#positionals = positionals;
  }

  /** Whether a switch was given. */
  has(option: string): boolean {
    return this.#options.has(option);
  }

  /** Text of an option or positional. */
  text(name: string): string | undefined {
    return this.texts(name)[0] ?? this.#positionals.get(name);
  }

  /** Texts of an option that may be given several times, in order. */
  texts(option: string): readonly string[] {
    const given = this.#options.get(option);
    return given === undefined || given === true ? [] : given;
  }

  /** Text of a positional that is not optional. */
  required(name: string): string {
    return this.#positionals.get(name) as string;
  }

  /** A whole number. @throws {UsageError} something else, or out of range. */
  whole(option: string, min: number, max: number): number | undefined {
    const text = this.text(option);
    if (text === undefined) return undefined;
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw this.wrong(`--${option} must be a whole number from ${min} to ${max}, not ${shown(text)}`);
  }

  /** An error that points to this command's help. */
  wrong(message: string): UsageError {
    return new UsageError(message, this.#command);
  }
}

/**
 * Reads the words after a command's name. `--` ends the options.
 *
 * @throws {UsageError} an unknown option, a value too many or too few, a word too many or too few.
 */
export function readArgs(spec: ArgsSpec, words: readonly string[]): Args {
  const wrong = (message: string) => new UsageError(message, spec.name);
  const types = Object.entries(spec.options).map(([name, { value }]) => [name, value ? 'string' : 'boolean'] as const);
  const { tokens } = parseArgs({
    args: [...words],
    options: Object.fromEntries(types.map(([name, type]) => [name, { type }])),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const options = new Map<string, true | string[]>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const option = Object.hasOwn(spec.options, token.name) ? spec.options[token.name] : undefined;
    if (option === undefined || !token.rawName.startsWith('--')) {
      throw wrong(`unknown option ${shown(token.rawName)}${negative(token.rawName)}`);
    }
    if (options.has(token.name) && !option.repeatable) throw wrong(`--${token.name} is there twice`);
    const before = options.get(token.name) ?? [];
    const value = optionValue(option, token, wrong);
    options.set(token.name, value === true || before === true ? true : [...before, value]);
  }
  return new Args(spec.name, options, placed(spec, positionals, wrong));
}

interface OptionToken {
  readonly name: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

function optionValue(option: OptionSpec, token: OptionToken, wrong: (message: string) => UsageError): string | true {
  const { name, value, inlineValue } = token;
  if (option.value === undefined) {
    if (value !== undefined) throw wrong(`--${name} takes no value`);
    return true;
  }
  if (value === undefined || value === '' || (!inlineValue && value.startsWith('--'))) {
    throw wrong(`--${name} needs a value: --${name} ${option.value}`);
  }
  return value;
}

function placed(spec: ArgsSpec, words: readonly string[], wrong: (message: string) => UsageError): Map<string, string> {
  const given = new Map<string, string>();
  spec.positionals.forEach(({ name, optional }, i) => {
    const word = words[i];
    if (word !== undefined) given.set(name, word);
    else if (!optional) throw wrong(`${name} is missing`);
  });
  const surplus = words[spec.positionals.length];
  if (surplus !== undefined) throw wrong(`one word too many: ${shown(surplus)} (put quotes around words with spaces)`);
  return given;
}

/** A negative number looks like an option. */
function negative(word: string): string {
  return /^-\d/.test(word) ? ' (a negative number goes after "--")' : '';
}

/** A word of the person's, short and harmless enough to repeat. */
function shown(word: string): string {
  return JSON.stringify(word.length > 40 ? `${word.slice(0, 40)}...` : word);
}

// Help, made from what the commands say of themselves.

import type { Command } from './command.js';

const WIDTH = 78;

/** The overview. */
export function overview(commands: readonly Command[]): string {
  const rows = commands.map((command) => [usageOf(command), command.summary] as const);
  return [
    'ringline: agents that find (A2A), trust (AITP), call and put to work (ARCP) each other, by key alone',
    '',
    'usage: ringline COMMAND ...',
    '',
    ...rows.flatMap(([usage, summary]) => [`  ${usage}`, `      ${summary}`]),
    '',
    'ringline help COMMAND tells more. Exit codes: 0 done, 1 failed, 2 wrong usage, 130 stopped by Ctrl-C.',
    '',
  ].join('\n');
}

/** All about one command. */
export function helpOf(command: Command): string {
  const rows = [
    ...command.positionals.map(({ name, help }) => [name, help] as const),
    ...Object.entries(command.options).map(([name, { value, help }]) => [optionOf(name, value), help] as const),
    ['--help', 'this text'] as const,
  ];
  const widest = Math.max(...rows.map(([name]) => name.length));
  return [
    `usage: ringline ${usageOf(command)}`,
    '',
    `${command.summary}.`,
    ...(command.details ?? []).flatMap((paragraph) => ['', ...wrap(paragraph, WIDTH)]),
    '',
    ...rows.flatMap(([name, help]) => {
      const [first, ...more] = wrap(help, WIDTH - widest - 4);
      return [`  ${name.padEnd(widest)}  ${first}`, ...more.map((line) => `${' '.repeat(widest + 4)}${line}`)];
    }),
    ...(command.examples ?? []).flatMap((example, i) => [
      ...(i === 0 ? ['', 'For example:'] : []),
      `  ringline ${example}`,
    ]),
    '',
  ].join('\n');
}

function usageOf({ name, positionals, options }: Command): string {
  const words = positionals.map((word) => (word.optional ? `[${word.name}]` : word.name));
  const switches = Object.entries(options).map(
    ([option, { value, repeatable }]) => `[${optionOf(option, value)}]${repeatable ? '...' : ''}`,
  );
  return [name, ...words, ...switches].join(' ');
}

function optionOf(name: string, value: string | undefined): string {
  return value === undefined ? `--${name}` : `--${name} ${value}`;
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

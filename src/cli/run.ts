// One run of the command line: finds the command, reads its words, turns whatever comes of it into an exit code.

import { printable } from '../bytes/printable.js';
import { aitpAdapter } from './aitp-adapter.js';
import { aitpConformance } from './aitp-conformance.js';
import { aitpDelegate } from './aitp-delegate.js';
import { aitpManifest } from './aitp-manifest.js';
import { aitpMint } from './aitp-mint.js';
import { aitpRevoke } from './aitp-revoke.js';
import { aitpToken } from './aitp-token.js';
import { aitpVerify } from './aitp-verify.js';
import { arcpInvoke } from './arcp-invoke.js';
import { arcpServe } from './arcp-serve.js';
import { arcpTail } from './arcp-tail.js';
import { readArgs } from './args.js';
import { bench } from './bench.js';
import { call } from './call.js';
import { cardCanonical } from './card-canonical.js';
import { cardFetch } from './card-fetch.js';
import { cardLint } from './card-lint.js';
import { cardServe } from './card-serve.js';
import { cardSign } from './card-sign.js';
import { cardVerify } from './card-verify.js';
import type { Command } from './command.js';
import { failureLine, reportOf, UsageError } from './failure.js';
import { helpOf, overview } from './help.js';
import { idBackup } from './id-backup.js';
import { idNew } from './id-new.js';
import { idRestore } from './id-restore.js';
import { idShow } from './id-show.js';
import { type Io, Stop } from './io.js';
import { serve } from './serve.js';
import { version } from './version.js';

const COMMANDS: readonly Command[] = [
  version,
  idNew,
  idShow,
  idBackup,
  idRestore,
  serve,
  call,
  bench,
  cardSign,
  cardVerify,
  cardCanonical,
  cardLint,
  cardFetch,
  cardServe,
  aitpManifest,
  aitpToken,
  aitpDelegate,
  aitpRevoke,
  aitpVerify,
  aitpAdapter,
  aitpConformance,
  aitpMint,
  arcpServe,
  arcpInvoke,
  arcpTail,
];

/**
 * Runs one command line.
 *
 * @param words Without the program's own name.
 * @returns Exit code: 0 done, 1 failed, 2 wrong usage, 130 or 143 stopped by a signal. Never rejects.
 */
export async function run(words: readonly string[], io: Io): Promise<number> {
  let command: Command | undefined;
  try {
    const [first] = words;
    if (first === '--version') return await run(['version', ...words.slice(1)], io);
    if (first === 'help' || first === '--help' || first === '-h') {
      await io.out(helpFor(words.slice(1)));
      return 0;
    }
    if (first === undefined) {
      io.err(overview(COMMANDS));
      return 2;
    }
    if (isGroup(first) && asksForHelp(words.slice(1, 2))) {
      await io.out(helpFor([first]));
      return 0;
    }
    command = find(words);
    const rest = words.slice(command.name.split(' ').length);
    if (asksForHelp(rest)) {
      await io.out(helpOf(command));
      return 0;
    }
    return (await command.run(readArgs(command, rest), io)) ?? 0;
  } catch (error) {
    return ended(error, command, words, io);
  }
}

function ended(error: unknown, command: Command | undefined, words: readonly string[], io: Io): number {
  // Whatever a command stumbled over while it was being stopped is no failure of its own.
  if (io.signal.aborted && io.signal.reason instanceof Stop) return io.signal.reason.exitCode;
  if (error instanceof Stop) return error.exitCode;
  if (error instanceof UsageError) {
    const about = error.command || command?.name;
    io.err(`ringline: ${error.message}. Try: ringline help${about === undefined ? '' : ` ${about}`}\n`);
    return 2;
  }
  const inJson = command?.failsInJson === true || words.includes('--json');
  io.err(inJson ? failureLine(error) : `ringline: ${printable(reportOf(error).message)}\n`);
  return 1;
}

function find(words: readonly string[]): Command {
  const named = COMMANDS.find(({ name }) => words.slice(0, name.split(' ').length).join(' ') === name);
  if (named !== undefined) return named;
  const group = COMMANDS.filter(({ name }) => name.startsWith(`${words[0]} `));
  const names = (group.length > 0 ? group : COMMANDS).map(({ name }) => name);
  const what = group.length > 0 ? `ringline ${words[0]} needs one of its commands` : 'there is no such command';
  throw new UsageError(`${what}; there are: ${names.join(', ')}`, group.length > 0 ? words[0] : '');
}

/** Whether commands begin with it, and none is it. */
function isGroup(word: string): boolean {
  return COMMANDS.some(({ name }) => name.startsWith(`${word} `));
}

function helpFor(words: readonly string[]): string {
  if (words.length === 0) return overview(COMMANDS);
  const group = COMMANDS.filter(({ name }) => name.startsWith(`${words.join(' ')} `));
  return group.length > 0 ? group.map(helpOf).join('\n') : helpOf(find(words));
}

function asksForHelp(words: readonly string[]): boolean {
  const end = words.indexOf('--');
  const options = end < 0 ? words : words.slice(0, end);
  return options.includes('--help') || options.includes('-h');
}

// Passphrases come from the environment or from a person, never from the words of a command: those are seen by every
// process of the machine and kept by the shell.

import { UsageError } from './failure.js';
import type { Io } from './io.js';

const VARIABLE = 'RINGLINE_PASSPHRASE';

/** Whether the environment has one. */
export function hasPassphrase(io: Io): boolean {
  return (io.env[VARIABLE] ?? '') !== '';
}

/**
 * The passphrase of something that is there already.
 *
 * @param what Names it, for the question.
 * @throws {UsageError} there is neither a variable nor a person.
 */
export async function existingPassphrase(io: Io, what: string): Promise<string> {
  return fromEnvironment(io) ?? answer(io, `Passphrase of ${what}: `);
}

/**
 * A passphrase for something new, typed twice.
 *
 * @throws {UsageError} there is neither a variable nor a person, or the two differ.
 */
export async function freshPassphrase(io: Io): Promise<string> {
  const given = fromEnvironment(io);
  if (given !== undefined) return given;
  const first = await answer(io, 'New passphrase: ');
  if ((await answer(io, 'Once more: ')) !== first) throw new UsageError('the two passphrases differ');
  return first;
}

function fromEnvironment(io: Io): string | undefined {
  return hasPassphrase(io) ? io.env[VARIABLE] : undefined;
}

async function answer(io: Io, question: string): Promise<string> {
  if (!io.inIsTerminal) throw new UsageError(`nobody is here to type a passphrase: set ${VARIABLE}`);
  const text = await io.ask(question);
  if (text === '') throw new UsageError('a passphrase cannot be empty');
  return text;
}

// `--revocation FILE_OR_URL` and `--no-revocation`: whether tokens were taken back. A person who names a list that is of no
// use is told why: to a verifier all those reasons are one.

import { DEFAULT_MAX_STALENESS_SEC, TIMESTAMP_TOLERANCE_SEC } from '../aitp/constants.js';
import { AitpError } from '../aitp/errors.js';
import { judgeRevocation, type RevocationDecision, type RevocationQuery } from '../aitp/revocation.js';
import { type RevocationSnapshot, verifySnapshot } from '../aitp/revocation-snapshot.js';
import type { Verified } from '../documents/verified.js';
import { HttpError } from '../errors.js';
import { isAddress, readSource } from './aitp-source.js';
import type { Args, OptionSpec } from './args.js';
import type { Io } from './io.js';
import { momentText, spanText } from './moment-text.js';

/** The options of commands that ask about revocation. */
export const revocationOptions: Readonly<Record<string, OptionSpec>> = {
  revocation: { value: 'FILE_OR_URL', help: 'revocation list of whoever granted' },
  'no-revocation': { help: 'do without: a token that was taken back passes' },
  'max-age': {
    value: 'SECONDS',
    help: `how old a revocation list may be; default: ${DEFAULT_MAX_STALENESS_SEC}`,
  },
};

/** How a run finds out about revocation. */
export interface RevocationLookup {
  readonly decision: RevocationDecision;
  /** The list that gave leave, once one did. */
  readonly answeredBy: () => Verified<RevocationSnapshot> | undefined;
}

/** How old a list may be, in seconds. @throws {UsageError} no number there is. */
export function maxAgeOf(args: Args): number {
  return args.whole('max-age', 0, 31_536_000) ?? DEFAULT_MAX_STALENESS_SEC;
}

/**
 * What a command line says about revocation. A list behind an address is fetched only when a verifier asks, which it does
 * last of all.
 *
 * @returns `undefined`: nothing.
 * @throws {UsageError} both options. @throws as `readSource`, for a file.
 */
export async function revocationOf(args: Args, io: Io): Promise<RevocationLookup | undefined> {
  const [word, without, maxAgeSec] = [args.text('revocation'), args.has('no-revocation'), maxAgeOf(args)];
  if (word !== undefined && without) throw args.wrong('--revocation and --no-revocation do not go together');
  if (without) return { decision: { dangerouslyIgnoreRevocation: true }, answeredBy: () => undefined };
  if (word === undefined) return undefined;
  const read = () => readSource(word, '--revocation takes a revocation list ("ringline aitp revoke")', args, io);
  const bytes = isAddress(word) ? undefined : await read();
  let answered: Verified<RevocationSnapshot> | undefined;
  async function check(query: RevocationQuery) {
    const list = await verifySnapshot(bytes ?? (await read().catch(unfetched)));
    const why = whyUnusable(list, query.nowSec, maxAgeSec, query.issuer);
    if (why !== undefined) throw new AitpError('TCT_REVOKED', `${why}; without a list everything counts as revoked`);
    const answer = judgeRevocation(list, query, { maxStalenessSec: maxAgeSec });
    answered = list;
    return answer;
  }
  return { decision: { check }, answeredBy: () => answered };
}

/**
 * Why a list says nothing now.
 *
 * @param issuer Whose it has to be; `undefined` for anybody's.
 * @returns `undefined`: it does say something.
 */
export function whyUnusable(
  list: Verified<RevocationSnapshot>,
  nowSec: number,
  maxAgeSec: number,
  issuer: string = list.issuer,
): string | undefined {
  const ageSec = nowSec - list.publishedAtSec;
  if (list.issuer !== issuer) return `the revocation list is of another agent, ${list.issuer}`;
  if (list.expiresAtSec <= nowSec) return `the revocation list ended at ${momentText(list.expiresAtSec)}`;
  if (ageSec > maxAgeSec) return `the revocation list is ${spanText(ageSec)} old (--max-age allows more)`;
  if (-ageSec > TIMESTAMP_TOLERANCE_SEC)
    return `the revocation list is of the future, ${momentText(list.publishedAtSec)}`;
  return undefined;
}

function unfetched(cause: unknown): never {
  if (!(cause instanceof HttpError)) throw cause;
  throw new AitpError('TCT_REVOKED', `${cause.message}; without a list everything counts as revoked`, { cause });
}

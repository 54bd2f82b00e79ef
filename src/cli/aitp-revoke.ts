// `ringline aitp revoke`

import { MAX_SNAPSHOT_BYTES, TIMESTAMP_TOLERANCE_SEC } from '../aitp/constants.js';
import { AitpError } from '../aitp/errors.js';
import {
  buildSnapshot,
  type RevocationEntry,
  type RevocationSnapshot,
  verifySnapshot,
} from '../aitp/revocation-snapshot.js';
import type { AitpSigner } from '../aitp/signer.js';
import { verifyTct } from '../aitp/tct.js';
import { systemClockSec } from '../aitp/timestamps.js';
import { isUuid } from '../aitp/uuid.js';
import { verifyVoucher } from '../aitp/voucher.js';
import { isObject } from '../codec/is-object.js';
import type { JsonObject } from '../codec/json-value.js';
import type { Verified } from '../documents/verified.js';
import { KIND_NAMES, readArtifact, tokensText } from './aitp-artifact.js';
import { aitpSignerOf, signerOption, ttlOf, ttlOption } from './aitp-options.js';
import { readSource } from './aitp-source.js';
import type { Args } from './args.js';
import type { Command } from './command.js';
import type { Io } from './io.js';
import { jsonLine, jsonText } from './json-line.js';
import { missingFile } from './missing-file.js';
import { spanText, untilText } from './moment-text.js';
import { replaceFile } from './replace-file.js';

const DEFAULT_TTL_SEC = 3_600;

/** `ringline aitp revoke`: keeps a revocation list. */
export const aitpRevoke: Command = {
  name: 'aitp revoke',
  summary: 'Takes tokens back: adds them to your signed revocation list, and prints it',
  details: [
    'The list is kept in LIST and signed anew each time, with a later date: verifiers never go back to an earlier one. Without --jti and --token it is only signed anew; an empty list says that nothing was taken back, and has to be there as well.',
    'Verifiers mostly take no list older than 5 minutes: where tokens are in use, sign it anew that often. Tokens are taken back one by one; AITP lists no agents.',
  ],
  examples: [
    'aitp revoke list.json --new',
    'aitp revoke list.json --token token.txt --reason "left the team"',
    'aitp revoke list.json --jti 0b9f4c7e-5f0e-4a51-9d5c-2f6c1d2f3a4b',
  ],
  positionals: [{ name: 'LIST', help: 'file the list is kept in; "-" reads it from standard input and keeps nothing' }],
  options: {
    identity: signerOption,
    jti: { value: 'JTI', repeatable: true, help: 'token to take back, by the name "aitp token" gave it' },
    token: { value: 'FILE', repeatable: true, help: 'token to take back, or the voucher that came with it' },
    reason: { value: 'TEXT', help: 'why, for people; everybody can read it' },
    new: { help: 'begin a list; never writes over one' },
    ttl: ttlOption(DEFAULT_TTL_SEC),
    json: { help: 'the list as one line, and nothing on standard error' },
  },
  async run(args, io) {
    const path = args.required('LIST');
    const ttlSec = ttlOf(args) ?? DEFAULT_TTL_SEC;
    assertSensible(path, args);
    const signer = await aitpSignerOf(args, io);
    const jtis = await jtisOf(signer, args, io);
    const { before, text, after } = await kept(path, args, io, async (old) => {
      const before = old === undefined ? undefined : await readOwn(old, path, signer);
      const text = await signAnew(before, jtis, ttlSec, args.text('reason'), signer);
      return { before, text, after: await verifySnapshot(text) };
    });
    if (!args.has('json')) remark(path, before, after, io);
    const published: unknown = JSON.parse(text);
    await io.out(args.has('json') ? jsonLine(published) : jsonText(published));
    return 0;
  },
};

type List = Verified<RevocationSnapshot>;

/** A list that was signed anew. */
interface Made {
  readonly before: List | undefined;
  readonly text: string;
  /** The text, read as everybody reads it. */
  readonly after: List;
}

function assertSensible(path: string, args: Args): void {
  const files = [path, ...args.texts('token')];
  if (files.filter((file) => file === '-').length > 1) throw args.wrong('standard input can be only one of them');
  if (path === '-' && args.has('new')) throw args.wrong('--new needs the name of a file');
  if (!args.texts('jti').every(isUuid)) {
    throw args.wrong('--jti takes the name of a token, such as 0b9f4c7e-5f0e-4a51-9d5c-2f6c1d2f3a4b');
  }
  const nothing = args.texts('jti').length + args.texts('token').length === 0;
  if (nothing && args.text('reason') !== undefined) throw args.wrong('--reason of what? Say --jti JTI or --token FILE');
}

/** Names of the tokens to take back, each once. */
async function jtisOf(signer: AitpSigner, args: Args, io: Io): Promise<readonly string[]> {
  const jtis = [...args.texts('jti')];
  for (const word of args.texts('token')) {
    const bytes = await readSource(word, '--token takes the token or its voucher', args, io);
    jtis.push(await jtiOf(readArtifact(bytes, word), signer));
  }
  return [...new Set(jtis)];
}

/** Name of a token of ours, from itself or its voucher. @throws {AitpError} somebody else's, or it has ended by itself. */
async function jtiOf(artifact: ReturnType<typeof readArtifact>, { aid }: AitpSigner): Promise<string> {
  const now = systemClockSec;
  if (artifact.kind === 'voucher') return (await verifyVoucher(artifact.voucher, { verifier: aid, now })).sourceJti;
  if (artifact.kind === 'tct') {
    const { jti } = await verifyTct(artifact.tct, {
      issuer: aid,
      audience: { dangerouslyAcceptAnyHolder: true },
      now,
      issuerManifest: { dangerouslyIgnoreIssuerManifest: true },
      revocation: { dangerouslyIgnoreRevocation: true },
    });
    return jti;
  }
  const hint = artifact.kind === 'delegation' ? '; take back the token it rests on' : '';
  throw new AitpError('TOKEN_TYP_MISMATCH', `${KIND_NAMES[artifact.kind]} is no token that could be taken back${hint}`);
}

/** Runs a change of the list, and keeps what comes of it where the command line says. */
async function kept(
  path: string,
  args: Args,
  io: Io,
  change: (old: Uint8Array | undefined) => Promise<Made>,
): Promise<Made> {
  if (path === '-') return change(await readSource(path, '', args, io));
  let made: Made | undefined;
  const missing = (cause: unknown) => missingFile(path, 'to begin a list, say --new', cause);
  await replaceFile(path, MAX_SNAPSHOT_BYTES, async (old) => {
    if (old !== undefined && args.has('new')) {
      throw Object.assign(new Error(`${path} is there already, and is never written over`), { code: 'EEXIST' });
    }
    if (old === undefined && !args.has('new')) throw missing({ code: 'ENOENT' });
    made = await change(old);
    return `${made.text}\n`;
  }).catch((cause) => {
    throw args.has('new') ? missingFile(path, 'its folder has to be there', cause) : missing(cause);
  });
  return made as Made;
}

/** @throws {AitpError} it is no list, one of somebody else, or one of the future. */
async function readOwn(bytes: Uint8Array, path: string, signer: AitpSigner): Promise<List> {
  const list = await verifySnapshot(bytes);
  if (list.issuer !== signer.aid) {
    throw new AitpError('REVOCATION_SNAPSHOT_SIGNATURE_INVALID', `the list is of another agent, ${list.issuer}`);
  }
  const aheadSec = list.publishedAtSec - systemClockSec();
  if (aheadSec > TIMESTAMP_TOLERANCE_SEC) {
    throw new AitpError('TIMESTAMP_EXPIRED', `the list is dated ${spanText(aheadSec)} from now: is the clock right?`);
  }
  const { revocation_list: body } = JSON.parse(new TextDecoder().decode(bytes)) as { revocation_list: JsonObject };
  if (isObject(body.extensions) && Object.keys(body.extensions).length > 0) {
    throw new AitpError(
      'REVOCATION_SNAPSHOT_INVALID',
      `${path} has extensions, which would be lost: keep it by other means`,
    );
  }
  return list;
}

async function signAnew(
  before: List | undefined,
  jtis: readonly string[],
  ttlSec: number,
  reason: string | undefined,
  signer: AitpSigner,
): Promise<string> {
  const nowSec = systemClockSec();
  const fresh = jtis.filter((jti) => before?.revokedJtis.has(jti) !== true);
  const added = fresh.map((jti): RevocationEntry => {
    return { jti, revokedAtSec: nowSec, ...(reason !== undefined && { reason }) };
  });
  // Two lists of one second would leave open which of them is the later.
  const publishedAtSec = Math.max(nowSec, (before?.publishedAtSec ?? -1) + 1);
  const entries = [...(before?.entries ?? []), ...added];
  // Too long is said below, in words for whoever keeps the list.
  const content = { publishedAtSec, expiresAtSec: publishedAtSec + ttlSec, entries, maxBytes: Number.MAX_SAFE_INTEGER };
  const text = await buildSnapshot(content, signer);
  if (new TextEncoder().encode(text).length < MAX_SNAPSHOT_BYTES) return text;
  throw new AitpError('REVOCATION_SNAPSHOT_INVALID', 'the list would be longer than 256 KiB, which nobody reads');
}

function remark(path: string, before: List | undefined, after: List, io: Io): void {
  const all = after.entries.length;
  const added = all - (before?.entries.length ?? 0);
  const say = (text: string) => io.err(`${text}\n`);
  say(
    added === 0
      ? `${before === undefined ? 'Begun' : 'Signed anew'}; nothing was added.`
      : `Taken back: ${tokensText(added)}.`,
  );
  say(all === 0 ? 'The list is empty: it says that nothing was taken back.' : `On the list: ${tokensText(all)}.`);
  say(`It holds until ${untilText(after.expiresAtSec, systemClockSec())}.`);
  if (path !== '-') say(`Kept in ${path}.`);
}

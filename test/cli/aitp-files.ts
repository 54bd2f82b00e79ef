// Three agents, a folder and a clock for the tests of the `aitp` commands that people use.

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { type Aid, aidFromDid } from '../../src/aitp/aid.js';
import { type AitpSigner, aitpSignerFromSeed } from '../../src/aitp/signer.js';
import { writeIdentityFile } from '../../src/cli/identity-file.js';
import { run } from '../../src/cli/run.js';
import type { Did } from '../../src/identity/identity.js';
import { identityFromSeed } from '../../src/identity/seed-identity.js';
import { MemoryIo } from './memory-io.js';

/** The moment at which tests begin, in Unix seconds. */
export const NOW = 1_800_000_000;

/** Sets the clock that commands look at. @param sec Seconds after {@link NOW}. */
export function setClock(sec = 0): void {
  vi.useFakeTimers({ toFake: ['Date'], now: (NOW + sec) * 1_000 });
}

/** An agent with an identity file. */
export interface Party {
  readonly aid: Aid;
  readonly did: Did;
  readonly file: string;
  readonly signer: AitpSigner;
}

/** A folder of its own for one test, with agents in it. */
export class Stage {
  readonly path: string;
  readonly a: Party;
  readonly b: Party;
  readonly c: Party;

  private constructor(path: string, a: Party, b: Party, c: Party) {
    this.path = path;
    this.a = a;
    this.b = b;
    this.c = c;
  }

  /** Sets the clock as well. */
  static async make(): Promise<Stage> {
    setClock();
    const path = await mkdtemp(join(tmpdir(), 'ringline-aitp-'));
    const [a, b, c] = await Promise.all(['a', 'b', 'c'].map((name, at) => party(path, name, at + 1)));
    return new Stage(path, a as Party, b as Party, c as Party);
  }

  at(name: string): string {
    return join(this.path, name);
  }

  /** @returns The file's path. */
  async write(name: string, content: string | Uint8Array): Promise<string> {
    await writeFile(this.at(name), content);
    return this.at(name);
  }

  read(name: string): Promise<string> {
    return readFile(this.at(name), 'utf8');
  }

  /** Runs a command and keeps what it prints. @returns The file's path. */
  async keep(name: string, words: readonly string[]): Promise<string> {
    const { code, out, err } = await aitp(words);
    if (code !== 0) throw new Error(`${words.join(' ')}: ${err}`);
    return this.write(name, out);
  }

  async remove(): Promise<void> {
    vi.useRealTimers();
    await rm(this.path, { recursive: true, force: true });
  }

  /** Words of a Manifest by `a`. */
  manifestWords(...more: readonly string[]): readonly string[] {
    const said = ['--name', 'Tides', '--endpoint', 'https://tide.example/aitp/'];
    return ['manifest', '--identity', this.a.file, ...said, '--offer', 'read', '--offer', 'write', ...more];
  }

  /** Words of a token by `a` for `b`. */
  tokenWords(...more: readonly string[]): readonly string[] {
    return ['token', this.b.aid, '--identity', this.a.file, '--grant', 'read', '--grant', 'write', ...more];
  }

  /** Words of a delegation by `b` to `c`, of the voucher in a file. */
  delegateWords(voucher: string, ...more: readonly string[]): readonly string[] {
    return ['delegate', voucher, this.c.aid, '--identity', this.b.file, ...more];
  }
}

async function party(path: string, name: string, fill: number): Promise<Party> {
  const seed = new Uint8Array(32).fill(fill);
  const { did } = await identityFromSeed(seed);
  const file = join(path, `${name}.json`);
  await writeIdentityFile(file, seed, did, undefined);
  return { aid: aidFromDid(did), did, file, signer: await aitpSignerFromSeed(seed) };
}

/** Runs an `aitp` command. */
export async function aitp(words: readonly string[], io = new MemoryIo()) {
  const code = await run(['aitp', ...words], io);
  return { code, out: io.outText, err: io.errText };
}

/** The claims of a token. */
export function claims(token: string) {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
}

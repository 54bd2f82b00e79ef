// A card, keys and a folder for the tests of the `card` commands.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../src/cli/run.js';
import { MemoryIo } from './memory-io.js';

/** Every profile gives the same text for it. */
export const CARD = {
  name: 'Ledger',
  description: 'Answers questions about a ledger.',
  version: '1.2.3',
  supportedInterfaces: [{ url: 'https://agent.example/a2a', protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
  capabilities: { streaming: true },
  defaultInputModes: ['text/plain'],
  defaultOutputModes: ['text/plain'],
  skills: [{ id: 'balance', name: 'Balance', description: 'Tells a balance.', tags: ['ledger'] }],
};

/** `spec` and `sdk` give different texts for it. */
export const EMPTY_CARD = { ...CARD, iconUrl: '', skills: [] };

/** RFC 8037, appendix A.1. */
export const ED25519_JWK = {
  kty: 'OKP',
  crv: 'Ed25519',
  kid: 'ed',
  x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
};

/** RFC 7515, appendix A.3. */
export const P256_JWK = {
  kty: 'EC',
  crv: 'P-256',
  kid: 'p',
  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
  d: 'jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI',
};

/** The public part of a key. */
export function publicJwk<Jwk extends { readonly d: string }>({ d: _, ...jwk }: Jwk): Omit<Jwk, 'd'> {
  return jwk;
}

/** A folder of its own for one test. */
export class Folder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** With `card.json`, `keys.json`, `ed.jwk` and `p.jwk` in it. */
  static async make(): Promise<Folder> {
    const folder = new Folder(await mkdtemp(join(tmpdir(), 'ringline-card-')));
    await folder.write('card.json', CARD);
    await folder.write('keys.json', { keys: [publicJwk(ED25519_JWK), publicJwk(P256_JWK)] });
    await folder.write('ed.jwk', ED25519_JWK);
    await folder.write('p.jwk', P256_JWK);
    return folder;
  }

  at(name: string): string {
    return join(this.path, name);
  }

  /** @param content Bytes and text as they are, anything else as JSON. @returns The file's path. */
  async write(name: string, content: unknown): Promise<string> {
    const isRaw = typeof content === 'string' || content instanceof Uint8Array;
    await writeFile(this.at(name), isRaw ? content : JSON.stringify(content), { mode: 0o600 });
    return this.at(name);
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

/** Runs a `card` command. */
export async function card(words: readonly string[], io = new MemoryIo()) {
  const code = await run(['card', ...words], io);
  return { code, out: io.outText, err: io.errText };
}

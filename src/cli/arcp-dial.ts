// A session with the runtime that the words of a command name, and its end.

import { connect } from '../arcp/client/connect.js';
import type { ClientLimits, ConnectOptions } from '../arcp/client/options.js';
import type { ClientSession } from '../arcp/client/session.js';
import type { AuthBlock } from '../arcp/wire/session.js';
import { hostKind } from '../http/address.js';
import { openWebSocket } from '../transport/websocket.js';
import { wordsOf } from './aitp-subprocess.js';
import { type ChildRuntime, startChild } from './arcp-child.js';
import { notAdmitted } from './arcp-remedies.js';
import { BEARER, SECRETS_IN_WORDS, secretOf, secretOptions } from './arcp-secret.js';
import type { Args, OptionSpec, PositionalSpec } from './args.js';
import type { Io } from './io.js';
import { packageVersion } from './package-version.js';

const STDIO = /^stdio:/i;

/** A lost connection is given up after so long. */
const GIVE_UP_MS = 60_000;

/** A terminal may be slow for a while. */
const LIMITS: Partial<ClientLimits> = { maxEvents: 65_536, maxEventChars: 67_108_864, maxChunks: 16_384 };

/** The word that names a runtime. */
export const runtimePositional: PositionalSpec = {
  name: 'URL',
  help: 'ws://..., wss://..., or "stdio:PROGRAM ARGUMENTS" to start one and talk to its standard input and output',
};

/** Who we are. */
export const credentialOptions: Readonly<Record<string, OptionSpec>> = {
  ...secretOptions(BEARER, 'TOKEN', 'who you are, to the runtime'),
  jwt: { help: 'the token is a signed JWT: scheme signed_jwt' },
};

/** What their help says of credentials. */
export const CREDENTIALS_IN_WORDS = `${SECRETS_IN_WORDS}. Without a token you are a stranger, whom a runtime may refuse. Over ws:// everybody on the way can read it: use wss:// beyond this machine.`;

/** A session, and what keeps it up. */
export interface Dialled {
  readonly session: ClientSession;
  /** Whether we said nothing of who we are, to a runtime that did not start as our own program. */
  readonly isStranger: boolean;
  /** Ends both. Never rejects. */
  close(): Promise<void>;
}

/**
 * Opens a session with the runtime.
 *
 * @throws {UsageError} the words cannot be a runtime, or credentials. @throws as `connect`.
 */
export async function dialRuntime(args: Args, io: Io): Promise<Dialled> {
  const dial = diallerOf(args);
  const auth = await authOf(args, io);
  if (auth.token !== undefined) warnOfListeners(args, io);
  let child: ChildRuntime | undefined;
  try {
    const session = await connect({
      dial: async (offer) => {
        if (!Array.isArray(dial)) return openWebSocket(dial as string, offer);
        child = await startChild(dial);
        return child.transport;
      },
      auth,
      client: { kind: 'ringline-cli', version: await packageVersion() },
      capabilities: {
        streaming: true,
        binary_streams: true,
        human_input: true,
        artifacts: true,
        subscriptions: true,
        durable_jobs: true,
        checkpoints: true,
        scheduled_jobs: true,
        anonymous: auth.scheme === 'none',
      },
      limits: LIMITS,
      reconnect: reconnectOf(dial),
      signal: io.signal,
    });
    if (!args.has('json')) void tellStates(session, io);
    return {
      session,
      isStranger: auth.scheme === 'none' && !Array.isArray(dial),
      async close() {
        await session.close();
        await child?.close();
      },
    };
  } catch (error) {
    await child?.close();
    throw notAdmitted(auth.scheme, error);
  }
}

/** An address, or the words of a program. */
function diallerOf(args: Args): string | readonly string[] {
  const url = args.required('URL');
  if (STDIO.test(url)) {
    const words = wordsOf(url.slice('stdio:'.length));
    if (words.length === 0) throw args.wrong('URL names no program: stdio:PROGRAM ARGUMENTS');
    return words;
  }
  if (/^wss?:\/\/[^/]/i.test(url) && URL.canParse(url)) return url;
  throw args.wrong('URL must begin with ws://, wss:// or stdio:');
}

/** A program that has ended takes its sessions along. */
function reconnectOf(dial: string | readonly string[]): NonNullable<ConnectOptions['reconnect']> {
  return typeof dial === 'string' ? { giveUpMs: GIVE_UP_MS } : false;
}

async function authOf(args: Args, io: Io): Promise<AuthBlock> {
  const token = await secretOf(BEARER, args, io);
  if (token !== undefined) return { scheme: args.has('jwt') ? 'signed_jwt' : 'bearer', token };
  if (args.has('jwt')) throw args.wrong(`--jwt needs a token: --bearer-file FILE, or ${BEARER.variable}`);
  return { scheme: 'none' };
}

function warnOfListeners(args: Args, io: Io): void {
  const url = args.required('URL');
  if (args.has('json') || !/^ws:/i.test(url) || hostKind(new URL(url).hostname) === 'loopback') return;
  io.err('ringline: the token crosses the network readable for everybody; wss:// hides it\n');
}

const STATES: Readonly<Record<string, string>> = {
  reconnecting: 'the connection is lost; trying again',
  resumed: 'connected again, and nothing was missed',
  lost: 'connected again, but what happened meanwhile is lost',
};

async function tellStates(session: ClientSession, io: Io): Promise<void> {
  for await (const { state } of session.states) {
    if (STATES[state] !== undefined) io.err(`ringline: ${STATES[state]}\n`);
  }
}

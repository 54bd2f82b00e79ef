// `ringline serve`

import { serve as servePhone } from '../phone/serve.js';
import type { Session } from '../phone/session.js';
import { aborted } from './aborted.js';
import type { Command } from './command.js';
import { identityOf, identityOption } from './identity-option.js';
import { Stop } from './io.js';
import { jsonLine } from './json-line.js';
import { listen } from './listen.js';
import { builtInMethods } from './methods.js';

/** `ringline serve`: answers calls. */
export const serve: Command = {
  name: 'serve',
  summary: 'Answers calls until Ctrl-C',
  details: [
    'Methods: echo gives its params back; count {"n"} streams the numbers from 1 to n; blob {"size", "n"} streams n strings of size bytes (at most 60,000).',
    'Every caller is authenticated by its key; everyone may call. Pages from other machines are refused while it listens on this machine only.',
  ],
  positionals: [],
  options: {
    port: { value: 'N', help: 'TCP port; default: any that is free' },
    host: { value: 'ADDRESS', help: 'address to listen on; default: 127.0.0.1, this machine only' },
    identity: identityOption,
    json: { help: 'print one line {"url", "did"} when listening, and nothing else' },
  },
  async run(args, io) {
    const port = args.whole('port', 0, 65_535) ?? 0;
    const host = args.text('host') ?? '127.0.0.1';
    const identity = await identityOf(args, io);
    const told = args.has('json') ? () => {} : (line: string) => io.err(`${line}\n`);
    const server = servePhone({ identity, handlers: builtInMethods, onSession: (session) => report(session, told) });
    const { did } = server;
    const listening = await listen(server, { port, host });
    const { url } = listening;
    try {
      await io.out(args.has('json') ? jsonLine({ url, did }) : greeting(url, did));
      return exitCode(await aborted(io.signal));
    } finally {
      await server.close();
      await listening.close();
    }
  },
};

function report(session: Session, told: (line: string) => void): void {
  const { did, remoteAddress } = session.peer;
  told(`+ ${did}${remoteAddress === undefined ? '' : ` from ${remoteAddress}`}`);
  void session.closed.then(({ code, clean }) => told(`- ${did} (${clean ? 'closed' : 'lost'}, ${code})`));
}

function greeting(url: string, did: string): string {
  return [
    `Listening on ${url} as`,
    did,
    '',
    `Call it:  ringline call ${url} ${did} echo '{"hello":"world"}'`,
    'Ctrl-C ends.',
    '',
  ].join('\n');
}

function exitCode(reason: unknown): number {
  return reason instanceof Stop ? reason.exitCode : 0;
}

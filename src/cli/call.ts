// `ringline call`

import type { Session } from '../phone/session.js';
import type { Command } from './command.js';
import { dial, peerPositionals } from './dial.js';
import { identityOf, identityOption } from './identity-option.js';
import type { Io } from './io.js';
import { jsonLine } from './json-line.js';
import { JSON_WORD_HELP, jsonWord } from './json-word.js';

/** `ringline call`: calls a method. */
export const call: Command = {
  name: 'call',
  summary: "Calls an agent's method and prints each result as a line of JSON",
  details: [
    'A failure leaves one line of JSON on standard error, {"error":{"code","message"}}, and exit code 1. Ctrl-C cancels the call and says goodbye.',
  ],
  examples: [
    `call ws://127.0.0.1:8080/ did:key:z6Mk... echo '{"hello":"world"}'`,
    `call ws://127.0.0.1:8080/ did:key:z6Mk... count '{"n":3}' --stream`,
  ],
  failsInJson: true,
  positionals: [
    ...peerPositionals,
    { name: 'METHOD', help: 'such as echo' },
    { name: 'PARAMS', optional: true, help: JSON_WORD_HELP },
  ],
  options: {
    stream: { help: 'ask for a stream' },
    credits: { value: 'N', help: 'items the peer may send ahead, 1 to 65536; default: 8, growing' },
    limit: { value: 'N', help: 'cancel the stream after N items' },
    identity: identityOption,
    json: { help: 'nothing but JSON, on standard error too' },
  },
  async run(args, io) {
    const credits = args.whole('credits', 1, 65_536);
    const limit = args.whole('limit', 1, Number.MAX_SAFE_INTEGER);
    if (!args.has('stream') && (credits ?? limit) !== undefined) {
      throw args.wrong(`--${credits === undefined ? 'limit' : 'credits'} goes with --stream`);
    }
    const params = await jsonWord('PARAMS', args, io);
    const session = await dial(args, await identityOf(args, io), io);
    const method = args.required('METHOD');
    try {
      if (args.has('stream')) await printStream(session, method, params, { credits, limit }, io);
      else await io.out(jsonLine(await session.call(method, params, { signal: io.signal })));
      return 0;
    } finally {
      await session.close();
    }
  },
};

interface Bounds {
  readonly credits: number | undefined;
  readonly limit: number | undefined;
}

async function printStream(session: Session, method: string, params: unknown, bounds: Bounds, io: Io): Promise<void> {
  const { credits, limit = Number.POSITIVE_INFINITY } = bounds;
  const options = { signal: io.signal, ...(credits !== undefined && { credits }) };
  let seen = 0;
  for await (const item of session.stream(method, params, options)) {
    await io.out(jsonLine(item));
    seen += 1;
    if (seen >= limit) break;
  }
}

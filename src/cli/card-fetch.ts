// `ringline card fetch`

import { cardCandidates } from '../a2a/discovery/card-location.js';
import { type FetchedCard, fetchAgentCard } from '../a2a/discovery/fetch-card.js';
import { A2aError } from '../a2a/errors.js';
import { printable } from '../bytes/printable.js';
import { HttpError } from '../errors.js';
import { hostKind } from '../http/address.js';
import type { Args } from './args.js';
import { keyOptions, keysOf } from './card-keys.js';
import type { Command } from './command.js';
import { jsonLine, jsonText } from './json-line.js';

const WORD = 'ORIGIN_OR_URL';

/** `ringline card fetch`: finds the card of an agent. */
export const cardFetch: Command = {
  name: 'card fetch',
  summary: 'Fetches the card of an agent, verifies it when told whose signature counts, and prints it',
  details: [
    'Looks at the well-known path below the address, then at the root of its origin; an address that ends in .json is the card itself. Only https, and no private networks.',
    'With --keys or --did, what is printed is exactly what was signed. Without, it is whatever the server says, with its signatures. Where it came from is said on standard error.',
  ],
  examples: ['card fetch agent.example', 'card fetch https://agent.example/agents/a --did did:key:z6Mk...'],
  positionals: [
    { name: WORD, help: 'such as agent.example, https://agent.example/agents/a, or the address of a card' },
  ],
  options: {
    ...keyOptions,
    'allow-http-loopback': { help: 'this machine may be asked, by http as well' },
    json: { help: 'the card as one line; on standard error a line {"url","verified",...} and nothing else' },
  },
  async run(args, io) {
    const address = addressOf(args);
    const keys = await keysOf(args, io);
    const fetched = await fetchAgentCard(address, {
      ...(keys !== undefined && { verify: { keys } }),
      allowHttpLoopback: args.has('allow-http-loopback'),
      signal: io.signal,
    }).catch((error) => {
      throw explained(error, args);
    });
    io.err(args.has('json') ? jsonLine(originOf(fetched)) : `${printable(originText(fetched))}\n`);
    // Unverified, it is printed whole: saved, it can still be verified.
    const card: unknown = keys === undefined ? JSON.parse(fetched.text) : fetched.card;
    await io.out(args.has('json') ? jsonLine(card) : jsonText(card));
    return 0;
  },
};

/** @throws {UsageError} nothing that could be asked. */
function addressOf(args: Args): string {
  const address = args.required(WORD);
  try {
    cardCandidates(address);
    return address;
  } catch {
    throw args.wrong(`${WORD} must be such as https://agent.example, without a user name`);
  }
}

function originOf({ url, verified }: FetchedCard): Readonly<Record<string, unknown>> {
  if (verified === undefined) return { url, verified: false };
  const { kid, alg, profile, uncovered } = verified;
  return { url, verified: true, kid, alg, profile, uncovered };
}

function originText({ url, verified }: FetchedCard): string {
  if (verified === undefined) return `From ${url}, not verified: nobody vouches for it but its server.`;
  const { kid, uncovered } = verified;
  const left = uncovered.length === 0 ? '' : ` Not signed, and left out: ${uncovered.join(', ')}.`;
  return `From ${url}, signed by ${kid}.${left}`;
}

/** The same failure with what a person may want to know: the addresses, and the switch that opens this machine. */
function explained(error: unknown, args: Args): unknown {
  if (!(error instanceof A2aError)) return error;
  const { code, message, urls = [], cause } = error;
  const isThisMachine = urls.some((url) => hostKind(new URL(url).hostname) === 'loopback');
  const mayHelp = cause instanceof HttpError && cause.code === 'ERR_HTTP_URL' && isThisMachine;
  const hint = mayHelp && !args.has('allow-http-loopback') ? '; --allow-http-loopback allows this machine' : '';
  const tried = urls.length === 0 ? '' : ` (tried ${urls.join(', ')})`;
  return new A2aError(code, `${message}${hint}${tried}`, { cause: error, urls });
}

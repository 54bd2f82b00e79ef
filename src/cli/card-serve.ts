// `ringline card serve`

import type { AgentCard } from '../a2a/card/agent-card.js';
import { parseAgentCard } from '../a2a/card/parse.js';
import { receiveCard } from '../a2a/card/receive.js';
import { WELL_KNOWN_PATH } from '../a2a/discovery/card-location.js';
import { serveAgentCard } from '../a2a/discovery/serve-card.js';
import { aborted } from './aborted.js';
import { cardPositional, readCard } from './card-input.js';
import type { Command } from './command.js';
import { Stop } from './io.js';
import { jsonLine } from './json-line.js';
import { listenHttp } from './listen-http.js';

/** `ringline card serve`: shows a card to the world, or to this machine. */
export const cardServe: Command = {
  name: 'card serve',
  summary: 'Serves an agent card at its well-known path until Ctrl-C',
  details: ['The card is read once and served as it is, with the signatures it has; pages of any origin may read it.'],
  positionals: [cardPositional],
  options: {
    port: { value: 'N', help: 'TCP port; default: any that is free' },
    host: { value: 'ADDRESS', help: 'address to listen on; default: 127.0.0.1, this machine only' },
    json: { help: 'print one line {"url"} when listening, and nothing else' },
  },
  async run(args, io) {
    const port = args.whole('port', 0, 65_535) ?? 0;
    const host = args.text('host') ?? '127.0.0.1';
    const card = receiveCard(await readCard(args, io)) as unknown as AgentCard;
    // For its form only: what is served is the card as it was signed.
    const { signatures = [] } = parseAgentCard(card, { missing: 'fill' });
    const answer = serveAgentCard(card);
    const listening = await listenHttp(
      async (request) => (await answer(request)) ?? new Response(null, { status: 404 }),
      { port, host },
    );
    const url = new URL(WELL_KNOWN_PATH, listening.url).href;
    try {
      if (!args.has('json') && signatures.length === 0) {
        io.err('ringline: the card is not signed; "ringline card sign" signs one\n');
      }
      await io.out(args.has('json') ? jsonLine({ url }) : greeting(url));
      const reason = await aborted(io.signal);
      return reason instanceof Stop ? reason.exitCode : 0;
    } finally {
      await listening.close();
    }
  },
};

function greeting(url: string): string {
  return `Serving the card at ${url}\nCtrl-C ends.\n`;
}

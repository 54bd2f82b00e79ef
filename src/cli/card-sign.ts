// `ringline card sign`

import { receiveCard } from '../a2a/card/receive.js';
import { signAgentCard } from '../a2a/card/sign.js';
import type { JsonObject } from '../codec/json-value.js';
import type { Args } from './args.js';
import { cardPositional, readCard } from './card-input.js';
import { cardSignerOf } from './card-signer.js';
import type { Command } from './command.js';
import type { Io } from './io.js';
import { jsonText } from './json-line.js';

/** `ringline card sign`: signs a card. */
export const cardSign: Command = {
  name: 'card sign',
  summary: 'Signs an agent card and prints it with its signature',
  details: [
    'The card has to be A2A v1.0 to the letter. Signatures that it has already stay, unless --replace says otherwise; they hold only if nothing else of the card has changed.',
    'With --dual the card gets a second signature, by the same key, over the form that the official SDKs verify, where that is another one.',
  ],
  examples: [
    'card sign card.json --identity ringline-identity.json > signed.json',
    'card sign card.json --jwk private.jwk --kid 2026-01 --dual',
  ],
  positionals: [cardPositional],
  options: {
    identity: { value: 'FILE', help: 'identity to sign as, made by "ringline id new"' },
    jwk: { value: 'FILE', help: 'private key to sign with instead, a JWK' },
    dual: { help: 'sign the form of the official SDKs as well, where it differs' },
    kid: {
      value: 'KID',
      help: 'name of the key; default: the kid of the JWK or its thumbprint; of an identity its DID',
    },
    jku: { value: 'URL', help: 'where verifiers may find the key, if they choose to' },
    replace: { help: 'drop the signatures that the card has' },
  },
  async run(args, io) {
    const [kid, jku] = [args.text('kid'), args.text('jku')];
    if (jku !== undefined && !isHttps(jku)) throw args.wrong('URL must begin with https://');
    if (args.text('identity') !== undefined && args.text('jwk') !== undefined) {
      throw args.wrong('--identity and --jwk do not go together');
    }
    const signer = await cardSignerOf(args, io);
    const card = receiveCard(await readCard(args, io));
    const signed = await signAgentCard(card, signer, {
      compat: args.has('dual') ? 'auto' : 'off',
      existing: args.has('replace') ? 'replace' : 'append',
      ...(kid !== undefined && { kid }),
      ...(jku !== undefined && { jku }),
    });
    warnOfOthers(card, args, io);
    await io.out(jsonText(signed));
    return 0;
  },
};

function warnOfOthers({ signatures }: JsonObject, args: Args, io: Io): void {
  if (!Array.isArray(signatures) || signatures.length === 0 || args.has('replace')) return;
  io.err(
    `ringline: earlier signatures stay (${signatures.length}); if the card has changed they do not hold: --replace\n`,
  );
}

function isHttps(url: string): boolean {
  return URL.canParse(url) && new URL(url).protocol === 'https:';
}

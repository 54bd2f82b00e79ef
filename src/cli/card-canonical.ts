// `ringline card canonical`

import { canonicalSigningPayload } from '../a2a/card/payload.js';
import { receiveCard } from '../a2a/card/receive.js';
import { cardPositional, readCard } from './card-input.js';
import { PROFILE_NAMES, profileOf } from './card-profile.js';
import type { Command } from './command.js';

/** `ringline card canonical`: shows what a signature covers. */
export const cardCanonical: Command = {
  name: 'card canonical',
  summary: 'Prints the text that a signature of an agent card covers, and nothing else',
  details: ['Not even a line end follows the text: its bytes are the payload of the signature.'],
  examples: ['card canonical card.json | sha256sum', 'card canonical card.json --profile sdk'],
  positionals: [cardPositional],
  options: { profile: { value: 'P', help: `canonical form, one of ${PROFILE_NAMES}; default: spec` } },
  async run(args, io) {
    const profile = profileOf(args.text('profile') ?? 'spec', args);
    await io.out(canonicalSigningPayload(receiveCard(await readCard(args, io)), profile).text);
    return 0;
  },
};

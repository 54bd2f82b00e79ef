// `ringline card verify`

import { verifyAgentCard } from '../a2a/card/verify.js';
import { A2aError, a2aWireCode } from '../a2a/errors.js';
import { printable } from '../bytes/printable.js';
import { isJwsAlgorithm } from '../documents/algorithms.js';
import { cardPositional, readCard } from './card-input.js';
import { keyOptions, keysOf } from './card-keys.js';
import { PROFILE_NAMES, profileOf } from './card-profile.js';
import type { Command } from './command.js';
import type { Io } from './io.js';
import { jsonLine } from './json-line.js';

/** `ringline card verify`: judges the signatures of a card. */
export const cardVerify: Command = {
  name: 'card verify',
  summary: 'Verifies the signatures of an agent card and prints the verdict as a line of JSON',
  details: [
    'The verdict is {"ok":true,"kid","alg","profile","uncovered"}, and exit code 0, when a signature of a trusted key holds; "uncovered" points to what of the card it does not cover. Otherwise it is {"ok":false,"code","message"}, and exit code 1.',
  ],
  examples: ['card verify card.json --keys jwks.json', 'card verify - --did did:key:z6Mk... < card.json'],
  positionals: [cardPositional],
  options: {
    ...keyOptions,
    profile: {
      value: 'P',
      repeatable: true,
      help: `canonical form to try, of ${PROFILE_NAMES}; default: all but the last`,
    },
    allow: { value: 'ALG', repeatable: true, help: 'algorithm to accept; default: EdDSA, Ed25519 and ES256' },
    json: { help: 'nothing but the verdict: no remarks for people on standard error' },
  },
  async run(args, io) {
    const profiles = args.texts('profile').map((name) => profileOf(name, args));
    const algorithms = args.texts('allow');
    const keys = await keysOf(args, io);
    if (keys === undefined) throw args.wrong('whose signature counts? Say --keys JWKS_FILE or --did DID');
    const remark = (text: string) => void (args.has('json') || io.err(`ringline: ${printable(text)}\n`));
    for (const alg of algorithms) {
      if (!isJwsAlgorithm(alg)) remark(`--allow ${alg} allows nothing: there are EdDSA, Ed25519 and ES256`);
    }
    try {
      const { kid, alg, profile, uncovered } = await verifyAgentCard(await readCard(args, io), {
        keys,
        ...(profiles.length > 0 && { profiles }),
        ...(algorithms.length > 0 && { algorithms }),
        signal: io.signal,
      });
      await io.out(jsonLine({ ok: true, kid, alg, profile, uncovered }));
      return 0;
    } catch (error) {
      if (!(error instanceof A2aError)) throw error;
      return refuse(error, remark, io);
    }
  },
};

async function refuse(error: A2aError, remark: (text: string) => void, io: Io): Promise<number> {
  for (const { index, kid, alg, code } of error.attempts ?? []) {
    const names = [alg, kid].filter((name) => name !== undefined).join(', ');
    remark(`signatures[${index}]${names && ` (${names})`}: ${code === undefined ? 'holds' : a2aWireCode(code)}`);
  }
  await io.out(jsonLine({ ok: false, code: error.wireCode, message: error.message }));
  return 1;
}

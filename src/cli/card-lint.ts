// `ringline card lint`

import { lintForSigning } from '../a2a/card/lint.js';
import { receiveCard } from '../a2a/card/receive.js';
import { cardPositional, readCard } from './card-input.js';
import type { Command } from './command.js';
import { jsonLine } from './json-line.js';

/** `ringline card lint`: finds what verifiers may disagree over. */
export const cardLint: Command = {
  name: 'card lint',
  summary: 'Lists what of an agent card verifiers may disagree over, a line of JSON each',
  details: ['Each line is {"code","pointer"}. Exit code 0 without any, 1 otherwise.'],
  positionals: [cardPositional],
  options: {},
  async run(args, io) {
    const findings = lintForSigning(receiveCard(await readCard(args, io)));
    for (const { code, pointer } of findings) await io.out(jsonLine({ code, pointer }));
    return findings.length === 0 ? 0 : 1;
  },
};

// `ringline aitp mint`

import { mintFixture } from '../aitp/conformance/runner.js';
import { fixturesPositional, readFixtures } from './aitp-fixtures.js';
import type { Command } from './command.js';
import { jsonLine } from './json-line.js';

/** `ringline aitp mint`: shows what a runner sends. */
export const aitpMint: Command = {
  name: 'aitp mint',
  summary: 'Prints AITP fixtures with their placeholders filled in, a line of JSON each',
  details: [
    'Each line is {"id","input"}. Everything is signed with the public test keys of AITP: never trust them. P-256 signatures differ from run to run.',
  ],
  examples: ['aitp mint fixtures > minted.ndjson'],
  positionals: [fixturesPositional],
  options: {},
  async run(args, io) {
    for (const fixture of await readFixtures(args.required('DIR'))) {
      io.signal.throwIfAborted();
      await io.out(jsonLine({ id: fixture.id, input: await mintFixture(fixture) }));
    }
    return 0;
  },
};

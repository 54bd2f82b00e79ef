// `ringline aitp conformance`

import { conformanceAdapter } from '../aitp/conformance/adapter.js';
import type { Fixture } from '../aitp/conformance/fixture.js';
import { closingLine, matrixOf, tallyOf } from '../aitp/conformance/matrix.js';
import { type AdapterChannel, type FixtureResult, runFixtures } from '../aitp/conformance/runner.js';
import { FEATURES } from '../aitp/conformance/state.js';
import { printable } from '../bytes/printable.js';
import { fixturesPositional, readFixtures } from './aitp-fixtures.js';
import { startAdapter, wordsOf } from './aitp-subprocess.js';
import type { Args } from './args.js';
import type { Command } from './command.js';
import { jsonLine } from './json-line.js';
import { packageVersion } from './package-version.js';

/** `ringline aitp conformance`: runs fixtures. */
export const aitpConformance: Command = {
  name: 'aitp conformance',
  summary: 'Runs AITP fixtures against this program or another adapter',
  details: [
    'First the known answers of AITP are computed again; nothing is run unless they come out. Then each fixture gives a line, each group of them a row, and the last line is "N passed, N failed, N skipped". Exit code 1 when any failed.',
    `Drafts are off and their fixtures skipped unless turned on: ${FEATURES.join(', ')}.`,
    'Another adapter is started without a shell and has 30 seconds for each request.',
  ],
  examples: ['aitp conformance fixtures', 'aitp conformance fixtures --adapter "node my.mjs" --json'],
  positionals: [fixturesPositional],
  options: {
    adapter: { value: 'CMD', help: 'program to test, with its arguments; default: this one' },
    filter: { value: 'P', help: 'run only fixtures whose id contains P' },
    feature: { value: 'F', repeatable: true, help: 'draft to turn on' },
    json: { help: 'a line of JSON for each fixture, {"id","verdict","reason"?}, and one for the tally' },
  },
  async run(args, io) {
    const fixtures = chosen(await readFixtures(args.required('DIR')), args);
    const inJson = args.has('json');
    const { channel, close } = await open(args, io.signal);
    let results: readonly FixtureResult[];
    try {
      results = await runFixtures(fixtures, channel, {
        features: args.texts('feature'),
        onResult: (result) => io.out(inJson ? jsonLine(result) : `${lineOf(result)}\n`),
        signal: io.signal,
      });
    } finally {
      await close();
    }
    const tally = tallyOf(results);
    await io.out(inJson ? jsonLine(tally) : `\n${closing(results)}`);
    return tally.failed === 0 ? 0 : 1;
  },
};

function chosen(fixtures: readonly Fixture[], args: Args): readonly Fixture[] {
  const filter = args.text('filter') ?? '';
  const left = fixtures.filter(({ id }) => id.includes(filter));
  // A filter that leaves nothing is a mistake, and must not look like success.
  if (left.length === 0) throw args.wrong('no fixture has such an id');
  return left;
}

async function open(
  args: Args,
  signal: AbortSignal,
): Promise<{ readonly channel: AdapterChannel; readonly close: () => Promise<void> }> {
  const command = args.text('adapter');
  if (command === undefined) {
    const adapter = conformanceAdapter({ version: await packageVersion() });
    return { channel: { request: (request) => adapter.handle(request) }, close: async () => {} };
  }
  const words = wordsOf(command);
  if (words.length === 0) throw args.wrong('--adapter must name a program');
  const running = startAdapter(words, { signal });
  return { channel: running, close: () => running.close() };
}

function lineOf({ id, verdict, reason }: FixtureResult): string {
  return printable(`${verdict}  ${id}${reason === undefined ? '' : `: ${reason}`}`);
}

function closing(results: readonly FixtureResult[]): string {
  const table = matrixOf(results).split('\n').map(printable).join('\n');
  return `${table}\n${closingLine(tallyOf(results))}\n`;
}

// `ringline aitp adapter`

import { onAbort } from '../abort.js';
import { type Adapter, conformanceAdapter } from '../aitp/conformance/adapter.js';
import { MAX_LINE_BYTES } from '../aitp/conformance/request.js';
import { type Line, splitLines } from './aitp-lines.js';
import type { Command } from './command.js';
import type { Io } from './io.js';
import { packageVersion } from './package-version.js';

/** `ringline aitp adapter`: answers the requests of a conformance runner. */
export const aitpAdapter: Command = {
  name: 'aitp adapter',
  summary: 'Answers AITP conformance requests on standard input, a line of JSON each, until shutdown',
  details: [
    'Each line is {"id","op","params"} and is answered by {"id","ok":true,"result"} or {"id","ok":false,"error_code","message"} before the next one is read. "init" lists the ops. Keys stay inside, behind handles; they are gone when it ends.',
  ],
  positionals: [],
  options: {},
  async run(_args, io) {
    const adapter = conformanceAdapter({ version: await packageVersion() });
    // Otherwise the wait for a line that never comes would outlast Ctrl-C.
    onAbort(io.signal, () => process.stdin.destroy());
    await answerLines(splitLines(process.stdin, MAX_LINE_BYTES), adapter, io);
    return 0;
  },
};

/** Answers lines one by one, until they end, `shutdown` was answered, or the run is to stop. */
export async function answerLines(lines: AsyncIterable<Line>, adapter: Adapter, io: Io): Promise<void> {
  for await (const line of lines) {
    if (io.signal.aborted) return;
    // A line that was too long is not there any more: it is answered as one that says nothing.
    const answer = await adapter.handleLine(line === 'too long' ? '!' : line);
    if (answer !== undefined) await io.out(`${answer}\n`);
    if (adapter.ended) return;
  }
}

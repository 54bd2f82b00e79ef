// Lines of a stream, and the loop that answers them.

import { describe, expect, it } from 'vitest';
import { conformanceAdapter } from '../../src/aitp/conformance/adapter.js';
import { answerLines } from '../../src/cli/aitp-adapter.js';
import { splitLines } from '../../src/cli/aitp-lines.js';
import { wordsOf } from '../../src/cli/aitp-subprocess.js';
import { MemoryIo } from './memory-io.js';

async function* stream(...chunks: string[]) {
  for (const chunk of chunks) yield new TextEncoder().encode(chunk);
}

describe('splitting', () => {
  const lines = async (maxBytes: number, ...chunks: string[]) => {
    const found = [];
    for await (const line of splitLines(stream(...chunks), maxBytes)) {
      found.push(typeof line === 'string' ? line : new TextDecoder().decode(line));
    }
    return found;
  };

  it.each<[string[], string[]]>([
    [[], []],
    [['a\nb\n'], ['a', 'b']],
    [
      ['a', 'b', '\n\nc'],
      ['ab', '', 'c'],
    ],
    [['\n'], ['']],
  ])('%j', async (chunks, wanted) => {
    expect(await lines(10, ...chunks)).toEqual(wanted);
  });

  it('does not keep a line that is too long, and goes on with the next', async () => {
    expect(await lines(3, 'abc\nab', 'cd', 'ef\nxyz', '\nabcd')).toEqual(['abc', 'too long', 'xyz', 'too long']);
  });
});

describe('answering', () => {
  const answers = async (io: MemoryIo, ...lines: string[]) => {
    await answerLines(splitLines(stream(lines.join('\n')), 100), conformanceAdapter(), io);
    return io.lines.map((line) => JSON.parse(line));
  };

  it('[16.67] a malformed line, one that is too long, an unknown op, a blank line, and nothing after shutdown', async () => {
    const init = '{"id":"i","op":"init"}';
    const given = await answers(
      new MemoryIo(),
      'nonsense',
      'x'.repeat(101),
      '',
      '{"id":"a","op":"nothing"}',
      init,
      '{"id":"s","op":"shutdown"}',
      init,
    );
    expect(given.map(({ id, ok, error_code }) => [id, ok, error_code])).toEqual([
      ['unknown', false, 'MALFORMED_REQUEST'],
      ['unknown', false, 'MALFORMED_REQUEST'],
      ['a', false, 'OP_NOT_SUPPORTED'],
      ['i', true, undefined],
      ['s', true, undefined],
    ]);
  });

  it('stops when the run is stopped', async () => {
    const io = new MemoryIo();
    io.stop();
    expect(await answers(io, '{"id":"i","op":"init"}')).toEqual([]);
  });
});

describe('words of a command', () => {
  it.each<[string, string[]]>([
    ['', []],
    [' node  my.mjs ', ['node', 'my.mjs']],
    [`"my program" --x='a b' ''`, ['my program', '--x=a b', '']],
    ['a; b $(c)', ['a;', 'b', '$(c)']],
  ])('%j', (command, words) => {
    expect(wordsOf(command)).toEqual(words);
  });
});

// `ringline arcp ...` with words that make no sense: exit code 2, one plain line, and nothing was dialled or opened.

import { writeFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { run } from '../../src/cli/run.js';
import { Folder } from './card-files.js';
import { MemoryIo } from './memory-io.js';

const URL = 'ws://127.0.0.1:1/';
const SECRET = 'x'.repeat(32);

async function refused(words: readonly string[], io = new MemoryIo()) {
  const code = await run(['arcp', ...words], io);
  expect([code, io.outText]).toEqual([2, '']);
  expect(io.errText).toMatch(/^ringline: [^\n]+\n$/);
  expect(io.errText).toContain(`. Try: ringline help arcp ${words[0]}\n`);
  return io.errText;
}

describe('wrong usage', () => {
  it.each([
    [['serve', 'x']],
    [['serve', '--port', '65536']],
    [['serve', '--port', '-1']],
    [['serve', '--port', '7777', '--port', '7778']],
    [['serve', '--stdio', '--port', '7777']],
    [['serve', '--stdio', '--host', '127.0.0.1']],
    [['serve', '--principal', 'alice']],
    [['serve', '--bearer', 'token', '--principal', 'anonymous:x']],
    [['serve', '--bearer', 'two words']],
    [['serve', '--bearer', 'a', '--bearer-file', 'b']],
    [['serve', '--bearer']],
    [['serve', '--jwt-hs256', SECRET]],
    [['serve', '--audience', 'me']],
    [['serve', '--jwt-hs256', SECRET.slice(1), '--audience', 'me']],
    [['serve', '--json=yes']],
    [['invoke']],
    [['invoke', URL]],
    [['invoke', 'http://127.0.0.1:1/', 'echo']],
    [['invoke', 'ws:///', 'echo']],
    [['invoke', '127.0.0.1:7777', 'echo']],
    [['invoke', 'stdio:', 'echo']],
    [['invoke', 'stdio:  ', 'echo']],
    [['invoke', URL, 'echo', '{a:1}']],
    [['invoke', URL, 'echo', '1', '2']],
    [['invoke', URL, 'ask', '--answer', 'not json']],
    [['invoke', URL, 'ask', '--answer']],
    [['invoke', URL, 'echo', '--jwt']],
    [['invoke', URL, 'echo', '--bearer', 'a', '--bearer-file', 'b']],
    [['invoke', URL, 'echo', '--save', 'a', '--save', 'b']],
    [['invoke', URL, 'echo', '--constructor']],
    [['invoke', URL, 'echo', '--at', '2030-01-31']],
    [['invoke', URL, 'echo', '--at', 'tomorrow']],
    [['invoke', URL, 'echo', '--after', '-1']],
    [['invoke', URL, 'echo', '--after', '1.5']],
    [['invoke', URL, 'echo', '--after', '315360001']],
    [['invoke', URL, 'echo', '--after', '1', '--at', '2030-01-31T09:00:00Z']],
    [['tail']],
    [['tail', URL, 'echo']],
    [['tail', URL, '--types', 'job.progres']],
    [['tail', URL, '--types', 'job.progress,,log']],
    [['tail', URL, '--types', 'job.*']],
    [['tail', URL, '--session', 'job_1']],
    [['tail', URL, '--job', 'sess_1']],
    [['tail', URL, '--since', 'job_1']],
    [['tail', URL, '--since', 'msg_']],
    [['tail', URL, '--limit', '0']],
    [['tail', URL, '--min-priority', 'urgent']],
    [['tail', URL, '--min-priority', 'toString']],
  ])('%j', async (words) => {
    await refused(words);
  });

  it.each(['0.0.0.0', '::', '192.168.1.2', 'agent.example', '8.8.8.8'])(
    'to listen on %s, where others could come in without credentials',
    async (host) => {
      await refused(['serve', '--port', '0', '--host', host]);
      await refused(['serve', '--port', '0', '--host', host, '--json']);
    },
  );
});

describe('a secret', () => {
  it.each([
    ['a file with a blank in the middle', 'two words\n'],
    ['an empty file', ''],
    ['a file that is too long', 'x'.repeat(16_385)],
    ['a file of bytes', 'tok\u0000en'],
  ])('is not %s, nor is any of it shown', async (_, content) => {
    const folder = await Folder.make();
    try {
      const file = folder.at('token.txt');
      await writeFile(file, content);
      const said = await refused(['invoke', URL, 'echo', '--bearer-file', file, '--json']);
      expect(said).not.toMatch(/two|words|xxx|tok\\|en"/);
    } finally {
      await folder.remove();
    }
  });

  it('of a missing file is a failure with the code of the system', async () => {
    const io = new MemoryIo();
    expect(await run(['arcp', 'invoke', URL, 'echo', '--bearer-file', '/nonexistent/token', '--json'], io)).toBe(1);
    expect(JSON.parse(io.errText).error.code).toBe('ENOENT');
  });

  it('of the environment is judged like any other', async () => {
    await refused(['tail', URL], new MemoryIo({ env: { RINGLINE_BEARER: 'two words' } }));
    await refused(['serve'], new MemoryIo({ env: { RINGLINE_JWT_HS256: SECRET } }));
  });

  it.each(['serve', 'invoke', 'tail'])('is best kept from the process list, as the help of %s says', async (name) => {
    const io = new MemoryIo();
    await run(['help', 'arcp', name], io);
    expect(io.outText.replace(/\s+/g, ' ')).toContain('Other users of the machine can read the words of a command');
    expect(io.outText).toContain('RINGLINE_BEARER');
    expect(io.outText).toContain('--bearer-file FILE');
  });
});

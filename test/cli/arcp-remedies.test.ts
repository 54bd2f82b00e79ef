// What goes wrong with `ringline arcp ...`, told so that a person knows what to do next. Codes are for programs, and stay;
// the words are for people, so here they are looked at: each must name the option that helps.

import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../src/cli/run.js';
import { ran, type Served, serveArcp, TOKEN, until } from './arcp-story.js';
import { Folder } from './card-files.js';
import { CTRL_D, MemoryIo } from './memory-io.js';

let open: Served;
let guarded: Served;
let folder: Folder;

beforeAll(async () => {
  [open, guarded, folder] = await Promise.all([serveArcp(), serveArcp(['--bearer', TOKEN]), Folder.make()]);
});
afterAll(async () => {
  await Promise.all([open.stop(), guarded.stop(), folder.remove()]);
});

const failure = (err: string) => JSON.parse(err).error;

describe('a runtime that lets nobody in without a token it knows', () => {
  it.each([
    ['a stranger', [], '--bearer-file FILE'],
    ['a token it does not know', ['--bearer', 'another-token'], '--jwt'],
    ['a token that is no JWT', ['--bearer', TOKEN, '--jwt'], 'audience'],
  ])('tells %s what helps, and the program the code', async (_, words, remedy) => {
    for (const command of [
      ['invoke', guarded.url, 'echo'],
      ['tail', guarded.url],
    ]) {
      const told = await ran(['arcp', ...command, ...words]);
      expect([told.code, told.lines]).toEqual([1, []]);
      expect(told.err).toMatch(/^ringline: [^\n]+\n$/);
      expect(told.err).toContain(remedy);
      expect(told.err).not.toContain(TOKEN);
      const { code } = failure((await ran(['arcp', ...command, ...words, '--json'])).err);
      expect(code).toBe('ERR_ARCP_UNAUTHENTICATED');
    }
  });
});

describe('listening', () => {
  it('on a port that is taken names the option that takes another', async () => {
    const told = await ran(['arcp', 'serve', '--port', new URL(open.url).port]);
    expect([told.code, told.lines]).toEqual([1, []]);
    expect(told.err).toContain('--port 0');
  });

  it('on an address that is not of this machine names the option, and keeps the code of the system', async () => {
    const words = ['arcp', 'serve', '--host', '192.0.2.1', '--bearer', TOKEN];
    expect((await ran(words)).err).toContain('--host');
    expect(failure((await ran([...words, '--json'])).err).code).toBe('EADDRNOTAVAIL');
  });

  it('to standard input says so to a person who started it by hand, and to nobody else', async () => {
    for (const [options, words, said] of [
      [{ answers: [] }, [], /waiting for envelopes/],
      [{ answers: [] }, ['--json'], /^$/],
      [{}, [], /^$/],
    ] as const) {
      const { readable, writable } = new TransformStream<Uint8Array>();
      const io = new MemoryIo({ ...options, streams: { readable, writable: new WritableStream() } });
      const ended = run(['arcp', 'serve', '--stdio', ...words], io);
      await writable.close();
      expect(await ended).toBe(0);
      expect(io.errText).toMatch(said);
      expect(io.outText).toBe('');
    }
  });
});

describe('a file to save to', () => {
  it.each([
    ['that is there', 'EEXIST'],
    ['in a folder that is not', 'ENOENT'],
  ])('%s is refused before the tool runs', async (_, code) => {
    const file = code === 'EEXIST' ? await folder.write('there', 'precious') : folder.at('no/such/file');
    const {
      code: exit,
      lines,
      err,
    } = await ran([...['arcp', 'invoke', open.url, 'artifact', '{"size":1}', '--json', '--save', file]]);
    expect([exit, lines, failure(err).code]).toEqual([1, [], code]);
    if (code === 'EEXIST') expect(await readFile(file, 'utf8')).toBe('precious');
  });

  it('that somebody else makes meanwhile is not written over, and the result is told all the same', async () => {
    const file = folder.at('raced');
    const io = new MemoryIo();
    const { code, lines, err } = await ran(
      ['arcp', 'invoke', open.url, 'artifact', '{"size":1}', '--save', file],
      Object.assign(io, {
        // The result is there: now the file is, too.
        out: async (text: string) => {
          io.outText += text;
          await writeFile(file, 'precious');
        },
      }),
    );
    expect(code).toBe(1);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ size: 1 });
    expect(err).toContain('is there already');
    expect(await readFile(file, 'utf8')).toBe('precious');
  });
});

describe('a program that is not there', () => {
  it('is named, with what to put in its place', async () => {
    const { code, err } = await ran(['arcp', 'invoke', 'stdio:/nonexistent/program', 'echo']);
    expect(code).toBe(1);
    expect(err).toContain('/nonexistent/program');
    expect(err).toContain('stdio:');
  });
});

describe('a choice there is not', () => {
  it('names those there are, made harmless: of a script', async () => {
    const options = '{"options":[{"id":"a\\u001b[2J","label":"A"},{"id":"b","label":"B"}]}';
    const { code, err } = await ran(['arcp', 'invoke', open.url, 'choose', options, '--choose', 'c\u001b[2J']);
    expect(code).toBe(1);
    expect(err).toContain('--choose c\\u001b[2J is not offered; there are: a\\u001b[2J, b\n');
    expect(err).not.toContain('\u001b');
  });

  it('names those there are: of a person, who is asked again', async () => {
    const io = new MemoryIo({ answers: ['9', '2'] });
    const { code, lines } = await ran(['arcp', 'invoke', open.url, 'choose'], io);
    expect([code, lines]).toEqual([0, ['{"choice":"green"}']]);
    expect(io.errText).toContain('type a number from 1 to 3, or one of: red, green, blue\n');
  });

  it('is what a script hears of that gave none at all', async () => {
    expect((await ran(['arcp', 'invoke', open.url, 'choose'])).err).toContain('--choose ID, one of: red, green, blue');
  });
});

describe('an answer', () => {
  it('that counted is not told as a cancellation for a reason', async () => {
    const { err } = await ran(['arcp', 'invoke', open.url, 'ask', '--answer', '1']);
    expect(err).toMatch(/^human\.input\.cancelled answered by /m);
  });

  it('that was declined leaves the code of the cancellation', async () => {
    const io = new MemoryIo({ answers: [CTRL_D] });
    const words = ['arcp', 'invoke', open.url, 'ask', '{"expires_ms":50}'];
    expect((await ran(words, new MemoryIo({ answers: [] }))).err).toMatch(
      /^human\.input\.cancelled DEADLINE_EXCEEDED /m,
    );
    expect((await ran(['arcp', 'invoke', open.url, 'ask'], io)).code).toBe(1);
  });
});

describe('Ctrl-C', () => {
  it('says that the job is being cancelled, and how not to wait for that', async () => {
    const io = new MemoryIo();
    const ended = ran(['arcp', 'invoke', open.url, 'sleep', '{"ms":3600000}'], io);
    await until(io, () => io.errText.includes('job.started'));
    io.stop();
    expect((await ended).code).toBe(130);
    const said = io.errText.indexOf('cancelling the job');
    expect(said).toBeGreaterThan(0);
    expect(io.errText.indexOf('job.cancelled')).toBeGreaterThan(said);
  });
});

describe('arcp tail', () => {
  it.each([
    ['as who the token says', ['--bearer', TOKEN], 'observing; Ctrl-C ends'],
    ['as a stranger, who sees nobody', [], 'as a stranger'],
  ])('says that it observes: %s', async (_, words, said) => {
    const io = new MemoryIo();
    const url = words.length === 0 ? open.url : guarded.url;
    const ended = ran(['arcp', 'tail', url, ...words], io);
    await until(io, () => io.errText.includes('Ctrl-C ends'));
    expect(io.errText).toContain(said);
    io.stop();
    expect((await ended).code).toBe(130);
  });
});

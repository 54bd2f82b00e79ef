// `arcp serve` and `arcp invoke` against each other over loopback, in one process.

import { readFile, stat, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ran, type Served, serveArcp, TOKEN, typesOf, until } from './arcp-story.js';
import { Folder } from './card-files.js';
import { CTRL_D, MemoryIo } from './memory-io.js';

let served: Served;
let url: string;

beforeAll(async () => {
  served = await serveArcp();
  ({ url } = served);
});
afterAll(async () => {
  expect(await served.stop()).toBe(130);
  // One line when it listened, and nothing else ever.
  expect(served.io.lines).toEqual([JSON.stringify({ url })]);
  expect(served.io.errText).toBe('');
});

const invoke = (words: readonly string[], io?: MemoryIo) => ran(['arcp', 'invoke', url, ...words], io);

describe('arcp invoke', () => {
  it.each([
    [['echo', '{"b":[1,"x"],"a":null}'], '{"b":[1,"x"],"a":null}'],
    [['echo', '"text"'], '"text"'],
    [['echo'], 'null'],
    [['echo', '{"__proto__":{"admin":true}}'], '{"__proto__":{"admin":true}}'],
    [['echo', '--', '-5'], '-5'],
    [['sleep', '{"ms":0}'], '{"slept_ms":0}'],
    [['count', '{"n":3}'], '{"counted":3}'],
    [['count', '{"n":0}'], '{"counted":0}'],
    [['think', '{"steps":1}'], '{"steps":1}'],
    [['ask', '--answer', '42'], '{"answer":42}'],
    [['choose', '--choose', 'green'], '{"choice":"green"}'],
  ])('%j prints the result and nothing else: %s', async (words, line) => {
    expect(await invoke(words)).toMatchObject({ code: 0, lines: [line] });
  });

  it('reads arguments from standard input, out of sight of others', async () => {
    const io = new MemoryIo({ input: '{"secret":1}\n' });
    expect(await invoke(['echo', '-'], io)).toMatchObject({ code: 0, lines: ['{"secret":1}'] });
  });

  it('[10.26] prints one envelope a line with --json, and nothing on standard error', async () => {
    const { code, lines, err } = await invoke(['echo', '{"a":1}', '--json']);
    expect([code, err]).toEqual([0, '']);
    expect(typesOf(lines)).toEqual(['job.accepted', 'job.started', 'job.completed']);
    const envelopes = lines.map((line) => JSON.parse(line));
    expect(new Set(envelopes.map(({ correlation_id }) => correlation_id)).size).toBe(1);
    expect(new Set(envelopes.map(({ job_id }) => job_id)).size).toBe(1);
    expect(envelopes[2].payload).toEqual({ value: { a: 1 } });
  });

  it('[10.55] shows every chunk of a stream once, in order, between its open and its close', async () => {
    const { lines } = await invoke(['count', '{"n":5000}', '--json']);
    const envelopes = lines.map((line) => JSON.parse(line));
    const chunks = envelopes.filter(({ type }) => type === 'stream.chunk').map(({ payload }) => payload);
    expect(chunks.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 5_000 }, (_, i) => i));
    expect(chunks.at(-1).data).toEqual({ n: 5_000 });
    const types = typesOf(lines);
    expect(types.indexOf('stream.open')).toBeLessThan(types.indexOf('stream.chunk'));
    expect(types.lastIndexOf('stream.chunk')).toBeLessThan(types.indexOf('stream.close'));
    expect(types.at(-1)).toBe('job.completed');
  });

  it('loses nothing of a stream that is faster than its reader', async () => {
    const io = new MemoryIo();
    let written = '';
    let count = 0;
    io.out = async (text) => {
      written += text;
      // Now and then, as a pipe that is full does.
      if (++count % 200 === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    };
    const n = 20_000;
    const { code, err } = await invoke(['count', JSON.stringify({ n }), '--json'], io);
    expect([code, err]).toEqual([0, '']);
    const chunks = written
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ type }) => type === 'stream.chunk');
    expect(chunks.map(({ payload }) => payload.data.n)).toEqual(Array.from({ length: n }, (_, i) => i + 1));
  }, 60_000);

  it('[10.58] shows thoughts, and of a redacted one not a word', async () => {
    const { lines } = await invoke(['think', '{"steps":1}', '--json']);
    const chunks = lines.map((line) => JSON.parse(line)).filter(({ type }) => type === 'stream.chunk');
    expect(chunks.map(({ payload }) => payload.redacted ?? false)).toEqual([false, true]);
    for (const { payload } of chunks) expect(payload).toMatchObject({ role: 'assistant_thought' });
    expect(chunks[1].payload.content).toBe('weighed what was found');
    expect(lines.join()).not.toContain('nobody is to read');
  });

  it('tells a person what happens, on standard error', async () => {
    const { err } = await invoke(['sleep', '{"ms":0}']);
    const lines = err.split('\n');
    expect(lines[0]).toMatch(/^job\.accepted +job_/);
    expect(lines).toContain(`${'job.progress'.padEnd(21)} 10%`);
    expect(lines.at(-2)).toMatch(/^job\.completed +\{"slept_ms":0\}$/);
  });

  it.each([
    [['nope'], 'ERR_ARCP_NOT_FOUND'],
    [['toString'], 'ERR_ARCP_NOT_FOUND'],
    [['fail'], 'ERR_ARCP_INTERNAL'],
    [['fail', '{"code":"RESOURCE_EXHAUSTED","retry_after_seconds":3}'], 'ERR_ARCP_RESOURCE_EXHAUSTED'],
    [['fail', '{"code":"arcpx.acme.TOO_LATE"}'], 'ERR_ARCP_UNKNOWN'],
    [['fail', '{"code":"OK"}'], 'ERR_ARCP_INVALID_ARGUMENT'],
    [['fail', '{"code":"nonsense"}'], 'ERR_ARCP_INVALID_ARGUMENT'],
    [['fail', '[]'], 'ERR_ARCP_INVALID_ARGUMENT'],
    [['sleep'], 'ERR_ARCP_INVALID_ARGUMENT'],
    [['sleep', '{"ms":-1}'], 'ERR_ARCP_INVALID_ARGUMENT'],
    [['sleep', '{"ms":3600001}'], 'ERR_ARCP_INVALID_ARGUMENT'],
    [['count', '{"n":1.5}'], 'ERR_ARCP_INVALID_ARGUMENT'],
    [['count', '{"__proto__":{"n":1}}'], 'ERR_ARCP_INVALID_ARGUMENT'],
    [['think', '{"steps":"3"}'], 'ERR_ARCP_INVALID_ARGUMENT'],
    [['ask', '{"prompt":1}'], 'ERR_ARCP_INVALID_ARGUMENT'],
    [['ask', '{"schema":{"type":"integer"},"default":"x"}'], 'ERR_ARCP_INVALID_ARGUMENT'],
    [['ask', '{"schema":{"pattern":"(a+)+$"}}'], 'ERR_ARCP_INVALID_ARGUMENT'],
    [['ask', '{"expires_ms":0}'], 'ERR_ARCP_INVALID_ARGUMENT'],
    [['choose', '{"options":[]}'], 'ERR_ARCP_INVALID_ARGUMENT'],
    [['choose', '{"options":[{"id":"a","label":"A"},{"id":"a","label":"B"}]}'], 'ERR_ARCP_INVALID_ARGUMENT'],
    [['artifact', '{"size":4194305}'], 'ERR_ARCP_INVALID_ARGUMENT'],
    [['artifact', '{"size":1,"media_type":"nonsense"}'], 'ERR_ARCP_INVALID_ARGUMENT'],
    [['lease', '{"seconds":0}'], 'ERR_ARCP_INVALID_ARGUMENT'],
  ])('%j fails with exit code 1, and one line of JSON says why', async (words, code) => {
    const ended = await invoke([...words, '--json']);
    expect(ended.code).toBe(1);
    expect(ended.err).toMatch(/^[^\n]+\n$/);
    expect(JSON.parse(ended.err)).toEqual({ error: { code, message: expect.any(String) } });
    expect(typesOf(ended.lines).at(-1)).toBe('job.failed');
  });

  it('fails where nobody listens, and where what listens is no runtime', async () => {
    const { code, err } = await ran(['arcp', 'invoke', 'ws://127.0.0.1:1/', 'echo', '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(err).error.code).toBe('ERR_CHANNEL_REFUSED');
  });
});

describe('what a job asks', () => {
  const integer = '{"prompt":"How many?","schema":{"type":"integer"}}';

  it('[10.46] is answered again where the first answer does not fit', async () => {
    expect(await invoke(['ask', integer, '--answer', '"x"', '--answer', '3'])).toMatchObject({
      code: 0,
      lines: ['{"answer":3}'],
    });
  });

  it('[10.49] takes no choice that was not offered', async () => {
    expect(await invoke(['choose', '--choose', 'mauve', '--choose', 'red'])).toMatchObject({
      code: 0,
      lines: ['{"choice":"red"}'],
    });
  });

  it.each([
    ['ask', integer],
    ['choose', '{}'],
  ])('is declined where nobody can answer: %s', async (tool, given) => {
    const { code, lines, err } = await invoke([tool, given]);
    expect([code, lines]).toEqual([1, []]);
    expect(err).toContain('nobody is here to answer');
    expect(typesOf((await invoke([tool, given, '--json'])).lines).at(-1)).toBe('job.cancelled');
  });

  it('[10.47] that has a default goes on with it when the time is over', async () => {
    const io = new MemoryIo({ answers: [] });
    const given = '{"schema":{"type":"integer"},"default":7,"expires_ms":100}';
    expect(await invoke(['ask', given], io)).toMatchObject({ code: 0, lines: ['{"answer":7}'] });
  });

  it('[10.48] that nobody answers in time fails the job', async () => {
    const io = new MemoryIo({ answers: [] });
    const { code, err } = await invoke(['ask', '{"expires_ms":50}'], io);
    expect(code).toBe(1);
    expect(err).toContain('DEADLINE_EXCEEDED');
  });

  it('R5: is put to the person with who asks, made harmless, and what is typed is the answer', async () => {
    const io = new MemoryIo({ answers: ['3'] });
    const given = '{"prompt":"How \\u001b[2Jmany?","schema":{"type":"integer"}}';
    expect(await invoke(['ask', given], io)).toMatchObject({ code: 0, lines: ['{"answer":3}'] });
    expect(io.questions).toHaveLength(1);
    expect(io.questions[0]).toContain('ringline/ask asks: How \\u001b[2Jmany?\n');
    expect(io.questions[0]).toContain('{"type":"integer"}');
  });

  it('is asked again after an answer that does not fit', async () => {
    const io = new MemoryIo({ answers: ['many', '4'] });
    expect(await invoke(['ask', integer], io)).toMatchObject({ code: 0, lines: ['{"answer":4}'] });
    expect(io.questions).toHaveLength(2);
  });

  it.each([
    ['text without quotes', '{}', 'Ada', '{"answer":"Ada"}'],
    ['a number where text is wanted', '{"schema":{"type":"string"}}', '42', '{"answer":"42"}'],
    ['JSON', '{}', '{"a":[1]}', '{"answer":{"a":[1]}}'],
    ['nothing, which is the default', '{"default":{"x":1}}', '', '{"answer":{"x":1}}'],
  ])('takes what a person types: %s', async (_, given, typed, line) => {
    expect(await invoke(['ask', given], new MemoryIo({ answers: [typed] }))).toMatchObject({ code: 0, lines: [line] });
  });

  it.each([
    ['2', 'green'],
    ['blue', 'blue'],
    [' red ', 'red'],
  ])('is chosen by number or name: %j', async (typed, choice) => {
    const io = new MemoryIo({ answers: [typed] });
    expect(await invoke(['choose'], io)).toMatchObject({ code: 0, lines: [JSON.stringify({ choice })] });
    expect(io.questions[0]).toContain('  2  Green (green)\n');
  });

  it('is asked again after a choice there is not', async () => {
    const io = new MemoryIo({ answers: ['4', '0', '', '1'] });
    expect(await invoke(['choose'], io)).toMatchObject({ code: 0, lines: ['{"choice":"red"}'] });
  });

  it('is declined by Ctrl-D, which cancels the job', async () => {
    const { code, lines, err } = await invoke(['ask'], new MemoryIo({ answers: [CTRL_D] }));
    expect([code, lines]).toEqual([1, []]);
    expect(err).toMatch(/job\.cancelled/);
  });

  it('goes to no person with --json, not even where one is', async () => {
    const io = new MemoryIo({ answers: ['3'] });
    expect((await invoke(['ask', integer, '--json'], io)).code).toBe(1);
    expect(io.questions).toEqual([]);
  });
});

describe('leave', () => {
  it('[10.52] is granted by name for a script, and a lease comes of it', async () => {
    const { code, lines } = await invoke(['lease', '{"seconds":60}', '--grant', 'filesystem.write', '--json']);
    expect(code).toBe(0);
    const envelopes = lines.map((line) => JSON.parse(line));
    expect(envelopes.some(({ type }) => type === 'lease.granted')).toBe(true);
    const { lease_id, seconds_left } = envelopes.at(-1).payload.value;
    expect(lease_id).toMatch(/^lease_/);
    expect(seconds_left).toBeGreaterThan(55);
  });

  it.each([
    ['nobody is there', [], undefined],
    ['another permission is granted', ['--grant', 'filesystem.read'], undefined],
    ['a prefix of it is granted', ['--grant', 'filesystem'], undefined],
    ['the person says no', [], ['n']],
    ['the person says nothing', [], ['']],
    ['the person leaves', [], [CTRL_D]],
  ])('[10.53] is denied where %s', async (_, words, answers) => {
    const io = new MemoryIo(answers === undefined ? {} : { answers });
    const { code, err } = await invoke(['lease', ...words], io);
    expect(code).toBe(1);
    expect(err).toContain('PERMISSION_DENIED');
  });

  it('is given by a person who says yes, and sees what for', async () => {
    const io = new MemoryIo({ answers: ['y'] });
    expect(await invoke(['lease', '{"resource":"/etc/passwd"}'], io)).toMatchObject({ code: 0 });
    expect(io.questions[0]).toContain('filesystem.write: write /etc/passwd');
  });
});

describe('an artifact', () => {
  it('[10.66] is named by the result, and saved on request, byte for byte', async () => {
    const folder = await Folder.make();
    try {
      const file = folder.at('out.bin');
      const { code, lines } = await invoke(['artifact', '{"size":1000,"media_type":"image/png"}', '--save', file]);
      expect(code).toBe(0);
      expect(JSON.parse(lines[0] ?? '')).toMatchObject({ media_type: 'image/png', size: 1_000 });
      const bytes = await readFile(file);
      expect([...bytes]).toEqual(Array.from({ length: 1_000 }, (_, i) => i & 0xff));
    } finally {
      await folder.remove();
    }
  });

  it('is never written over a file', async () => {
    const folder = await Folder.make();
    try {
      const file = folder.at('there');
      await writeFile(file, 'precious');
      const { code, err } = await invoke(['artifact', '{"size":1}', '--save', file, '--json']);
      expect([code, JSON.parse(err).error.code]).toEqual([1, 'EEXIST']);
      expect(await readFile(file, 'utf8')).toBe('precious');
    } finally {
      await folder.remove();
    }
  });

  it('there is none to save of a result that is a value', async () => {
    const folder = await Folder.make();
    try {
      const file = folder.at('none');
      expect((await invoke(['echo', '1', '--save', file])).code).toBe(1);
      await expect(stat(file)).rejects.toMatchObject({ code: 'ENOENT' });
    } finally {
      await folder.remove();
    }
  });
});

describe('Ctrl-C', () => {
  it('[10.37] cancels the job, waits for its end, and leaves the runtime well', async () => {
    const io = new MemoryIo();
    const ended = invoke(['sleep', '{"ms":3600000}', '--json'], io);
    await until(io, () => io.outText.includes('job.started'));
    io.stop();
    expect(await ended).toMatchObject({ code: 130, err: '' });
    expect(typesOf(io.lines).at(-1)).toBe('job.cancelled');
    expect(JSON.parse(io.lines.at(-1) ?? '').payload.reason).toBe('the person stopped it');
    expect(await invoke(['echo', '1'])).toMatchObject({ code: 0 });
  });

  it('takes back a question that is open at the terminal', async () => {
    const io = new MemoryIo({ answers: [] });
    const ended = invoke(['ask'], io);
    await until(io, () => io.questions.length > 0 || io.errText.includes('human.input.request'));
    await new Promise((resolve) => setImmediate(resolve));
    io.stop();
    expect((await ended).code).toBe(130);
    expect(io.errText).toContain('job.cancelled');
  });

  it('ends with 0 when only the reader of the output went away', async () => {
    const io = new MemoryIo();
    const ended = invoke(['count', '{"n":1000000000}', '--json'], io);
    await until(io, () => io.lines.length >= 5);
    io.stop(0);
    expect(await ended).toMatchObject({ code: 0, err: '' });
  });

  it('ends a dial that nobody answers', async () => {
    const io = new MemoryIo();
    const ended = invoke(['echo'], io);
    io.stop();
    expect(await ended).toMatchObject({ code: 130, lines: [], err: '' });
  });
});

describe('a runtime that takes credentials', () => {
  it('[10.13] [10.14] lets in the token, of a word, a file or the environment, and nobody else', async () => {
    const folder = await Folder.make();
    const guarded = await serveArcp(['--bearer', TOKEN]);
    try {
      const file = await folder.write('token', `${TOKEN}\n`);
      const echo = ['arcp', 'invoke', guarded.url, 'echo', '1', '--json'];
      expect((await ran([...echo, '--bearer', TOKEN])).code).toBe(0);
      expect((await ran([...echo, '--bearer-file', file])).code).toBe(0);
      expect((await ran(echo, new MemoryIo({ env: { RINGLINE_BEARER: TOKEN } }))).code).toBe(0);
      for (const words of [[], ['--bearer', 'wrong'], ['--bearer', TOKEN, '--jwt']]) {
        const { code, lines, err } = await ran([...echo, ...words]);
        expect([code, lines, JSON.parse(err).error.code]).toEqual([1, [], 'ERR_ARCP_UNAUTHENTICATED']);
        expect(err).not.toContain(TOKEN);
      }
    } finally {
      await guarded.stop();
      await folder.remove();
    }
  });

  it('[10.18] lets in a JWT for its audience, as the sub it names', async () => {
    const secret = 'a-secret-of-thirty-two-characters';
    const io = new MemoryIo({ env: { RINGLINE_JWT_HS256: secret } });
    const ended = serveArcp(['--audience', 'desk'], io);
    const guarded = await ended;
    const { SignJWT } = await import('jose');
    const token = (aud: string) =>
      new SignJWT({ sub: 'ada', aud })
        .setProtectedHeader({ alg: 'HS256' })
        .setExpirationTime('5m')
        .sign(new TextEncoder().encode(secret));
    const echo = ['arcp', 'invoke', guarded.url, 'echo', '1', '--json', '--jwt', '--bearer'];
    expect((await ran([...echo, await token('desk')])).code).toBe(0);
    const refused = await ran([...echo, await token('another')]);
    expect([refused.code, JSON.parse(refused.err).error.code]).toEqual([1, 'ERR_ARCP_UNAUTHENTICATED']);
    await guarded.stop();
  });

  it('listens beyond this machine', async () => {
    const guarded = await serveArcp(['--host', '0.0.0.0', '--bearer', TOKEN]);
    expect(new URL(guarded.url).hostname).toBe('0.0.0.0');
    await guarded.stop();
  });

  it('tells a person who came, what for, and how it ended', async () => {
    const io = new MemoryIo();
    const ended = ran(['arcp', 'serve', '--port', '0', '--bearer', TOKEN, '--principal', 'ada'], io);
    await io.firstLine();
    const address = /Listening on (\S+)/.exec(io.outText)?.[1] ?? '';
    await ran(['arcp', 'invoke', address, 'fail', '--bearer', TOKEN]);
    io.stop();
    expect((await ended).code).toBe(130);
    expect(io.errText).toMatch(/^\+ ada\n> tool\.invoke +fail null\n< job\.failed +INTERNAL .* \(job_\w+\)\n$/);
    expect(io.outText + io.errText).not.toContain(TOKEN);
  });

  it('fails with the code of the system on a port that is taken', async () => {
    const { code, err } = await ran(['arcp', 'serve', '--json', '--port', new URL(url).port]);
    expect([code, JSON.parse(err).error.code]).toEqual([1, 'EADDRINUSE']);
  });
});

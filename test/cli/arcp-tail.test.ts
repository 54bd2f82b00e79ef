// `arcp tail` beside jobs of the same principal, and of others.

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ran, type Served, serveArcp, TOKEN, typesOf, until } from './arcp-story.js';
import { MemoryIo } from './memory-io.js';

let served: Served;

beforeEach(async () => {
  served = await serveArcp(['--bearer', TOKEN]);
});
afterEach(() => served.stop());

const invoke = (words: readonly string[]) => ran(['arcp', 'invoke', served.url, ...words, '--bearer', TOKEN, '--json']);

/** Starts to observe. Settled once the subscription stands, which its own session's events show. */
function tail(words: readonly string[], io = new MemoryIo(), token = TOKEN) {
  return ran(['arcp', 'tail', served.url, '--bearer', token, '--json', ...words], io);
}

const idsOf = (lines: readonly string[]) => lines.map((line) => JSON.parse(line).id);

/** Invokes `echo` until an observer has seen one: then its subscription stands. */
async function observed(io: MemoryIo): Promise<void> {
  while (io.lines.length === 0) await invoke(['echo', '"warm"']);
}

describe('arcp tail', () => {
  it('[10.59] shows the types it was asked for, envelope by envelope as they were sent', async () => {
    const io = new MemoryIo();
    const ended = tail(['--types', 'job.completed,job.failed'], io);
    await observed(io);
    const before = io.lines.length;
    const [done, failed] = [await invoke(['echo', '{"a":1}']), await invoke(['fail'])];
    await until(io, () => io.lines.length >= before + 2);
    io.stop();
    expect(await ended).toMatchObject({ code: 130, err: '' });
    expect(io.lines.slice(before)).toEqual([done.lines.at(-1), failed.lines.at(-1)]);
  });

  it('[10.62] begins after a message, without a gap or a repeat to what follows', async () => {
    const first = await invoke(['count', '{"n":20}']);
    const [, start] = idsOf(first.lines);
    const { code, lines } = await tail(['--since', start as string, '--limit', String(first.lines.length - 2)]);
    expect(code).toBe(0);
    expect(idsOf(lines)).toEqual(idsOf(first.lines).slice(2));

    const io = new MemoryIo();
    const types = 'job.accepted,job.completed';
    const ended = tail(['--since', start as string, '--types', types, '--limit', '5'], io);
    await until(io, () => io.lines.length >= 1);
    const [second, third] = [await invoke(['echo']), await invoke(['echo'])];
    expect((await ended).code).toBe(0);
    expect(idsOf(io.lines)).toEqual(
      [first, second, third].flatMap(({ lines: all }) => idsOf(all)).filter((id) => idsOf(io.lines).includes(id)),
    );
    expect(typesOf(io.lines)).toEqual([
      'job.completed',
      'job.accepted',
      'job.completed',
      'job.accepted',
      'job.completed',
    ]);
  });

  it('shows one job, or one session, alone', async () => {
    const { lines } = await invoke(['echo', '1']);
    const { job_id, session_id } = JSON.parse(lines[0] as string);
    await invoke(['echo', '2']);
    const [start] = idsOf(lines);
    for (const words of [
      ['--job', job_id],
      ['--session', session_id, '--types', 'job.started,job.completed'],
    ]) {
      const shown = await tail(['--since', start as string, ...words, '--limit', '2']);
      expect(idsOf(shown.lines)).toEqual(idsOf(lines).slice(1));
    }
  });

  it('[10.60] leaves out what is less urgent', async () => {
    const io = new MemoryIo();
    const ended = tail(['--min-priority', 'high', '--limit', '1'], io);
    while (io.lines.length === 0) await invoke(['lease']);
    expect((await ended).code).toBe(0);
    expect(JSON.parse(io.lines[0] as string).priority).toMatch(/^(high|critical)$/);
  });

  it.each([
    ['[10.63] a session of nobody', ['--session', 'sess_1'], 'ERR_ARCP_PERMISSION_DENIED'],
    ['[10.63] a job of nobody', ['--job', 'job_1'], 'ERR_ARCP_PERMISSION_DENIED'],
    ['a message nobody knows', ['--since', 'msg_1'], 'ERR_ARCP_NOT_FOUND'],
  ])('refuses %s', async (_, words, code) => {
    const ended = await tail(words);
    expect([ended.code, ended.lines, JSON.parse(ended.err).error.code]).toEqual([1, [], code]);
  });

  it('is refused a token nobody knows', async () => {
    const ended = await tail([], new MemoryIo(), 'another-token');
    expect([ended.code, JSON.parse(ended.err).error.code]).toEqual([1, 'ERR_ARCP_UNAUTHENTICATED']);
  });

  it('tells a person when, in which job, and what', async () => {
    const { lines } = await invoke(['sleep', '{"ms":0}']);
    const { id, job_id } = JSON.parse(lines[0] as string);
    const words = ['arcp', 'tail', served.url, '--bearer', TOKEN, '--since', id, '--limit', '2'];
    const shown = await ran(words);
    expect(shown.lines[1]).toMatch(new RegExp(`^\\d\\d:\\d\\d:\\d\\d\\.\\d{3} ${job_id} job\\.progress +10%$`));
  });

  it('says that the connection is lost, and fails where the runtime that comes back has forgotten everything', async () => {
    const first = await serveArcp(['--bearer', TOKEN]);
    const { port } = new URL(first.url);
    const io = new MemoryIo();
    const ended = ran(['arcp', 'tail', first.url, '--bearer', TOKEN], io);
    while (io.lines.length === 0) await ran(['arcp', 'invoke', first.url, 'echo', '--bearer', TOKEN]);
    await first.stop();
    await until(io, () => io.errText.includes('the connection is lost; trying again'));
    const second = new MemoryIo();
    const secondEnd = ran(['arcp', 'serve', '--port', port, '--json', '--bearer', TOKEN], second);
    await second.firstLine();
    // What it missed nobody can tell: going on as if nothing had been would hide that.
    expect((await ended).code).toBe(1);
    expect(io.errText).toContain('what happened meanwhile is lost');
    expect(io.errText).toContain('run this again');
    second.stop();
    await secondEnd;
  });

  it('is stopped while there is no connection', async () => {
    const other = await serveArcp(['--bearer', TOKEN]);
    const io = new MemoryIo();
    const ended = ran(['arcp', 'tail', other.url, '--bearer', TOKEN], io);
    while (io.lines.length === 0) await ran(['arcp', 'invoke', other.url, 'echo', '--bearer', TOKEN]);
    await other.stop();
    await until(io, () => io.errText.includes('the connection is lost'));
    io.stop();
    expect((await ended).code).toBe(130);
  });
});

describe('R2: somebody else', () => {
  it('is seen by nobody: not by another principal, not by a stranger', async () => {
    const secret = 'a-secret-of-thirty-two-characters';
    const both = await serveArcp([
      ...['--bearer', TOKEN, '--principal', 'alice'],
      ...['--jwt-hs256', secret, '--audience', 'desk'],
    ]);
    const { SignJWT } = await import('jose');
    const token = await new SignJWT({ sub: 'bob', aud: 'desk' })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime('5m')
      .sign(new TextEncoder().encode(secret));
    const own = new MemoryIo();
    const other = new MemoryIo();
    const types = ['--types', 'job.completed', '--json'];
    const [ownEnd, otherEnd] = [
      ran(['arcp', 'tail', both.url, '--bearer', TOKEN, ...types], own),
      ran(['arcp', 'tail', both.url, '--bearer', token, '--jwt', ...types], other),
    ];
    const echo = (words: readonly string[]) => ran(['arcp', 'invoke', both.url, 'echo', ...words]);
    while (own.lines.length === 0) await echo(['"alice"', '--bearer', TOKEN]);
    while (other.lines.length === 0) await echo(['"bob"', '--bearer', token, '--jwt']);
    await echo(['"alice"', '--bearer', TOKEN]);
    own.stop();
    other.stop();
    await Promise.all([ownEnd, otherEnd]);
    for (const line of own.lines) expect(JSON.parse(line).payload.value).toBe('alice');
    for (const line of other.lines) expect(JSON.parse(line).payload.value).toBe('bob');
    await both.stop();
  });
});

// The built program as a process of its own: its line, its exit codes, its signals.

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { build } from '../../scripts/build.mjs';
import { CARD, Folder } from './card-files.js';

const root = join(import.meta.dirname, '../..');
const program = join(root, manifest.bin.ringline);
const children: ChildProcessByStdio<Writable, Readable, Readable>[] = [];

beforeAll(() => build({ log: () => {} }), 60_000);
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** @param input What stands in its standard input. */
function start(words: string[], input: string | Uint8Array = '') {
  const child = spawn(process.execPath, [program, ...words], { stdio: ['pipe', 'pipe', 'pipe'] });
  children.push(child);
  child.stdin.on('error', () => {}).end(input);
  const said = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text) => {
    said.out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said.err += text;
  });
  return { child, said, ended: once(child, 'close').then(([code]) => ({ code: code as number, ...said })) };
}

/** Waits for the first line of a process. */
async function firstLine({ child, said }: ReturnType<typeof start>): Promise<string> {
  while (!said.out.includes('\n')) await once(child.stdout, 'data');
  return said.out.slice(0, said.out.indexOf('\n'));
}

// A dozen processes, on a machine that may be busy.
describe('the program', { timeout: 60_000 }, () => {
  it('knows its version, and wrong usage', async () => {
    expect(await start(['version']).ended).toEqual({ code: 0, out: `${manifest.version}\n`, err: '' });
    const { code, out, err } = await start(['nonsense']).ended;
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('ringline help');
  });

  it('serves, calls, fails, is interrupted', async () => {
    const server = start(['serve', '--json']);
    const { url, did } = JSON.parse(await firstLine(server));

    const echo = start(['call', url, did, 'echo', '{"a":1}']);
    expect(await echo.ended).toEqual({ code: 0, out: '{"a":1}\n', err: '' });

    const failed = await start(['call', url, did, 'nope', '--json']).ended;
    expect([failed.code, failed.out]).toEqual([1, '']);
    expect(JSON.parse(failed.err).error.code).toBe('ERR_RPC_METHOD_NOT_FOUND');

    const endless = start(['call', url, did, 'count', '{"n":1000000000}', '--stream']);
    await firstLine(endless);
    endless.child.kill('SIGINT');
    expect(await endless.ended).toMatchObject({ code: 130, err: '' });

    const abandoned = start(['call', url, did, 'count', '{"n":1000000000}', '--stream']);
    await firstLine(abandoned);
    abandoned.child.stdout.destroy();
    expect(await abandoned.ended).toMatchObject({ code: 0, err: '' });

    server.child.kill('SIGINT');
    expect(await server.ended).toMatchObject({ code: 130, err: '' });
  });

  it('signs a card, serves it, fetches it, and verifies the bytes of a pipe', async () => {
    const folder = await Folder.make();
    try {
      const keys = folder.at('keys.json');
      const signing = ['card', 'sign', '-', '--jwk', folder.at('ed.jwk')];
      const { code, out: signed } = await start(signing, JSON.stringify(CARD)).ended;
      expect(code).toBe(0);

      const verify = ['card', 'verify', '-', '--keys', keys, '--json'];
      expect(await start(verify, signed).ended).toMatchObject({ code: 0, err: '' });
      const refused = await start(verify, Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)).ended;
      expect([refused.code, refused.err, JSON.parse(refused.out).code]).toEqual([1, '', 'invalid_card']);
      const flooded = await start(verify, new Uint8Array(2_000_000)).ended;
      expect([flooded.code, JSON.parse(flooded.out).code]).toEqual([1, 'invalid_card']);

      const server = start(['card', 'serve', await folder.write('signed.json', signed), '--json']);
      const { url } = JSON.parse(await firstLine(server));
      const fetched = await start(['card', 'fetch', url, '--keys', keys, '--allow-http-loopback']).ended;
      expect([fetched.code, JSON.parse(fetched.out)]).toEqual([0, CARD]);
      server.child.kill('SIGINT');
      expect(await server.ended).toMatchObject({ code: 130, err: '' });
    } finally {
      await folder.remove();
    }
  });

  it('works over ARCP: on loopback with an observer, and with a child on standard input and output', async () => {
    const folder = await Folder.make();
    try {
      const token = ['--bearer-file', await folder.write('token', 'a-token-that-is-long-enough\n')];
      const server = start(['arcp', 'serve', '--port', '0', '--json', ...token]);
      const { url } = JSON.parse(await firstLine(server));
      const echo = await start(['arcp', 'invoke', url, 'echo', '{"a":1}', '--json', ...token]).ended;
      expect([echo.code, echo.err]).toEqual([0, '']);
      const [first, ...rest] = echo.out.trimEnd().split('\n');
      const since = JSON.parse(first as string).id;
      const tail = await start(['arcp', 'tail', url, '--json', '--since', since, '--limit', '2', ...token]).ended;
      expect(tail).toEqual({ code: 0, out: `${rest.join('\n')}\n`, err: '' });
      const refused = await start(['arcp', 'invoke', url, 'echo', '--json']).ended;
      expect([refused.code, JSON.parse(refused.err).error.code]).toEqual([1, 'ERR_ARCP_UNAUTHENTICATED']);
      server.child.kill('SIGINT');
      expect(await server.ended).toMatchObject({ code: 130, err: '' });

      const stdio = `stdio:"${process.execPath}" "${program}" arcp serve --stdio --json`;
      const asked = await start(['arcp', 'invoke', stdio, 'ask', '--answer', '42', '--json']).ended;
      expect([asked.code, asked.err]).toEqual([0, '']);
      const sleeping = start(['arcp', 'invoke', stdio, 'sleep', '{"ms":3600000}', '--json']);
      while (!sleeping.said.out.includes('job.started')) await once(sleeping.child.stdout, 'data');
      sleeping.child.kill('SIGINT');
      const stopped = await sleeping.ended;
      expect([stopped.code, stopped.err]).toEqual([130, '']);
      expect(JSON.parse(stopped.out.trimEnd().split('\n').at(-1) as string).type).toBe('job.cancelled');
    } finally {
      await folder.remove();
    }
  });
});

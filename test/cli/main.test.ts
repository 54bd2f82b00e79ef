// The built program as a process of its own: its line, its exit codes, its signals.

import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { build } from '../../scripts/build.mjs';

const root = join(import.meta.dirname, '../..');
const program = join(root, manifest.bin.ringline);
const children: ChildProcessByStdio<null, Readable, Readable>[] = [];

beforeAll(() => build({ log: () => {} }), 60_000);
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function start(words: string[]) {
  const child = spawn(process.execPath, [program, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
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

describe('the program', () => {
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
});

// `ringline aitp ...`: fixtures in a folder, in process and against other programs.

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startAdapter } from '../../src/cli/aitp-subprocess.js';
import { run } from '../../src/cli/run.js';
import { Folder } from './card-files.js';
import { MemoryIo } from './memory-io.js';

const OWN = fileURLToPath(new URL('../../vectors/aitp/fixtures', import.meta.url));

async function aitp(words: readonly string[], io = new MemoryIo()) {
  const code = await run(['aitp', ...words], io);
  return { code, lines: io.lines, err: io.errText };
}

let folder: Folder;
beforeEach(async () => {
  folder = await Folder.make();
  await mkdir(folder.at('set'));
});
afterEach(() => folder.remove());

const scenario = (id: string, input: object, expected: object = { outcome: 'success' }) => ({
  id,
  rfc: 'RFC-AITP-0001',
  status: 'core',
  required_for_v0_1: false,
  required_for_v0_2: true,
  feature: null,
  input,
  expected,
});

/** Writes fixtures into a folder. @returns its path. */
async function set(...fixtures: { id: string }[]): Promise<string> {
  for (const fixture of fixtures) {
    await writeFile(join(folder.at('set'), `${fixture.id}.json`), JSON.stringify(fixture));
  }
  return folder.at('set');
}

const good = scenario('good', { operation: 'verify_jcs', input: 1 });
const bad = scenario('bad', { operation: 'verify_jcs', input: 1 }, { outcome: 'failure', error_code: 'JCS_ERROR' });

describe('aitp conformance', () => {
  it('runs a folder: a line for each fixture, a table, and the closing line', async () => {
    const { code, lines, err } = await aitp(['conformance', OWN]);
    expect([code, err]).toEqual([0, '']);
    expect(lines[0]).toBe('skip  own-bundle-001-valid: experimental-session-bundle is off');
    expect(lines).toContain('pass  own-tct-001-valid');
    expect(lines.some((line) => /^own-tct +9 +0 +0$/.test(line))).toBe(true);
    expect(lines.at(-1)).toBe('62 passed, 0 failed, 9 skipped');
  });

  it('turns drafts on, and chooses by id', async () => {
    const features = ['--feature', 'experimental-session-bundle', '--feature', 'experimental-multihop-delegation'];
    const { code, lines } = await aitp(['conformance', OWN, ...features, '--json', '--filter', '-mh-']);
    expect(code).toBe(0);
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { id: 'own-del-mh-001-valid', verdict: 'pass' },
      { id: 'own-del-mh-002-revoked-hop', verdict: 'pass' },
      { id: 'own-del-mh-003-wider', verdict: 'pass' },
      { id: 'own-mh-001-replay', verdict: 'pass' },
      { passed: 4, failed: 0, skipped: 0 },
    ]);
  });

  it('ends with exit code 1 when one fails, after all have run', async () => {
    const { code, lines } = await aitp(['conformance', await set(bad, good)]);
    expect(code).toBe(1);
    expect(lines[0]).toBe('fail  bad: expected JCS_ERROR, got success');
    expect(lines[1]).toBe('pass  good');
    expect(lines.at(-1)).toBe('1 passed, 1 failed, 0 skipped');
  });

  it('[13.7] runs nothing where a placeholder is not known', async () => {
    const strange = scenario('zz', { operation: 'verify_jcs', input: '__SOMETHING_NEW__' });
    const { code, lines, err } = await aitp(['conformance', await set(good, strange)]);
    expect([code, lines]).toEqual([1, []]);
    expect(err).toContain('zz');
    expect(err).toContain('__SOMETHING_NEW__');
  });

  it.each([
    ['no such folder', 'missing', undefined],
    ['a folder without fixtures', 'set', undefined],
    ['a file that is no JSON', 'set', '{'],
    ['a file that is no fixture', 'set', '{"id":"x"}'],
  ])('refuses %s', async (_, name, content) => {
    if (content !== undefined) await writeFile(join(folder.at('set'), 'x.json'), content);
    const { code, lines, err } = await aitp(['conformance', folder.at(name)]);
    expect([code, lines]).toEqual([1, []]);
    expect(err).toContain(name);
  });

  it.each([[['--filter', 'nothing-like-it']], [['--adapter', ' ']]])('takes %j as wrong usage', async (words) => {
    const { code } = await aitp(['conformance', await set(good), ...words]);
    expect(code).toBe(2);
  });

  it('shows what strangers wrote so that no terminal acts on it', async () => {
    const { lines } = await aitp(['conformance', await set({ ...good, id: 'x\u001b[2J' })]);
    expect(lines[0]).toBe('pass  x\\u001b[2J');
  });
});

describe('aitp mint', () => {
  it('prints every fixture, filled', async () => {
    const input = { operation: 'verify_jcs', input: ['__NOW__', '__VALID_NONCE__'] };
    const { code, lines } = await aitp(['mint', await set(scenario('a', input), good)]);
    expect(code).toBe(0);
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { id: 'a', input: { operation: 'verify_jcs', input: [1_711_900_000, 'HXikAJO7qb0kOxZSdw3H8g'] } },
      { id: 'good', input: good.input },
    ]);
  });
});

describe('another adapter', () => {
  /** A program that answers each request with what a function body makes of it. */
  async function program(body: string): Promise<string> {
    const source = `
      import { createInterface } from 'node:readline';
      for await (const line of createInterface({ input: process.stdin })) {
        const { id, op, params } = JSON.parse(line);
        const say = (answer) => console.log(JSON.stringify({ id, ...answer }));
        ${body}
      }`;
    await writeFile(folder.at('adapter.mjs'), source);
    return `"${process.execPath}" "${folder.at('adapter.mjs')}"`;
  }

  it('is asked, and told to go', async () => {
    const command = await program(`
      console.log('');
      say({ ok: true });
      if (op === 'shutdown') { process.exit(0); }`);
    const { code, lines, err } = await aitp(['conformance', await set(bad, good), '--adapter', command]);
    expect([code, err]).toEqual([1, '']);
    expect(lines.at(-1)).toBe('1 passed, 1 failed, 0 skipped');
  });

  it.each([
    [
      'answers with nonsense',
      `console.log(op === 'init' || op === 'set_features' ? JSON.stringify({ id, ok: true }) : 'x')`,
    ],
    ['ends', `if (op === 'set_clock') process.exit(3); say({ ok: true })`],
    ['answers another request', `say({ ok: true, ...(op === 'set_clock' ? { id: 'other' } : {}) })`],
  ])('that %s fails every fixture', async (_, body) => {
    const command = await program(body);
    const { code, lines } = await aitp(['conformance', await set(bad, good), '--adapter', command]);
    expect(code).toBe(1);
    expect(lines.at(-1)).toBe('0 passed, 2 failed, 0 skipped');
  });

  it('that does not exist is said so', async () => {
    const { code, lines, err } = await aitp(['conformance', await set(good), '--adapter', folder.at('nothing')]);
    expect([code, lines]).toEqual([1, []]);
    expect(err).toContain('ENOENT');
  });

  it('that is too slow is not waited for, and not asked again', async () => {
    await program('');
    const slow = startAdapter([process.execPath, folder.at('adapter.mjs')], { timeoutMs: 200 });
    const request = { id: 'a', op: 'init', params: {} };
    await expect(slow.request(request)).rejects.toThrow('200 ms');
    await expect(slow.request(request)).rejects.toThrow('200 ms');
    await slow.close();
  });

  it('that does not heed shutdown is ended by force', async () => {
    await program(
      `process.on('SIGTERM', () => {}); if (op === 'init') say({ ok: true }); setInterval(() => {}, 1000);`,
    );
    const deaf = startAdapter([process.execPath, folder.at('adapter.mjs')]);
    expect(await deaf.request({ id: 'a', op: 'init', params: {} })).toEqual({ id: 'a', ok: true });
    await deaf.close();
  });

  it('is ended with the run, and with it the request that is under way', async () => {
    await program('');
    const controller = new AbortController();
    const stuck = startAdapter([process.execPath, folder.at('adapter.mjs')], { signal: controller.signal });
    const answer = stuck.request({ id: 'a', op: 'init', params: {} });
    controller.abort();
    await expect(answer).rejects.toThrow('ended');
    await stuck.close();
  });
});

describe('the adapter as a program', () => {
  const built = fileURLToPath(new URL('../../node_modules/.cache/aitp-adapter', import.meta.url));
  afterAll(() => rm(built, { recursive: true, force: true }));

  it('[16.67] passes what it passes in process', { timeout: 60_000 }, async () => {
    const { build } = await import('rolldown');
    await build({
      input: fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url)),
      platform: 'node',
      external: /^(?![./])/,
      logLevel: 'silent',
      output: { file: join(built, 'dist/cli/main.mjs'), format: 'esm', codeSplitting: false },
    });
    await writeFile(join(built, 'package.json'), '{"version":"1.2.3"}');
    const command = `"${process.execPath}" "${join(built, 'dist/cli/main.mjs')}" aitp adapter`;
    const { code, lines, err } = await aitp(['conformance', OWN, '--adapter', command]);
    expect([code, err]).toEqual([0, '']);
    expect(lines.at(-1)).toBe('62 passed, 0 failed, 9 skipped');
  });
});

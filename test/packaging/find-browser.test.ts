// The browser finder on made-up machines: what is taken, in which order, and what is never installed.

import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findChromium, findFirefox, findWebKit, INSTALLERS } from '../../scripts/find-browser.mjs';

let folder: string;
let said: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ringline-browser-'));
  said = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A program that answers as a browser would, or fails to start. */
function program(name: string, works = true): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, works ? '#!/bin/sh\necho "Chromium 156.0.1"\n' : '#!/bin/sh\nexit 127\n');
  chmodSync(path, 0o755);
  return path;
}

/** A machine that has only what the test put there. */
const machine = (env: Record<string, string> = {}, more: object = {}) => ({
  env: { PATH: join(folder, 'bin'), ...env },
  places: [] as string[],
  cached: false,
  log: (line: string) => {
    said.push(line);
  },
  installers: [],
  ...more,
});

describe.skipIf(process.platform === 'win32')('findChromium', () => {
  it('takes the one it is told to', async () => {
    const path = program('mine');
    program('bin/chromium');
    expect(await findChromium(machine({ RINGLINE_CHROMIUM: path }))).toBe(path);
  });

  it('never replaces the one it is told to', async () => {
    program('bin/chromium');
    await expect(findChromium(machine({ RINGLINE_CHROMIUM: program('broken', false) }))).rejects.toThrow(
      /RINGLINE_CHROMIUM/,
    );
  });

  it('looks on PATH, then in the usual places', async () => {
    const place = program('place/chrome');
    expect(await findChromium(machine({}, { places: [place] }))).toBe(place);
    const onPath = program('bin/google-chrome');
    expect(await findChromium(machine({}, { places: [place] }))).toBe(onPath);
    const first = program('bin/chromium');
    expect(await findChromium(machine({}, { places: [place] }))).toBe(first);
  });

  it('passes over one that does not start', async () => {
    program('bin/chromium', false);
    const second = program('bin/google-chrome');
    expect(await findChromium(machine())).toBe(second);
  });

  it('installs what is missing, by the first way that works, with one line each', async () => {
    const bin = join(folder, 'bin/chromium');
    const script = `mkdir -p ${join(folder, 'bin')} && printf '#!/bin/sh\\necho Chromium 1.2\\n' > ${bin} && chmod +x ${bin}`;
    const sh = (command: string) => ['/bin/sh', '-c', `PATH=/usr/bin:/bin; ${command}`];
    const installers = [
      { possible: () => false, announcement: 'impossible', commands: [sh(script)], timeoutMs: 5000 },
      { possible: () => true, announcement: 'fails', commands: [sh('exit 1'), sh(script)], timeoutMs: 5000 },
      { possible: () => true, announcement: 'hangs', commands: [sh('exec sleep 60')], timeoutMs: 50 },
      { possible: () => true, announcement: 'works', commands: [sh('true'), sh(script)], timeoutMs: 5000 },
      { possible: () => true, announcement: 'too late', commands: [], timeoutMs: 5000 },
    ];
    expect(await findChromium(machine({}, { installers }))).toBe(bin);
    expect(said.map((line) => /: (.*) \(RINGLINE_NO_INSTALL=1 forbids this\)\.$/.exec(line)?.[1])).toEqual([
      'fails',
      'hangs',
      'works',
    ]);
    expect(said.every((line) => !line.includes('\n'))).toBe(true);
  });

  it('installs nothing where that is forbidden', async () => {
    const installers = [{ possible: () => true, announcement: 'no', commands: [['/bin/false']], timeoutMs: 5000 }];
    expect(await findChromium(machine({ RINGLINE_NO_INSTALL: '1' }, { installers }))).toBeUndefined();
    expect(await findChromium(machine({}, { installers, install: false }))).toBeUndefined();
    expect(said).toEqual([]);
  });

  it('knows two ways to install: for the user, then for the system', () => {
    expect(INSTALLERS.map(({ commands }) => commands.at(-1)?.at(-1))).toEqual(['chromium', 'chromium']);
    expect(INSTALLERS[0]?.commands[0]?.[0]).toBe(process.execPath);
    expect(INSTALLERS[1]?.commands.map(([name, verb]) => `${name} ${verb}`)).toEqual([
      'apt-get update',
      'apt-get install',
    ]);
  });
});

describe.skipIf(process.platform === 'win32')('the other engines', () => {
  it('are found on PATH', async () => {
    const firefox = program('bin/firefox-esr');
    const driver = program('bin/WebKitWebDriver');
    const { env } = machine();
    expect(await findFirefox({ env })).toEqual({ path: firefox, stock: true });
    expect(await findWebKit({ env, cached: false })).toEqual({ path: driver, driver: 'webdriver' });
  });
});

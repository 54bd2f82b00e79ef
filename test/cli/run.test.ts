// Finding the command, its help, and the exit codes.

import { describe, expect, it } from 'vitest';
import manifest from '../../package.json' with { type: 'json' };
import { run } from '../../src/cli/run.js';
import { MemoryIo } from './memory-io.js';

const CARDS = ['card sign', 'card verify', 'card canonical', 'card lint', 'card fetch', 'card serve'];
const TRUST = [
  'aitp manifest',
  'aitp token',
  'aitp delegate',
  'aitp revoke',
  'aitp verify',
  'aitp adapter',
  'aitp conformance',
  'aitp mint',
];
const WORK = ['arcp serve', 'arcp invoke', 'arcp tail'];
const COMMANDS = [
  'version',
  'id new',
  'id show',
  'id backup',
  'id restore',
  'serve',
  'call',
  'bench',
  ...CARDS,
  ...TRUST,
  ...WORK,
];

async function ran(words: string[], io = new MemoryIo()) {
  return { code: await run(words, io), out: io.outText, err: io.errText };
}

describe('version', () => {
  it.each([[['version']], [['--version']]])('%j', async (words) => {
    expect(await ran(words)).toEqual({ code: 0, out: `${manifest.version}\n`, err: '' });
  });
});

describe('help', () => {
  it.each([[['help']], [['--help']], [['-h']]])('%j is the overview, with every command', async (words) => {
    const { code, out, err } = await ran(words);
    expect([code, err]).toEqual([0, '']);
    for (const name of COMMANDS) expect(out).toContain(`\n  ${name}`);
  });

  it('is shown instead when no command is given, with exit code 2', async () => {
    const { code, out, err } = await ran([]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('usage: ringline COMMAND');
  });

  it.each(COMMANDS)('of %s names all it takes, by either way of asking', async (name) => {
    const asked = await ran(['help', ...name.split(' ')]);
    expect(asked).toEqual(await ran([...name.split(' '), '--help']));
    expect(asked).toEqual(await ran([...name.split(' '), 'x', '-h']));
    expect(asked).toMatchObject({ code: 0, err: '' });
    expect(asked.out).toMatch(new RegExp(`^usage: ringline ${name}`));
    // Indented lines may hold a command line to be copied whole.
    for (const line of asked.out.split('\n').slice(1)) expect(line.length).toBeLessThanOrEqual(92);
  });

  it.each(['id', 'card', 'aitp', 'arcp'])('of %s is that of all its commands', async (group) => {
    const { out } = await ran(['help', group]);
    for (const word of ['--help', '-h']) expect(await ran([group, word])).toEqual({ code: 0, out, err: '' });
    for (const name of COMMANDS.filter((command) => command.startsWith(`${group} `)))
      expect(out).toContain(`ringline ${name}`);
  });

  it('shows what may be given several times', async () => {
    expect((await ran(['help', 'card', 'verify'])).out).toContain('[--profile P]... [--allow ALG]... [--json]\n');
  });
});

describe('wrong usage: exit code 2, one plain line, a hint', () => {
  const url = 'ws://127.0.0.1:1/';
  const did = 'did:key:z6MkehRgf7yJbgaGfYsdoAsKdBPE3dj2CYhowQdcjqSJgvVd';

  it.each([
    [['nonsense'], 'ringline help'],
    [['help', 'nonsense'], 'ringline help'],
    [['id'], 'ringline help id'],
    [['id', 'nonsense'], 'ringline help id'],
    [['version', 'x'], 'ringline help version'],
    [['serve', '--port', '65536'], 'ringline help serve'],
    [['serve', '--port', 'x', '--json'], 'ringline help serve'],
    [['call'], 'ringline help call'],
    [['call', url, did], 'ringline help call'],
    [['call', did, url, 'echo'], 'ringline help call'],
    [['call', 'http://127.0.0.1/', did, 'echo'], 'ringline help call'],
    [['call', 'ws://', did, 'echo'], 'ringline help call'],
    [['call', url, 'z6Mk', 'echo'], 'ringline help call'],
    [['call', url, did, 'echo', '{a:1}'], 'ringline help call'],
    [['call', url, did, 'echo', '', 'x'], 'ringline help call'],
    [['call', url, did, 'echo', '1', '--credits', '8'], 'ringline help call'],
    [['call', url, did, 'echo', '1', '--limit', '8'], 'ringline help call'],
    [['call', url, did, 'echo', '1', '--stream', '--credits', '0'], 'ringline help call'],
    [['call', url, did, 'echo', '1', '--stream', '--credits', '65537'], 'ringline help call'],
    [['bench', url], 'ringline help bench'],
    [['bench', url, did, '--seconds', '0'], 'ringline help bench'],
    [['id', 'show', '--reveal-seed', '--json'], 'ringline help id show'],
    [['card'], 'ringline help card'],
    [['card', 'nonsense'], 'ringline help card'],
    [['card', 'sign'], 'ringline help card sign'],
    [['card', 'sign', 'x'], 'ringline help card sign'],
    [['card', 'sign', 'x', '--identity', 'x', '--jwk', 'x'], 'ringline help card sign'],
    [['card', 'sign', 'x', '--jwk', 'x', '--jku', 'http://agent.example/keys'], 'ringline help card sign'],
    [['card', 'sign', 'x', '--jwk', 'x', '--jku', 'keys'], 'ringline help card sign'],
    [['card', 'sign', 'x', '--jwk', 'x', '--jwk', 'y'], 'ringline help card sign'],
    [['card', 'verify'], 'ringline help card verify'],
    [['card', 'verify', 'x'], 'ringline help card verify'],
    [['card', 'verify', 'x', '--json'], 'ringline help card verify'],
    [['card', 'verify', 'x', '--keys', 'x', '--did', did], 'ringline help card verify'],
    [['card', 'verify', 'x', '--keys', 'x', '--keys', 'y'], 'ringline help card verify'],
    [['card', 'verify', 'x', '--did', 'z6Mk'], 'ringline help card verify'],
    [['card', 'verify', 'x', '--did', 'did:web:agent.example'], 'ringline help card verify'],
    [['card', 'verify', 'x', '--keys', 'x', '--profile', 'Spec'], 'ringline help card verify'],
    [['card', 'verify', 'x', '--keys', 'x', '--profile', 'spec', '--profile'], 'ringline help card verify'],
    [['card', 'verify', 'x', '--keys', 'x', '--allow'], 'ringline help card verify'],
    [['card', 'canonical'], 'ringline help card canonical'],
    [['card', 'canonical', 'x', '--profile', 'toString'], 'ringline help card canonical'],
    [['card', 'canonical', 'x', '--profile', 'spec', '--profile', 'sdk'], 'ringline help card canonical'],
    [['card', 'lint'], 'ringline help card lint'],
    [['card', 'lint', 'x', 'y'], 'ringline help card lint'],
    [['card', 'fetch'], 'ringline help card fetch'],
    [['card', 'fetch', 'ftp://agent.example'], 'ringline help card fetch'],
    [['card', 'fetch', 'https://'], 'ringline help card fetch'],
    [['card', 'fetch', 'https://name:secret@agent.example'], 'ringline help card fetch'],
    [['card', 'fetch', 'agent.example', '--keys', 'x', '--did', did], 'ringline help card fetch'],
    [['card', 'serve'], 'ringline help card serve'],
    [['card', 'serve', 'x', '--port', '65536'], 'ringline help card serve'],
  ])('%j', async (words, hint) => {
    const { code, out, err } = await ran(words);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^ringline: [^\n]+\n$/);
    expect(err).toContain(`. Try: ${hint}\n`);
  });
});

describe('stopping', () => {
  it.each([130, 143, 0])('ends with the exit code of what stopped it: %i', async (exitCode) => {
    const io = new MemoryIo();
    const ended = run(['serve'], io);
    await io.firstLine();
    io.stop(exitCode);
    expect(await ended).toBe(exitCode);
  });
});

// Every example runs as its README says, against the built package.

import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';

const folder = new URL('../../examples/', import.meta.url);
const examples = readdirSync(folder).filter((name) => name.endsWith('.mjs'));

/** The last line each example prints. */
const lastLines: Record<string, string> = {
  'a2a-agent.mjs': 'TASK_STATE_COMPLETED',
  'arcp-job.mjs': 'the observer saw job.completed, job.cancelled, job.completed',
  'calling-back.mjs': 'coffee, black',
  'first-minute.mjs': '2',
  'guarded-methods.mjs': 'impostor: ERR_IDENTITY_MISMATCH',
  'signed-card.mjs': 'ERR_A2A_VERIFICATION_FAILED',
  'stream-and-cancel.mjs': 'the producer has stopped',
  'two-agents.mjs': 'The delegation: DELEGATION_SOURCE_TCT_REVOKED',
  'typed-methods.mjs': 'TypeError: nothing was sent',
};

function run(file: string): Promise<{ code: number | null; out: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [new URL(file, folder).pathname], { stdio: ['ignore', 'pipe', 'pipe'] });
    let out = '';
    child.stdout.on('data', (data) => (out += data));
    child.stderr.on('data', (data) => (out += data));
    child.on('error', reject);
    child.on('exit', (code) => resolve({ code, out }));
  });
}

describe('examples', () => {
  beforeAll(async () => {
    const { build } = await import('../../scripts/build.mjs');
    await build({ log: () => {} });
  }, 120_000);

  test('each is listed in their README and has an expectation here', () => {
    const readme = readFileSync(new URL('README.md', folder), 'utf8');
    for (const name of examples) expect(readme).toContain(`\`${name}\``);
    expect(Object.keys(lastLines).sort()).toEqual([...examples].sort());
  });

  test.each(examples)(
    '%s',
    async (name) => {
      const { code, out } = await run(name);
      expect({ code, last: out.trimEnd().split('\n').at(-1) }).toEqual({ code: 0, last: lastLines[name] });
    },
    30_000,
  );
});

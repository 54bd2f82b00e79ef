// Several processes with one log in a file: Bun's, on the sources.

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { findRuntime } from '../../../e2e/lib/runtimes.mjs';

const bun = await findRuntime('bun');
const folder = mkdtempSync(join(tmpdir(), 'ringline-processes-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const COMMITS = 200;

describe('processes that share a log', () => {
  const what = typeof bun === 'string' ? `not run: ${bun}` : `Bun ${bun.version}`;

  it.skipIf(typeof bun === 'string')(
    `get positions of their own, keep one message once, and make room for one another (${what})`,
    { timeout: 120_000 },
    async () => {
      if (typeof bun === 'string') return;
      const [script, path] = [fileURLToPath(new URL('committer.ts', import.meta.url)), join(folder, 'log.db')];
      const answers = await Promise.all(
        ['one', 'two', 'three'].map(async (name) => {
          const given = [...bun.args(script), path, name, `${COMMITS}`];
          const { stdout } = await promisify(execFile)(bun.path, given);
          const answer = JSON.parse(stdout) as { positions: (number | null)[]; fit: boolean };
          expect(answer.fit).toBe(true);
          return answer.positions;
        }),
      );
      const positions = answers.flat().filter((position) => position !== null);
      const shared = answers
        .flatMap((all) => all.filter((_, i) => i % 2 === 0))
        .filter((position) => position !== null);
      // Each its own, and what they share once; but for such as had been forgotten again when the last of them came to it.
      expect(positions.length - shared.length).toBe(3 * COMMITS);
      expect(shared.length).toBeGreaterThanOrEqual(COMMITS);
      expect(positions.sort((a, b) => a - b)).toEqual(Array.from({ length: positions.length }, (_, n) => n + 1));
    },
  );
});

// The SQL adapters in Bun, over its own SQLite: a process of Bun runs the contract suites on the sources.

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { findRuntime } from '../../../e2e/lib/runtimes.mjs';
import { artifactStoreCases } from '../../contracts/artifact-store.js';
import { eventLogCases } from '../../contracts/event-log.js';

const bun = await findRuntime('bun');
const folder = mkdtempSync(join(tmpdir(), 'ringline-bun-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('bun:sqlite', () => {
  const what = typeof bun === 'string' ? `not run: ${bun}` : `Bun ${bun.version}`;

  it.skipIf(typeof bun === 'string')(
    `every demand on logs and artifacts is met (${what})`,
    { timeout: 120_000 },
    async () => {
      if (typeof bun === 'string') return;
      const script = fileURLToPath(new URL('../../support/bun-sqlite.ts', import.meta.url));
      const { stdout } = await promisify(execFile)(bun.path, [...bun.args(script), folder], { maxBuffer: 1e7 });
      const verdicts = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { name: string; failure: string | null });
      expect(verdicts.filter(({ failure }) => failure !== null)).toEqual([]);
      // Twice: in memory and in files.
      expect(verdicts.length).toBe(2 * (eventLogCases.length + artifactStoreCases.length));
    },
  );
});

// Tests run against the sources, except those under test/packaging and e2e, which look at the built package.
// The package itself is built by scripts/build.mjs.

import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      // The command line and these hosts run as processes and in other runtimes (e2e), out of sight of this counter.
      exclude: ['src/cli/**', 'src/host/{bun,cloudflare,deno}.ts'],
      reporter: ['json-summary', 'html'],
      reportOnFailure: true,
      thresholds: { lines: 90 },
    },
  },
});

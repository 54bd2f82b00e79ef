import { vi } from 'vitest';

/** Silences the console until mocks are restored. @returns What is written to it from now on, a row of arguments a line. */
export function consoleLines(): unknown[][] {
  const lines: unknown[][] = [];
  for (const name of ['debug', 'error', 'info', 'log', 'trace', 'warn'] as const) {
    vi.spyOn(console, name).mockImplementation((...line) => void lines.push(line));
  }
  return lines;
}

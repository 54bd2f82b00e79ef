// Figures as people read them.

const integers = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** 10000 as 10,000. */
export function formatCount(value: number): string {
  return integers.format(value);
}

/** Milliseconds with two digits that mean something: 0.84 ms, 3.1 ms, 31 ms, 1.2 s. */
export function formatMs(ms: number): string {
  if (ms >= 1000) return `${(ms / 1000).toFixed(ms >= 10_000 ? 0 : 1)} s`;
  return `${ms.toFixed(ms >= 10 ? 0 : ms >= 1 ? 1 : 2)} ms`;
}

/** Bytes in the unit that fits. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(2)} MB`;
}

/** The part of a DID that tells it from others: the first and last characters of its key. */
export function shortDid(did: string): string {
  const key = did.slice(did.lastIndexOf(':') + 1);
  return `${key.slice(0, 8)}\u2026${key.slice(-6)}`;
}

/** Bytes as pairs of hexadecimal digits. */
export function formatHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

/** A value as JSON on one line, with room to breathe. */
export function formatJson(value: unknown): string {
  return JSON.stringify(value, undefined, 1)?.replaceAll(/\n\s*/g, ' ') ?? 'nothing';
}

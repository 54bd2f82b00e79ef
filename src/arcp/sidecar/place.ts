// Which messages have sidecar frames, and what ties these to them (ARCP v1.0, sections 11 and 16).

import type { RawEnvelope } from '../wire/envelope.js';
import type { FramePlace } from './frame.js';

/** What the frames of a message belong to; `undefined` where it can have none. */
export function placeOf({ type, id, stream_id, payload }: RawEnvelope): FramePlace | undefined {
  if (type === 'artifact.put') return { kind: 'artifact', name: id, sequence: 0 };
  const { sequence } = payload;
  if (type !== 'stream.chunk' || stream_id === undefined || !isCount(sequence)) return undefined;
  return { kind: 'chunk', name: stream_id, sequence };
}

/** Whether a value is an integer from 0 to 2^53 - 1. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

// How the data of a stream's chunks is written (ARCP v1.0, section 11): what a sender may ask for, and what is chosen.
// Binary data stands in messages as base64 everywhere but on the wire: there, where both sides know sidecar frames, these
// carry it (../sidecar).

import { ArcpError } from '../../errors.js';
import { hasSidecar, SIDECAR } from '../../sidecar/negotiated.js';
import type { StreamKind } from '../../wire/stream.js';
import type { SessionPort } from '../service.js';

/**
 * Chooses the `encoding` of a stream, whoever opens it.
 *
 * @param asked What the one who opens it asks for. Of other kinds than `binary` it is a note for the reader, and stays.
 * @returns What its `stream.open` says: of a `binary` stream what was asked for, else `sidecar` where that was negotiated,
 *   else `base64`. Chunks hold base64 under either; a `sidecar` says how they may go over the wire.
 * @throws {ArcpError} ERR_ARCP_UNIMPLEMENTED: `binary_streams` was not negotiated, or the encoding was not.
 */
export function streamEncoding(
  { capabilities }: SessionPort,
  kind: StreamKind,
  asked: string | undefined,
): string | undefined {
  if (kind !== 'binary') return asked;
  if (capabilities.binary_streams !== true) throw new ArcpError('UNIMPLEMENTED', 'binary_streams was not negotiated');
  const best = hasSidecar(capabilities) ? SIDECAR : 'base64';
  if (asked !== undefined && asked !== 'base64' && asked !== best) {
    throw new ArcpError('UNIMPLEMENTED', 'the encoding was not negotiated');
  }
  return asked ?? best;
}

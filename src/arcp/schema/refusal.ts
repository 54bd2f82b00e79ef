// How a schema is refused.

import { printable } from '../../bytes/printable.js';
import { ArcpError } from '../errors.js';

/** Length of a path in an error, in UTF-16 units. */
const MAX_PATH_CHARS = 256;

/**
 * Refuses a schema.
 *
 * @param path Where in it. It may hold names of a stranger's.
 * @throws {ArcpError} ERR_ARCP_INVALID_ARGUMENT, `details` naming `path` and `issue`.
 */
export function refuse(path: string, issue: string): never {
  const details = { path: printable(path.slice(0, MAX_PATH_CHARS)), issue };
  throw new ArcpError('INVALID_ARGUMENT', 'the schema is not taken', { details });
}

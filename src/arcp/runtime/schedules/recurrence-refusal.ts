// What a client is told of a rule that is not taken.

import { ArcpError } from '../../errors.js';

/**
 * The refusal of a rule: ERR_ARCP_INVALID_ARGUMENT, whose `details` name `path` and `issue`.
 *
 * @param issue What a rule must be; never the rule itself.
 */
export function refused(issue: string): ArcpError {
  const path = 'payload.when.every';
  return new ArcpError('INVALID_ARGUMENT', `${path}: ${issue}`, { details: { path, issue } });
}

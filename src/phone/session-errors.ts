// The errors with which a session, or a call in it, ends.

import type { ChannelCloseInfo } from '../channel/contract.js';
import { ChannelError, type Delivery, isSdkError, type SdkError } from '../errors.js';

/** The peer broke the protocol: ends the session. */
export function violation(what: string): ChannelError {
  return new ChannelError('ERR_CHANNEL_PROTOCOL', `protocol violation: ${what}`);
}

/** What ended a session whose channel ended without an error of its own. */
export function errorOfClose(info: ChannelCloseInfo): SdkError {
  if (info.error !== undefined) return info.error;
  return info.clean
    ? new ChannelError('ERR_CHANNEL_CLOSED', `the peer closed the session (code ${info.code})`)
    : new ChannelError('ERR_CHANNEL_LOST', `the connection was lost (code ${info.code})`);
}

/**
 * The error of one call when its session has ended: the session's reason as `cause`, and whether the peer may have
 * acted on the request.
 */
export function callError(reason: SdkError, delivery: Delivery): ChannelError {
  const code = reason instanceof ChannelError ? reason.code : 'ERR_CHANNEL_CLOSED';
  return new ChannelError(code, reason.message, { cause: reason, delivery });
}

/** Whatever was thrown, as an error of ours. */
export function asSdkError(error: unknown): SdkError {
  return isSdkError(error) ? error : new ChannelError('ERR_CHANNEL_PROTOCOL', 'unexpected fault', { cause: error });
}

// Commands that start jobs, as one sees them who runs them later: what a `job.schedule` carries.

import { isObject } from '../../codec/is-object.js';
import type { JsonObject, JsonValue } from '../../codec/json-value.js';
import { ArcpError } from '../errors.js';
import { decodePayload, type RawEnvelope } from '../wire/envelope.js';
import type { CoreType, Payloads } from '../wire/payloads.js';
import type { JobRequest, SessionPort } from './service.js';

/** What a command comes down to. */
export interface CommandWork {
  /** Name of the tool, or of what runs instead. */
  readonly tool: string;
  readonly arguments: JsonValue;
  readonly run?: JobRequest['run'];
}

/** How commands of one type are run. */
export interface CommandRunner {
  readonly type: string;
  /**
   * Looks at a command without running it. Called again after a restart of the runtime.
   *
   * @param payload As it came: not judged yet.
   * @param message The message that carries it.
   * @throws {ArcpError} It cannot be run.
   */
  prepare(session: SessionPort, payload: JsonObject, message: CarrierFields): CommandWork;
}

/** What is known of the message that carries a command. */
export type CarrierFields = Pick<RawEnvelope, 'id' | 'trace_id' | 'extensions'>;

/**
 * Judges the payload of a command that another message carries.
 *
 * @throws {ArcpError} ERR_ARCP_INVALID_ARGUMENT, `details` naming `path` and `issue`.
 */
export function decodeCarried<T extends CoreType>(type: T, payload: JsonObject): Payloads[T] {
  // Only the payload is looked at.
  return insideCarrier(() => decodePayload({ payload } as RawEnvelope, type).payload as Payloads[T]);
}

/**
 * Judges something of a command that another message carries, and says where in that message what is wrong stands.
 *
 * @throws {ArcpError} as `judge` does; where its `details` name a path in the payload, with the one it has in the carrier.
 */
export function insideCarrier<Result>(judge: () => Result): Result {
  try {
    return judge();
  } catch (error) {
    if (!(error instanceof ArcpError) || !isObject(error.details)) throw error;
    const { path, issue } = error.details;
    if (typeof path !== 'string' || !path.startsWith('payload')) throw error;
    const details = { path: `payload.job.${path}`, issue: issue as string };
    throw new ArcpError('INVALID_ARGUMENT', `${details.path} ${details.issue}`, { details });
  }
}

/** How `tool.invoke` is run. */
export const toolCommand: CommandRunner = {
  type: 'tool.invoke',
  prepare(session, payload) {
    const { tool, arguments: args } = decodeCarried('tool.invoke', payload);
    if (!session.runtime.jobs.has(tool)) throw new ArcpError('NOT_FOUND', 'no such tool');
    return { tool, arguments: args };
  },
};

// A delegated task as it comes over the wire (ARCP v1.0, section 14), read and judged.

import { isObject } from '../../../codec/is-object.js';
import { ArcpError } from '../../errors.js';
import type { AgentDelegate } from '../../wire/execution.js';
import { type ArtifactId, isArtifactId, isKeyText } from '../../wire/ids.js';
import type { CarrierFields } from '../command-work.js';

/** Extension field of the envelope that counts the runtimes a task has gone through: `{ hops }`. */
export const HOPS_EXTENSION = 'arcpx.ringline.delegation.v1';

/** A task that came to an agent of this runtime. Its words are a stranger's. */
export interface DelegatedTask {
  readonly target: string;
  readonly task: string;
  /** Who hands it over, by credential: where another runtime does, the one that its session here is of. */
  readonly principal: string;
  readonly traceId: string | undefined;
  /** Where the agents share their memory: an artifact, perhaps of another runtime. */
  readonly sharedMemoryRef: ArtifactId | undefined;
  /** Permissions whoever delegates claims to pass on. A claim, not leave: an agent still asks by `requestPermission`. */
  readonly permissionsInherited: readonly string[];
  /** Runtimes it has gone through on its way: 0 where a client began it. */
  readonly hops: number;
}

/** Longest name of an agent, in UTF-16 units. */
export const MAX_TARGET_CHARS = 1_024;
/** Most permissions that a task claims. */
export const MAX_PERMISSIONS = 64;
/** Longest permission that a task claims, in UTF-16 units. */
export const MAX_PERMISSION_CHARS = 1_024;

/**
 * Reads a task.
 *
 * @param maxHops Runtimes it may have gone through.
 * @throws {ArcpError} ERR_ARCP_INVALID_ARGUMENT, `details` naming `path` and `issue`; ERR_ARCP_FAILED_PRECONDITION: it has
 *   gone through too many runtimes.
 */
export function readTask(
  principal: string,
  payload: AgentDelegate,
  message: CarrierFields,
  maxHops: number,
): DelegatedTask {
  const { target, task, context = {} } = payload;
  const { shared_memory_ref, permissions_inherited = [] } = context;
  if (target.length > MAX_TARGET_CHARS) throw invalid('target', `must have at most ${MAX_TARGET_CHARS} characters`);
  if (permissions_inherited.length > MAX_PERMISSIONS) {
    throw invalid('context.permissions_inherited', `must be at most ${MAX_PERMISSIONS}`);
  }
  if (permissions_inherited.some((permission) => permission.length > MAX_PERMISSION_CHARS)) {
    throw invalid('context.permissions_inherited', `must have at most ${MAX_PERMISSION_CHARS} characters each`);
  }
  if (shared_memory_ref !== undefined && !isArtifactId(shared_memory_ref)) {
    throw invalid('context.shared_memory_ref', 'must be the id of an artifact');
  }
  const hops = hopsOf(message);
  if (hops > maxHops) throw tooFar();
  return {
    target,
    task,
    principal,
    traceId: traceOf(payload, message),
    sharedMemoryRef: shared_memory_ref,
    permissionsInherited: permissions_inherited,
    hops,
  };
}

/** The refusal of a task that goes round. */
export function tooFar(): ArcpError {
  return new ArcpError('FAILED_PRECONDITION', 'the task has gone through too many runtimes');
}

/** The trace a task belongs to: its own word before the envelope's. @throws {ArcpError} ERR_ARCP_INVALID_ARGUMENT */
function traceOf({ context }: AgentDelegate, { trace_id }: CarrierFields): string | undefined {
  const own = context?.trace_id;
  if (own === undefined) return trace_id;
  if (!isKeyText(own)) throw invalid('context.trace_id', 'must be a text of 1 to 1,024 characters');
  return own;
}

/** @throws {ArcpError} ERR_ARCP_INVALID_ARGUMENT */
function hopsOf({ extensions }: CarrierFields): number {
  const field = extensions?.[HOPS_EXTENSION];
  if (field === undefined) return 0;
  const hops = isObject(field) ? field.hops : undefined;
  if (typeof hops === 'number' && Number.isSafeInteger(hops) && hops >= 0) return hops;
  const details = { path: `extensions.${HOPS_EXTENSION}`, issue: 'must count hops' };
  throw new ArcpError('INVALID_ARGUMENT', `${details.path} ${details.issue}`, { details });
}

function invalid(path: string, issue: string): ArcpError {
  const details = { path: `payload.${path}`, issue };
  return new ArcpError('INVALID_ARGUMENT', `${details.path} ${issue}`, { details });
}

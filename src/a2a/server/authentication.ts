// Who asks: the hook that finds out, and how it says that it could not.

import { A2aOperationError } from '../wire/errors.js';
import type { Task } from '../wire/objects.js';
import type { OperationName } from '../wire/operations.js';
import type { A2aUser } from './executor.js';

/** The caller has to authenticate first. */
export class A2aUnauthenticatedError extends A2aOperationError {
  override readonly name = 'A2aUnauthenticatedError';
  /** Value of `WWW-Authenticate`. */
  readonly challenge: string;

  constructor(challenge: string, message?: string) {
    super('ERR_A2A_UNAUTHENTICATED', message);
    this.challenge = challenge;
  }
}

/**
 * What an authentication hook throws, or returns, when it does not know the caller: answered with 401.
 *
 * @param challenge Value of `WWW-Authenticate`: how to authenticate. Default `Bearer`.
 * @throws {TypeError} the challenge fits no header.
 */
export function unauthenticated(challenge = 'Bearer'): A2aUnauthenticatedError {
  new Headers({ 'WWW-Authenticate': challenge });
  return new A2aUnauthenticatedError(challenge);
}

/** A request as an authentication hook sees it. Its body has been read. */
export interface AuthenticationRequest {
  readonly request: Request;
  /** The body, for schemes that sign it; empty where there was none. Borrowed. */
  readonly body: Uint8Array;
}

/**
 * Finds out who asks, from the headers of a request.
 *
 * Called once for each operation, never for the public card. To say no, throw or return {@link unauthenticated}, or throw
 * an `A2aOperationError` such as ERR_A2A_PERMISSION_DENIED. Anything else that is thrown is a fault of the server's own.
 */
export type Authenticate = (
  asked: AuthenticationRequest,
) => A2aUser | A2aUnauthenticatedError | Promise<A2aUser | A2aUnauthenticatedError>;

/** What an authorisation hook decides on. */
export interface AuthorizationRequest {
  readonly operation: OperationName;
  /** Absent where the server authenticates nobody. */
  readonly user?: A2aUser;
  readonly tenant?: string;
  /** What the operation is asked with, checked against the protocol and nothing else. */
  readonly params: object;
  /** The task it is about, always one of the user's own; absent where it is about none, or none yet. */
  readonly task?: Task;
}

/**
 * Decides whether a caller may have an operation done. Anything but `true` refuses it: with 403, or, where it is about a
 * task, as if there were no such task.
 */
export type Authorize = (request: AuthorizationRequest) => boolean | Promise<boolean>;

/** The user a hook found. @throws {A2aOperationError} it found none. @throws {TypeError} it returned something else. */
export async function authenticateCaller(hook: Authenticate, asked: AuthenticationRequest): Promise<A2aUser> {
  const outcome = await hook(asked);
  if (outcome instanceof A2aUnauthenticatedError) throw outcome;
  if (typeof outcome?.id !== 'string') throw new TypeError('authenticate must return a user with an id');
  return outcome;
}

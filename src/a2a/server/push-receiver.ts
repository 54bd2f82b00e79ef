// The other end of push notifications: what a client runs where its agent is to report (A2A v1.0, section 4.3).

import { assertInteger } from '../../bytes/assert.js';
import { equalBytes } from '../../bytes/equal.js';
import { encodeUtf8 } from '../../bytes/utf8.js';
import { isSdkError } from '../../errors.js';
import { readBody } from '../../http/read-body.js';
import { requestBody } from '../../http/request-body.js';
import type { StreamResponse, TaskPushNotificationConfig } from '../wire/objects.js';
import { parseStreamResponse } from '../wire/parse.js';
import { readJson } from './read-json.js';

/** Arrays and objects inside one another in a notification. */
const MAX_JSON_DEPTH = 64;

/** What a notification has to prove itself with: as it was configured for its task. */
export type PushCredentials = Pick<TaskPushNotificationConfig, 'authentication' | 'token'>;

/** What {@link pushReceiver} needs. */
export interface PushReceiverOptions {
  /**
   * The credentials that were configured for a task; `undefined` for a task that was not started from here. What it
   * returns has to hold a token or credentials, and not an empty one: a notification that anybody could send is never taken.
   */
  readonly verify: (taskId: string) => PushCredentials | undefined | Promise<PushCredentials | undefined>;
  /**
   * Given each notification. Agents repeat them, and somebody who listens may too: they are news, not the truth; ask for
   * the task where it counts. A rejection makes the agent try again.
   */
  readonly onEvent: (event: StreamResponse, taskId: string) => void | Promise<void>;
  /** Bytes of a notification, 1 to 64 MiB. Default 4 MiB. */
  readonly maxBodyBytes?: number;
  /** Told of faults that the sender only sees the status of. Must not throw. */
  readonly onError?: (error: unknown) => void;
}

/**
 * Makes a handler for the address that a push notification configuration names.
 *
 * Answers 204 to what `onEvent` took, 401 to wrong credentials and to unknown tasks alike, 400, 405, 413 and 415 to what
 * is no notification, 500 when a hook fails.
 *
 * @example
 * ```ts
 * const receive = pushReceiver({ verify: (taskId) => started.get(taskId), onEvent: (event) => show(event) })
 * addEventListener('fetch', (event) => event.respondWith(receive(event.request)))
 * ```
 * @throws {TypeError | RangeError} an option of the wrong kind or out of range.
 */
export function pushReceiver(options: PushReceiverOptions): (request: Request) => Promise<Response> {
  const { verify, onEvent, maxBodyBytes = 4_194_304, onError } = options;
  if (typeof verify !== 'function') throw new TypeError('verify must be a function');
  if (typeof onEvent !== 'function') throw new TypeError('onEvent must be a function');
  assertInteger(maxBodyBytes, 'maxBodyBytes', 1, 67_108_864);
  return async (request) => {
    if (request.method !== 'POST') return new Response(null, { status: 405, headers: { Allow: 'POST' } });
    if (!isJson(request.headers.get('Content-Type'))) return status(415);
    let event: StreamResponse;
    try {
      const body = await readBody(await requestBody(request), maxBodyBytes, request.signal);
      event = parseStreamResponse(readJson(body, MAX_JSON_DEPTH));
    } catch (error) {
      return status(isSdkError(error) && error.code === 'ERR_LIMIT_EXCEEDED' ? 413 : 400);
    }
    try {
      const taskId = taskOf(event);
      const expected = taskId === undefined ? undefined : await verify(taskId);
      if (taskId === undefined || expected === undefined || !proves(request.headers, expected)) return status(401);
      await onEvent(event, taskId);
      return status(204);
    } catch (error) {
      onError?.(error);
      return status(500);
    }
  };
}

function status(code: number): Response {
  return new Response(null, { status: code });
}

function isJson(contentType: string | null): boolean {
  return /^application\/(?:a2a\+)?json *(?:;|$)/i.test(contentType ?? '');
}

function taskOf({ task, message, statusUpdate, artifactUpdate }: StreamResponse): string | undefined {
  return task?.id ?? message?.taskId ?? statusUpdate?.taskId ?? artifactUpdate?.taskId;
}

/** Whether everything that was configured came back. */
function proves(headers: Headers, { token = '', authentication }: PushCredentials): boolean {
  const credentials = authentication?.credentials ?? '';
  // Both are looked at, whatever the first comes to. An empty one is none: anybody could send it.
  const tokenHolds = token === '' || same(headers.get('X-A2A-Notification-Token'), token);
  const authorizationHolds =
    credentials === '' || sameAuthorization(headers.get('Authorization'), `${authentication?.scheme}`, credentials);
  return (token !== '' || credentials !== '') && tokenHolds && authorizationHolds;
}

/** The name of a scheme is the same in any case (RFC 9110, section 11.1). */
function sameAuthorization(header: string | null, scheme: string, credentials: string): boolean {
  const [, name = '', rest = ''] = /^(\S+) +(.*)$/.exec(header ?? '') ?? [];
  return same(rest, credentials) && name.toLowerCase() === scheme.toLowerCase();
}

/** In a time that does not tell where the two differ. */
function same(given: string | null, expected: string): boolean {
  return given !== null && equalBytes(encodeUtf8(given), encodeUtf8(expected));
}

// Push notifications on their way out: to an address a client named, so with every care there is (A2A v1.0, section 4.3;
// https only, public hosts only, no redirects, few attempts).

import { onAbort } from '../../abort.js';
import { assertInteger } from '../../bytes/assert.js';
import type { Clock } from '../../clock.js';
import { HttpError } from '../../errors.js';
import { judgeUrl } from '../../http/address.js';
import { boundedFetch, type FetchLike } from '../../http/bounded-fetch.js';
import { A2aOperationError } from '../wire/errors.js';
import type { TaskPushNotificationConfig } from '../wire/objects.js';
import type { PushConfigStore } from './push-config-store.js';

/** Push notifications of a server. */
export interface PushOptions {
  /** Where the configurations of clients are kept. */
  readonly store: PushConfigStore;
  /**
   * Sends a notification. Default: the runtime's `fetch`. Only one of your own can judge the address behind a name, so
   * give one where private networks can be reached from here.
   */
  readonly fetch?: FetchLike;
  /**
   * Asked about an address that would be refused: one in a private network, or this machine, by `http` as well. Anything
   * but `true` refuses it. Default: none is let through. Link-local addresses never are.
   */
  readonly allow?: (url: URL) => boolean;
  /** Time for one attempt, in milliseconds, 1 to 30,000. Default 10,000. */
  readonly timeoutMs?: number;
  /** Attempts for one notification, 1 to 10. Default 3: at once, after 1 second and after 4 more. */
  readonly maxAttempts?: number;
}

const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_ATTEMPTS = 3;
const FIRST_BACKOFF_MS = 1_000;
const BACKOFF_FACTOR = 4;
const MAX_ANSWER_BYTES = 16_384;

/** @throws {TypeError | RangeError} naming the option. */
export function assertPushOptions(push: PushOptions): void {
  const { store, fetch, allow, timeoutMs, maxAttempts } = push;
  if (typeof store?.list !== 'function') throw new TypeError('push.store must be a PushConfigStore');
  if (fetch !== undefined && typeof fetch !== 'function') throw new TypeError('push.fetch must be a function');
  if (allow !== undefined && typeof allow !== 'function') throw new TypeError('push.allow must be a function');
  if (timeoutMs !== undefined) assertInteger(timeoutMs, 'push.timeoutMs', 1, 30_000);
  if (maxAttempts !== undefined) assertInteger(maxAttempts, 'push.maxAttempts', 1, 10);
}

/**
 * Refuses a configuration that could never be delivered to.
 *
 * @throws {A2aOperationError} ERR_A2A_INVALID_PARAMS: the address is not one to send to, or the credentials fit no header.
 */
export function checkPushConfig(config: TaskPushNotificationConfig, push: PushOptions): void {
  try {
    judgeTarget(config.url, push);
  } catch (cause) {
    throw new A2aOperationError('ERR_A2A_INVALID_PARAMS', 'url must be https and lead to a public host', { cause });
  }
  try {
    headersOf(config);
  } catch (cause) {
    throw new A2aOperationError('ERR_A2A_INVALID_PARAMS', 'the credentials fit no header', { cause });
  }
}

/**
 * Delivers one notification.
 *
 * @param json A StreamResponse.
 * @param signal Ends the attempts, its reason untouched.
 * @throws {HttpError} ERR_HTTP_URL, ERR_HTTP_REDIRECT, ERR_HTTP_STATUS: refused at once. Another: the last attempt's.
 */
export async function deliver(
  json: string,
  config: TaskPushNotificationConfig,
  push: PushOptions,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const { maxAttempts = DEFAULT_ATTEMPTS } = push;
  for (let attempt = 1, backoffMs = FIRST_BACKOFF_MS; ; attempt++, backoffMs *= BACKOFF_FACTOR) {
    try {
      await post(json, config, push, clock, signal);
      return;
    } catch (error) {
      signal.throwIfAborted();
      if (attempt >= maxAttempts || !isPassing(error)) throw error;
    }
    await pause(backoffMs, clock, signal);
  }
}

async function post(
  json: string,
  config: TaskPushNotificationConfig,
  push: PushOptions,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS } = push;
  const answer = await boundedFetch(config.url, {
    ...judgeTarget(config.url, push),
    fetch: push.fetch,
    method: 'POST',
    headers: headersOf(config),
    body: json,
    maxBodyBytes: MAX_ANSWER_BYTES,
    timeoutMs,
    clock,
    signal,
  });
  if (answer.status < 200 || answer.status > 299) {
    throw new HttpError('ERR_HTTP_STATUS', `status ${answer.status}`, { url: answer.url, status: answer.status });
  }
}

/** What has to be opened up for an address. @throws {HttpError} ERR_HTTP_URL: nothing opens it. */
function judgeTarget(url: string, { allow }: PushOptions): { allowHttpLoopback?: true; allowPrivateHosts?: true } {
  try {
    judgeUrl(url);
    return {};
  } catch (refusal) {
    const opened = { allowHttpLoopback: true, allowPrivateHosts: true } as const;
    // Also not to be asked about what nothing opens up, such as a cloud's metadata at 169.254.169.254.
    if (allow?.(judgeUrl(url, opened)) !== true) throw refusal;
    return opened;
  }
}

function headersOf({ authentication, token }: TaskPushNotificationConfig): Headers {
  const headers = new Headers({ 'Content-Type': 'application/a2a+json', 'A2A-Version': '1.0' });
  if (authentication?.credentials !== undefined) {
    headers.set('Authorization', `${authentication.scheme} ${authentication.credentials}`);
  }
  if (token !== undefined) headers.set('X-A2A-Notification-Token', token);
  return headers;
}

/** Whether another attempt may fare better. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof HttpError)) return false;
  const { code, status = 0 } = error;
  if (code === 'ERR_HTTP_STATUS') return status >= 500 || status === 408 || status === 429;
  return code === 'ERR_HTTP_NETWORK' || code === 'ERR_HTTP_TIMEOUT';
}

function pause(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancelTimer = clock.setTimer(() => {
      removeAbort();
      resolve();
    }, ms);
    const removeAbort = onAbort(signal, (reason) => {
      cancelTimer();
      reject(reason);
    });
    if (signal.aborted) {
      removeAbort();
      cancelTimer();
      reject(signal.reason);
    }
  });
}

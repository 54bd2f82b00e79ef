// A message as it comes in a request (AITP 0.2, sections 9.1 and 9.2): its kind of content, its size and the time it may
// take, before anything of it is looked at.

import type { Clock } from '../../clock.js';
import { HttpError, isSdkError } from '../../errors.js';
import { startDeadline } from '../../http/deadline.js';
import { discardBody, readBody } from '../../http/read-body.js';
import { requestBody } from '../../http/request-body.js';
import { AitpError } from '../errors.js';

const CONTENT_TYPE = /^application\/(?:aitp\+)?json\s*(?:;|$)/i;

/** How much of a request is read, and for how long. */
export interface ReadRequestOptions {
  readonly maxBodyBytes: number;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/**
 * Reads the message of a request.
 *
 * @throws {AitpError} INVALID_ENVELOPE: another kind of content, too long, too slow, or broken off.
 */
export async function readMessage(request: Request, options: ReadRequestOptions): Promise<Uint8Array> {
  const body = await requestBody(request);
  if (!CONTENT_TYPE.test(request.headers.get('content-type') ?? '')) {
    discardBody(body);
    throw new AitpError('INVALID_ENVELOPE', 'the request is not JSON by its content type');
  }
  return readBounded(body, request, options);
}

/**
 * Reads a body of any kind.
 *
 * @throws {AitpError} INVALID_ENVELOPE: too long, too slow, or broken off.
 */
export async function readBounded(
  body: ReadableStream<Uint8Array> | null,
  request: Request,
  { maxBodyBytes, timeoutMs, clock }: ReadRequestOptions,
): Promise<Uint8Array> {
  if (Number(request.headers.get('content-length') ?? 0) > maxBodyBytes) {
    discardBody(body);
    throw new AitpError('INVALID_ENVELOPE', 'the request is too long');
  }
  const deadline = startDeadline(clock, timeoutMs, request.url);
  try {
    return await readBody(body, maxBodyBytes, deadline.signal);
  } catch (cause) {
    const why = isSdkError(cause) ? (cause instanceof HttpError ? 'too slow' : 'too long') : 'broken off';
    throw new AitpError('INVALID_ENVELOPE', `the request is ${why}`, { cause });
  } finally {
    deadline.release();
  }
}

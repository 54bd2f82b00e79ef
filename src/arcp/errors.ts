// Errors of ARCP v1.0: one table of the 21 canonical codes, from which the stable codes of this package follow.
// What a peer gets to see of an error is chosen in ./wire-error.ts.

import { isObject } from '../codec/is-object.js';
import type { JsonValue } from '../codec/json-value.js';
import { SdkError } from '../errors.js';

/** The table: every canonical code, and whether the same request may succeed later. */
const RETRYABLE = {
  OK: false,
  CANCELLED: false,
  UNKNOWN: false,
  INVALID_ARGUMENT: false,
  DEADLINE_EXCEEDED: true,
  NOT_FOUND: false,
  ALREADY_EXISTS: false,
  PERMISSION_DENIED: false,
  RESOURCE_EXHAUSTED: true,
  FAILED_PRECONDITION: false,
  ABORTED: true,
  OUT_OF_RANGE: false,
  UNIMPLEMENTED: false,
  INTERNAL: true,
  UNAVAILABLE: true,
  DATA_LOSS: false,
  UNAUTHENTICATED: false,
  HEARTBEAT_LOST: false,
  LEASE_EXPIRED: false,
  LEASE_REVOKED: false,
  BACKPRESSURE_OVERFLOW: false,
} as const;

const PREFIX = 'ERR_ARCP_';

/** Longest text of a peer's that becomes the message of an error, in UTF-16 units. */
const MAX_MESSAGE_CHARS = 1_024;

/** How many causes of an error cross the wire. */
const MAX_CAUSES = 4;

/** A canonical code, as the wire spells it. */
export type ArcpCode = keyof typeof RETRYABLE;

/** Codes of {@link ArcpError}. */
export type ArcpErrorCode = `${typeof PREFIX}${ArcpCode}`;

declare module '../errors.js' {
  interface SdkErrorCodes {
    readonly arcp: ArcpErrorCode;
  }
}

/** An error as `nack`, `job.failed` and `tool.error` carry it. */
export interface WireError {
  /** Canonical code, or a namespaced one such as `arcpx.acme.QUOTA_EXCEEDED`. */
  readonly code: string;
  readonly message: string;
  readonly retryable?: boolean | undefined;
  /** Free JSON. `retry_after_seconds`, where present, is the least wait before another try. */
  readonly details?: JsonValue | undefined;
  readonly cause?: WireError | undefined;
  readonly trace_id?: string | undefined;
}

/** Further facts of an {@link ArcpError}. */
export interface ArcpErrorOptions {
  /** Whether the same request may succeed later. Default: what the table says of the code. */
  readonly retryable?: boolean | undefined;
  /** Free JSON that crosses the wire. */
  readonly details?: JsonValue | undefined;
  /** The error underneath; it crosses the wire only where it is an `ArcpError` too. */
  readonly cause?: unknown;
}

/**
 * Something ARCP has a code for: a refused command, a failed job, a message that is not what its type says.
 *
 * Where the other side said it, `message` and {@link wireCode} are its words as they came, 1,024 UTF-16 units of them at most:
 * they may hold line breaks, and what a terminal would act on. Escape them where people read them.
 */
export class ArcpError extends SdkError<ArcpErrorCode> {
  override readonly name = 'ArcpError';
  /** The code as the wire spells it. One that is not canonical stands here whole, and {@link code} is `ERR_ARCP_UNKNOWN`. */
  readonly wireCode: string;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
  /** Free JSON that came, or goes, with the code. */
  readonly details?: JsonValue;

  /**
   * @param wireCode Canonical or namespaced code; `RATE_LIMITED` becomes `RESOURCE_EXHAUSTED`.
   * @param message What happened. It crosses the wire: never a secret, never the text of a foreign error.
   */
  constructor(wireCode: string, message: string, options: ArcpErrorOptions = {}) {
    const code = canonicalCode(wireCode);
    super(
      `${PREFIX}${isArcpCode(code) ? code : 'UNKNOWN'}`,
      message,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.wireCode = code;
    this.retryable = options.retryable ?? isRetryable(code);
    if (options.details !== undefined) this.details = options.details;
  }

  /** Least wait before another try, in milliseconds, where `details.retry_after_seconds` says one. */
  get retryAfterMs(): number | undefined {
    const seconds = isObject(this.details) ? this.details.retry_after_seconds : undefined;
    return typeof seconds === 'number' && seconds >= 0 && Number.isFinite(seconds) ? seconds * 1_000 : undefined;
  }
}

/** Makes an {@link ArcpError}: the same as its constructor, for places that throw. */
export function arcpError(wireCode: string, message: string, options?: ArcpErrorOptions): ArcpError {
  return new ArcpError(wireCode, message, options);
}

/** Whether a value is a canonical code, as the wire spells it. */
export function isArcpCode(value: unknown): value is ArcpCode {
  return typeof value === 'string' && Object.hasOwn(RETRYABLE, value);
}

/** Whether a code of the wire is retryable unless the error says otherwise. One we do not know is not. */
export function isRetryable(code: string): boolean {
  return isArcpCode(code) && RETRYABLE[code];
}

/** The spelling of a code that goes on: `RATE_LIMITED` is an alias, and never sent. */
export function canonicalCode(wireCode: string): string {
  return wireCode === 'RATE_LIMITED' ? 'RESOURCE_EXHAUSTED' : wireCode;
}

/**
 * The error that a peer's `nack`, `job.failed`, `tool.error`, `session.rejected` or the like stands for.
 *
 * @param wire Its payload. The message is cut at 1,024 UTF-16 units.
 */
export function fromWireError(wire: WireError): ArcpError {
  return undescribe(wire, MAX_CAUSES);
}

function undescribe(wire: WireError, causes: number): ArcpError {
  return new ArcpError(wire.code, wire.message.slice(0, MAX_MESSAGE_CHARS), {
    retryable: wire.retryable,
    details: wire.details,
    cause: wire.cause === undefined || causes === 0 ? undefined : undescribe(wire.cause, causes - 1),
  });
}

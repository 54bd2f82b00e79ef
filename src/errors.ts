// The one family of errors: a base class, a subclass per decision a caller can take, and a stable code per reason.
// Codes are public API: never renamed, never reused. Misuse by the caller is a plain TypeError or RangeError instead.
// Imports nothing, so every room may import it.

/** Codes of {@link CodecError}: bytes or text that are not what they claim to be. */
export type CodecErrorCode =
  | 'ERR_CODEC_BASE58'
  | 'ERR_CODEC_BASE64URL'
  | 'ERR_CODEC_UTF8'
  | 'ERR_CODEC_JSON_SYNTAX'
  | 'ERR_CODEC_JSON_DUPLICATE_KEY'
  | 'ERR_CODEC_JSON_SURROGATE'
  | 'ERR_CODEC_JSON_NUMBER'
  | 'ERR_CODEC_JSON_DEPTH'
  | 'ERR_CODEC_JSON_SIZE'
  | 'ERR_CODEC_JCS_VALUE';

/** Codes of {@link IdentityError}: a DID or key that cannot be used. */
export type IdentityErrorCode =
  | 'ERR_IDENTITY_DID'
  | 'ERR_IDENTITY_KEY'
  | 'ERR_IDENTITY_AGREEMENT'
  | 'ERR_IDENTITY_MISMATCH'
  | 'ERR_IDENTITY_UNSUPPORTED';

/** Codes of {@link VerifyError}: a signature or claim that does not hold. */
export type VerifyErrorCode =
  | 'ERR_VERIFY_SIGNATURE'
  | 'ERR_VERIFY_ENTRY'
  | 'ERR_VERIFY_HEADER_ENCODING'
  | 'ERR_VERIFY_HEADER'
  | 'ERR_VERIFY_CRITICAL'
  | 'ERR_VERIFY_ALGORITHM'
  | 'ERR_VERIFY_TYPE'
  | 'ERR_VERIFY_SIGNATURE_ENCODING'
  | 'ERR_VERIFY_KEY_NOT_FOUND'
  | 'ERR_VERIFY_KEY_UNUSABLE'
  | 'ERR_VERIFY_KEY_RETRIEVAL';

/** Codes of {@link HttpError}: a document that could not be fetched within its limits. */
export type HttpErrorCode =
  | 'ERR_HTTP_URL'
  | 'ERR_HTTP_NETWORK'
  | 'ERR_HTTP_TIMEOUT'
  | 'ERR_HTTP_REDIRECT'
  | 'ERR_HTTP_STATUS'
  | 'ERR_HTTP_TOO_LARGE'
  | 'ERR_HTTP_CONTENT';

/** Codes of {@link VaultError}: a stored or backed-up identity that cannot be opened. */
export type VaultErrorCode =
  | 'ERR_VAULT_DAMAGED'
  | 'ERR_VAULT_OCCUPIED'
  | 'ERR_VAULT_PASSPHRASE'
  | 'ERR_VAULT_PHRASE'
  | 'ERR_VAULT_BACKUP';

/** Codes of {@link StorageError}: the storage adapter failed, with the adapter's own error as `cause`. */
export type StorageErrorCode = 'ERR_STORAGE_FAILED' | 'ERR_STORAGE_UNAVAILABLE';

/** Codes of {@link NoiseError}: handshake or transport cryptography. Every failed check of one kind shares one code. */
export type NoiseErrorCode = 'ERR_NOISE_HANDSHAKE' | 'ERR_NOISE_DECRYPT' | 'ERR_NOISE_DEAD' | 'ERR_NOISE_EXHAUSTED';

/** Codes of {@link ChannelError}: the connection ended or never stood. */
export type ChannelErrorCode =
  | 'ERR_CHANNEL_CLOSED'
  | 'ERR_CHANNEL_LOST'
  | 'ERR_CHANNEL_REFUSED'
  | 'ERR_CHANNEL_TIMEOUT'
  | 'ERR_CHANNEL_IMPOSTOR'
  | 'ERR_CHANNEL_PROTOCOL'
  | 'ERR_CHANNEL_EXTENSION';

/** Codes of {@link LimitError}: a peer, or a message of our own, went past a limit. */
export type LimitErrorCode = 'ERR_LIMIT_EXCEEDED';

/** Codes of {@link RpcError}: the remote side answered a call with an error. */
export type RpcErrorCode =
  | 'ERR_RPC_REMOTE'
  | 'ERR_RPC_METHOD_NOT_FOUND'
  | 'ERR_RPC_INVALID_PARAMS'
  | 'ERR_RPC_INTERNAL'
  | 'ERR_RPC_BUSY'
  | 'ERR_RPC_DENIED'
  | 'ERR_RPC_CANCELLED'
  | 'ERR_RPC_UNEXPECTED_FRAME'
  | 'ERR_RPC_INVALID_RESULT';

/**
 * Codes by family. A protocol family adds its own where it is imported: `declare module` merges them in, so that
 * {@link isSdkError} narrows to them, too.
 */
export interface SdkErrorCodes {
  readonly core:
    | CodecErrorCode
    | IdentityErrorCode
    | VerifyErrorCode
    | HttpErrorCode
    | VaultErrorCode
    | StorageErrorCode
    | NoiseErrorCode
    | ChannelErrorCode
    | LimitErrorCode
    | RpcErrorCode;
}

/** Every code an error of this package can carry. Protocol families that are imported have added theirs. */
export type SdkErrorCode = SdkErrorCodes[keyof SdkErrorCodes];

const BRAND = Symbol.for('ringline.error');

/**
 * Base of every error this package throws on purpose.
 *
 * @example
 * ```ts
 * try { await session.call('greet') } catch (error) {
 *   if (isSdkError(error)) switch (error.code) { case 'ERR_CHANNEL_CLOSED': break }
 * }
 * ```
 */
export class SdkError<Code extends string = string> extends Error {
  // A plain string: `constructor.name` is renamed by the minifier of whoever bundles us.
  override readonly name: string = 'SdkError';
  /** Stable reason, for `switch`. */
  readonly code: Code;
  readonly [BRAND] = true;

  /**
   * @param code Stable reason.
   * @param message What happened and, where there is one, what to do about it. Never a secret or plaintext.
   * @param options `cause`: the error underneath, kept whole.
   */
  constructor(code: Code, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}

/** Whether a value is an error of this package, also one from another copy of it in the same realm. */
export function isSdkError(value: unknown): value is SdkError<SdkErrorCode> {
  return typeof value === 'object' && value !== null && (value as { [BRAND]?: unknown })[BRAND] === true;
}

/** Bytes or text that are not canonical or cannot be decoded. */
export class CodecError extends SdkError<CodecErrorCode> {
  override readonly name = 'CodecError';
}

/** A DID or key that cannot be used. */
export class IdentityError extends SdkError<IdentityErrorCode> {
  override readonly name = 'IdentityError';
}

/** A signature or claim that does not hold. */
export class VerifyError extends SdkError<VerifyErrorCode> {
  override readonly name = 'VerifyError';
}

/** Something could not be fetched over HTTP within the limits set for it. */
export class HttpError extends SdkError<HttpErrorCode> {
  override readonly name = 'HttpError';
  /** Address that failed, without user name and password: of several in a chain of redirects, the last one asked. */
  readonly url: string;
  /** Status of the answer, where there was one. */
  readonly status?: number;

  constructor(code: HttpErrorCode, message: string, options: { url: string; status?: number; cause?: unknown }) {
    super(code, message, 'cause' in options ? { cause: options.cause } : undefined);
    this.url = withoutUser(options.url);
    if (options.status !== undefined) this.status = options.status;
  }
}

/** An address without what stands before its host: errors end up in logs. */
function withoutUser(text: string): string {
  // The parser is not shown what may be made to slow it down.
  if (!text.includes('@')) return text;
  let url: URL | undefined;
  try {
    url = text.length > 8_192 ? undefined : new URL(text);
  } catch {
    // Then nobody can say where its host begins.
  }
  // Without the slashes, what looks like a user name is one: `user:password@agent.example` parses as something else.
  if (url === undefined || url.host === '') return text.slice(text.lastIndexOf('@') + 1);
  if (url.username === '' && url.password === '') return text;
  url.username = '';
  url.password = '';
  return url.href;
}

/** A stored or backed-up identity that cannot be opened. */
export class VaultError extends SdkError<VaultErrorCode> {
  override readonly name = 'VaultError';
}

/** A storage adapter failed; its own error is the `cause`. */
export class StorageError extends SdkError<StorageErrorCode> {
  override readonly name = 'StorageError';
}

/** Handshake or transport cryptography failed. Always terminal for the state that threw it. */
export class NoiseError extends SdkError<NoiseErrorCode> {
  override readonly name = 'NoiseError';
}

/** Whether the request of a failed call had been handed to the transport, so that the peer may have acted on it. */
export type Delivery = 'sent' | 'unsent';

/** The connection ended, or never stood. */
export class ChannelError extends SdkError<ChannelErrorCode> {
  override readonly name = 'ChannelError';
  /** On a failed call: whether the peer may have seen the request. Absent where no call was involved. */
  readonly delivery?: Delivery;

  constructor(code: ChannelErrorCode, message: string, options: { cause?: unknown; delivery?: Delivery } = {}) {
    super(code, message, 'cause' in options ? { cause: options.cause } : undefined);
    if (options.delivery !== undefined) this.delivery = options.delivery;
  }
}

/** A peer, or a message of our own, went past a limit. */
export class LimitError extends SdkError<LimitErrorCode> {
  override readonly name = 'LimitError';
  /** Name of the option that sets the limit, such as `maxFrameBytes`. */
  readonly limit: string;
  /** The limit in force. */
  readonly allowed: number;
  /** What was seen; for a flood, the first value over the limit. */
  readonly seen: number;

  constructor(limit: string, allowed: number, seen: number, options?: { cause?: unknown }) {
    super('ERR_LIMIT_EXCEEDED', `${limit}: at most ${allowed} allowed, ${seen} seen`, options);
    this.limit = limit;
    this.allowed = allowed;
    this.seen = seen;
  }
}

/** The remote side said no. Never thrown for a local fault. */
export class RpcError extends SdkError<RpcErrorCode> {
  override readonly name = 'RpcError';
  /** The integer the protocol carries, such as -32601. */
  readonly wireCode: number;

  constructor(code: RpcErrorCode, wireCode: number, message: string, options?: { cause?: unknown }) {
    super(code, message, options);
    this.wireCode = wireCode;
  }
}

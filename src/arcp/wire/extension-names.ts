// Names of extensions (ARCP v1.0, section 21): `arcpx.` and at least two segments, or a reversed domain name of at least
// three, the last being the version. `arcpx` reads as the first label of such a domain, so that one pattern holds both.

const EXTENSION_NAME = /^[a-z]{2,8}(?:\.[A-Za-z0-9_-]+)+\.v\d+$/;
const MAX_CHARS = 256;

/** Whether a value is the name of an extension, 256 characters at most. */
export function isExtensionName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_CHARS && EXTENSION_NAME.test(value);
}

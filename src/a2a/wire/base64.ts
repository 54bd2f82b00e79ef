// Base64 with padding (RFC 4648, section 4), which is how JSON carries the bytes of a part. Over the runtime's own `atob`
// and `btoa`.

/** Bytes turned to text at a time: an argument list holds no more on every engine. */
const CHUNK_BYTES = 8_192;

/**
 * Encodes bytes as base64 with padding.
 *
 * @param bytes Any length. Borrowed.
 */
export function encodeBase64(bytes: Uint8Array): string {
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    pieces.push(String.fromCharCode(...bytes.subarray(at, at + CHUNK_BYTES)));
  }
  return btoa(pieces.join(''));
}

/**
 * Decodes base64 of the form {@link encodeBase64} writes.
 *
 * @returns Fresh bytes.
 * @throws {DOMException} not base64.
 */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

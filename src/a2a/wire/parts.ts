// Making parts and messages, and getting out what they hold.

import { assertBytes, assertString } from '../../bytes/assert.js';
import { decodeBase64, encodeBase64 } from '../../codec/base64.js';
import type { Artifact, Message, Part, PartExtras } from './objects.js';
import { bytes as bytesReader } from './proto-json.js';

/** A part that is bytes. @param bytes Any length. Borrowed. */
export function rawPart(bytes: Uint8Array, extras: PartExtras = {}): Part {
  assertBytes(bytes, 'bytes');
  return { raw: encodeBase64(bytes), ...extras };
}

/**
 * The bytes of a `raw` part.
 *
 * @returns Fresh bytes; `undefined` for a part of another kind.
 * @throws {WireFault} `raw` is not base64, which it always is in a part that was read from a peer.
 */
export function bytesOfPart(part: Part): Uint8Array<ArrayBuffer> | undefined {
  return part.raw === undefined ? undefined : decodeBase64(bytesReader(part.raw, 'raw'));
}

/** All the text of a message or an artifact, its parts joined by nothing; empty where it has none. */
export function textOf(source: Message | Artifact | undefined): string {
  return source?.parts.map(({ text }) => text ?? '').join('') ?? '';
}

/** What a message of ours may name beside its content. */
export type MessageOptions = Partial<Omit<Message, 'messageId' | 'role' | 'parts'>> & {
  /** Default: a random UUID. */
  readonly messageId?: string;
};

/**
 * A message from a user to an agent.
 *
 * @param content Text, or parts.
 * @example
 * ```ts
 * await client.sendMessage({ message: userMessage('What is the weather?') })
 * ```
 */
export function userMessage(content: string | readonly Part[], options: MessageOptions = {}): Message {
  return message('ROLE_USER', content, options);
}

/** A message from an agent to its user. @param content Text, or parts. */
export function agentMessage(content: string | readonly Part[], options: MessageOptions = {}): Message {
  return message('ROLE_AGENT', content, options);
}

function message(role: string, content: string | readonly Part[], options: MessageOptions): Message {
  if (!Array.isArray(content)) assertString(content, 'content');
  const parts = typeof content === 'string' ? [{ text: content }] : content;
  return { messageId: options.messageId ?? randomUuid(), role, parts, ...options };
}

/** `crypto.randomUUID` is missing from pages without TLS; the random bytes under it are not. */
function randomUuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

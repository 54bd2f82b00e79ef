import type { Message } from './contract.js';

/**
 * What a message counts for in queues and limits, in bytes.
 *
 * Text counts two bytes per UTF-16 unit, which is what an engine may hold for it; the exact UTF-8 length would cost a
 * walk over every text and change no decision.
 */
export function messageBytes(message: Message): number {
  return typeof message === 'string' ? 2 * message.length : message.length;
}

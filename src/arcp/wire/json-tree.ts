// The free JSON of a message, judged before anybody walks it: on the way in how deep and wide it is, on the way out also
// whether `JSON.stringify` writes it as it stands. One walk for both, since they must agree.

import { assertInteger } from '../../bytes/assert.js';
import { MAX_DEPTH_CEILING } from '../../codec/bounds.js';

/** What is left for the trees of one message. */
export interface TreeRoom {
  readonly maxDepth: number;
  readonly maxKeys: number;
  /** Members seen so far. */
  keys: number;
}

/** An event is a message in a message: what more it may hold than the one inside. */
const ENVELOPE_DEPTH = 2;
const ENVELOPE_KEYS = 64;

/**
 * Room for the trees of one message.
 *
 * @param maxDepth Deepest level of arrays and objects: 1 to 1,000.
 * @param maxKeys Object members in all: 0 or more.
 * @param isEvent Whether it holds another message, which may take all of that.
 * @throws {TypeError} @throws {RangeError} a limit that is none.
 */
export function treeRoom(maxDepth: number, maxKeys: number, isEvent: boolean): TreeRoom {
  assertInteger(maxDepth, 'maxDepth', 1, MAX_DEPTH_CEILING);
  assertInteger(maxKeys, 'maxKeys', 0);
  return isEvent
    ? { maxDepth: maxDepth + ENVELOPE_DEPTH, maxKeys: maxKeys + ENVELOPE_KEYS, keys: 0 }
    : { maxDepth, maxKeys, keys: 0 };
}

/**
 * Why a value cannot go over the wire and come back; `undefined` when it can. Out of `JSON.parse` comes nothing that JSON
 * cannot say but Infinity, for 1e400. Members that are `undefined` are none; in a list there is no leaving out.
 *
 * @param depth Level the value stands at, if it is an array or object.
 */
export function treeIssue(value: unknown, room: TreeRoom, depth: number): string | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : 'has a number that is not finite';
  if (typeof value !== 'object') {
    return typeof value === 'string' || typeof value === 'boolean' ? undefined : 'has a value that JSON does not know';
  }
  if (value === null) return undefined;
  if (depth > room.maxDepth) return `nests deeper than ${room.maxDepth} levels`;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      const issue = treeIssue(value[i], room, depth + 1);
      if (issue !== undefined) return issue;
    }
    return undefined;
  }
  if (typeof (value as { toJSON?: unknown }).toJSON === 'function') return 'has an object that is not a plain one';
  for (const name in value) {
    const member = (value as Record<string, unknown>)[name];
    if (member === undefined || !Object.hasOwn(value, name)) continue;
    if (++room.keys > room.maxKeys) return `has more than ${room.maxKeys} members`;
    // Most members are texts, which need no call.
    if (typeof member === 'string') continue;
    const issue = treeIssue(member, room, depth + 1);
    if (issue !== undefined) return issue;
  }
  return undefined;
}

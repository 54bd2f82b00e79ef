// What must hold of streams that clients write: what is read of one is what was written to it, and nothing else.

import type { Writing } from './app.js';
import type { Coverage } from './coverage.js';
import { isPrefix, type Said } from './said.js';
import type { World } from './world.js';

/** Looks at every stream that a tool, or the host, has read. */
export function checkWritings(world: World, entries: readonly Said[], coverage: Coverage): void {
  const writings = new Map<string, { readonly writing: Writing; readonly principal: string }>();
  for (const { principal, writings: own } of world.apps) {
    for (const writing of own) writings.set(writing.id, { writing, principal });
  }
  for (const { id, principal, items, end } of world.here.heard) {
    const found = writings.get(id);
    if (found === undefined) {
      // Its writer had not been told that it is open.
      if (items.length > 0) world.violate('bytes arrive as they were sent', `${id} has ${items.join()}, of nobody`);
      continue;
    }
    const { writing } = found;
    const which = writing.isBinary ? 'bytes arrive as they were sent' : 'order inside a stream';
    if (found.principal !== principal) world.leaked(`${principal} was read ${id} of ${found.principal}`);
    if (!isPrefix(items, writing.sent)) world.violate(which, `${id} was read as other than it was written`);
    if (end === undefined || end.error !== undefined) continue;
    coverage.written++;
    if (!writing.isClosing || items.length < writing.sent.length) {
      world.violate(which, `${id} ended well after ${items.length} of ${writing.sent.length} chunks`);
    }
  }
  const logged = new Map<string, string[]>();
  for (const { direction, type, principal, streamId, body } of entries) {
    if (direction === 'out' || type !== 'stream.chunk' || streamId === undefined) continue;
    // What somebody else says under its id is refused, and goes no further.
    if (writings.get(streamId)?.principal !== principal) continue;
    logged.set(streamId, [...(logged.get(streamId) ?? []), String(body.payload.data)]);
  }
  for (const [id, texts] of logged) {
    const writing = writings.get(id)?.writing;
    const which = writing?.isBinary === true ? 'bytes arrive as they were sent' : 'order inside a stream';
    if (writing !== undefined && !isPrefix(texts, writing.sent)) {
      world.violate(which, `the log has ${id} as other than it was written`);
    }
  }
}

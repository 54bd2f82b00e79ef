// That no principal hears of another: neither what it says, nor what its things are called.

import { decodeBase64 } from '../../../src/codec/base64.js';
import type { Said } from './said.js';
import { PRINCIPALS, type World } from './world.js';

/** Nothing that one principal is told names what another one said, is called, or has. */
export function checkSecrets(world: World, entries: readonly Said[], there: readonly Said[]): void {
  for (const { text, principal, sessionId } of there) {
    const other = othersOf(principal).find((one) => text.includes(`@${one}`));
    if (other !== undefined) world.leaked(`${sessionId} elsewhere, of ${principal}, has ${text}`);
  }
  const owners = new Map<string, string>();
  const sessions = new Map<string, string>();
  for (const { text, principal, sessionId } of entries) {
    for (const id of idsIn(text)) if (!owners.has(id)) owners.set(id, principal);
    if ((sessions.get(sessionId) ?? principal) !== principal) world.leaked(`${sessionId} has two principals`);
    sessions.set(sessionId, principal);
  }
  for (const { name, principal, arrivals } of world.apps) {
    const others = othersOf(principal);
    // What a principal has named itself it hears again, in refusals and from its observer.
    const own = world.apps.filter((app) => app.principal === principal);
    const named = new Set(own.flatMap(({ said }) => said.flatMap(idsIn)));
    for (const { text, type, frames } of arrivals) {
      const heard = [text, ...frames.map(latin1), ...dataIn(text)];
      if (heard.some((one) => others.some((other) => one.includes(`@${other}`)))) {
        world.leaked(`${name} got ${type}: ${heard.join(' ')}`);
      }
      for (const id of idsIn(text)) {
        const owner = owners.get(id);
        if (owner !== undefined && owner !== principal && !named.has(id)) {
          world.leaked(`${name} got ${type} with ${id} of ${owner}`);
        }
      }
    }
  }
}

function othersOf(principal: string): readonly string[] {
  return PRINCIPALS.filter((one) => one !== principal);
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

/** What stands in a message as base64. */
function dataIn(text: string): readonly string[] {
  const [, data] = /"data":"([A-Za-z0-9+/]{8,}={0,2})"/.exec(text) ?? [];
  if (data === undefined || data.length % 4 > 0) return [];
  return [latin1(decodeBase64(data))];
}

function idsIn(text: string): readonly string[] {
  return text.match(/(?:msg|sess|job|str|sub|art|lease)_[0-9A-Z]{26}/g) ?? [];
}

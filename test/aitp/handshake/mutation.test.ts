// Every byte of every message, flipped. None of them gets past the signature, so that the session waits on in every case
// and takes the message itself afterwards.

import { expect, it } from 'vitest';
import { codeOf, makeSession, REQUESTED, type SessionOptions } from '../parties.js';

const PARTIES: readonly [string, SessionOptions][] = [
  ['Ed25519, pinned', {}],
  ['P-256, oidc', { a: { identity: 'oidc', suite: 'p256' }, b: { identity: 'oidc', suite: 'p256' } }],
];

it.each(PARTIES)('no flipped byte is accepted or ends a session: %s', { timeout: 120_000 }, async (_name, setup) => {
  const { initiator, responder, b } = await makeSession(setup);
  const hello = await initiator.buildHello(b.manifestJson, REQUESTED);
  await flipEach(hello, (text) => responder.processHello(text));
  const { ackJson: ack } = await responder.processHello(hello);
  await flipEach(ack, (text) => initiator.processHelloAck(text));
  const commit = await initiator.processHelloAck(ack);
  await flipEach(commit, (text) => responder.processCommit(text));
  const { ackJson } = await responder.processCommit(commit);
  await flipEach(ackJson, (text) => initiator.complete(text));
  await initiator.complete(ackJson);
});

async function flipEach(text: string, take: (bytes: Uint8Array) => Promise<unknown>): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  const accepted: number[] = [];
  for (let at = 0; at < bytes.length; at++) {
    // One bit for each place, all eight in turn, and the bit between capitals and small letters everywhere.
    for (const bit of new Set([1 << (at % 8), 0x20])) {
      const flipped = bytes.slice();
      flipped[at] = (flipped[at] as number) ^ bit;
      if ((await codeOf(take(flipped))) === 'accepted') accepted.push(at);
    }
  }
  expect(accepted).toEqual([]);
}

it('no message is accepted cut short', async () => {
  const { initiator, responder, b } = await makeSession();
  const hello = await initiator.buildHello(b.manifestJson, REQUESTED);
  for (let end = 0; end < hello.length; end += 37) {
    expect(await codeOf(responder.processHello(hello.slice(0, end)))).toBe('INVALID_ENVELOPE');
  }
  expect(await codeOf(responder.processHello(hello))).toBe('accepted');
});

it('no message longer than the limit is read', async () => {
  const { initiator, responder, b } = await makeSession();
  const hello = await initiator.buildHello(b.manifestJson, REQUESTED);
  expect(await codeOf(responder.processHello(hello + ' '.repeat(65_537 - hello.length)))).toBe('INVALID_ENVELOPE');
  expect(await codeOf(responder.processHello(hello + ' '.repeat(65_536 - hello.length)))).toBe('accepted');
});

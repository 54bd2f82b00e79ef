// The other side of a session under test, frame by frame: sends what it is told and remembers what came.

import { decodeUtf8, encodeUtf8 } from '../../src/bytes/utf8.js';
import { type PeerRecord, Session } from '../../src/phone/session.js';
import type { SessionOptions } from '../../src/phone/session-options.js';
import { fakeClock } from '../../src/testing/fake-clock.js';
import { type PlainChannel, plainChannels } from './plain-channel.js';

export type WireFrame = Record<string, unknown> & { type: string; stream_id: number };

export class FramePeer {
  readonly channel: PlainChannel;
  readonly frames: WireFrame[] = [];
  readonly #waiting: (() => void)[] = [];

  constructor(channel: PlainChannel) {
    this.channel = channel;
    channel.receive((plaintext) => {
      this.frames.push(JSON.parse(decodeUtf8(plaintext)) as WireFrame);
      for (const resolve of this.#waiting.splice(0)) resolve();
    });
  }

  send(frame: Record<string, unknown> | string | Uint8Array): void {
    const bytes =
      frame instanceof Uint8Array ? frame : encodeUtf8(typeof frame === 'string' ? frame : JSON.stringify(frame));
    this.channel.write((target) => {
      target.set(bytes);
      return bytes.length;
    });
  }

  req(streamId: number, method: string, extra: Record<string, unknown> = {}): void {
    this.send({ type: 'req', stream_id: streamId, seq: 0, method, ...extra });
  }

  /** Waits until `count` frames have come. */
  async until(count: number): Promise<WireFrame[]> {
    while (this.frames.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.frames;
  }
}

/** A session in one role, and the frames of the other side in the test's hand. */
export function sessionAgainst(role: 'initiator' | 'responder', options: SessionOptions = {}) {
  const channels = plainChannels();
  const other = role === 'initiator' ? 'responder' : 'initiator';
  const clock = fakeClock();
  const channel = channels[role];
  const record: PeerRecord = {
    peer: { did: channel.remoteDid, proof: 'x25519', agreementKey: new Uint8Array(32) },
  };
  const session = new Session(channel, record, { clock, ...options });
  return { session, peer: new FramePeer(channels[other]), channel, clock };
}

/** Two sessions over a plain channel. */
export function sessionPair(serving: SessionOptions, calling: SessionOptions = {}) {
  const { initiator, responder } = plainChannels();
  const clock = fakeClock();
  const record = (did: string): PeerRecord => ({ peer: { did, proof: 'x25519', agreementKey: new Uint8Array(32) } });
  return {
    clock,
    initiator,
    responder,
    caller: new Session(initiator, record(initiator.remoteDid), { clock, ...calling }),
    callee: new Session(responder, record(responder.remoteDid), { clock, ...serving }),
  };
}

/** Lets everything that is ready run: microtasks, and macrotasks behind them. */
export async function settle(turns = 5): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
}

// A runtime with tools that read and write bytes, clients of ours, clients that are scripted, and what went over the wire.

import { connect } from '../../../src/arcp/client/connect.js';
import type { ConnectOptions } from '../../../src/arcp/client/options.js';
import type { ClientSession } from '../../../src/arcp/client/session.js';
import { artifactService } from '../../../src/arcp/runtime/artifacts/artifacts-service.js';
import type { RuntimeOptions } from '../../../src/arcp/runtime/runtime.js';
import { streamService } from '../../../src/arcp/runtime/streams/streams-service.js';
import { subscriptionService } from '../../../src/arcp/runtime/subscriptions/subscriptions-service.js';
import type { StreamReader } from '../../../src/arcp/streams/reader.js';
import type { JsonObject } from '../../../src/codec/json-value.js';
import type { Message, Transport } from '../../../src/transport/contract.js';
import { memoryTransports } from '../../../src/transport/memory.js';
import { ALL_CAPABILITIES, EPOCH_MS, RawPeer, type TestRuntime, testRuntime } from '../support/raw-peer.js';
import { pattern } from './messages.js';

/** What clients of these tests propose. */
export const WITH_SIDECAR: JsonObject = { ...ALL_CAPABILITIES, binary_encoding: ['base64', 'sidecar'] };

/** A stream of a client's, as the runtime read it. */
export interface Heard {
  readonly id: string;
  readonly encoding: string | undefined;
  readonly chunks: Uint8Array[];
  /** Code it ended with; `undefined` while it goes on. */
  end: string | undefined;
}

export interface SidecarBench extends TestRuntime {
  /** Streams of clients outside of any job. */
  readonly heard: readonly Heard[];
  /** A scripted client, and all that comes over its wire: frames, too. */
  wired(): { readonly peer: RawPeer; readonly wire: readonly Message[]; readonly near: Transport };
  /** A client of ours. */
  client(options?: Partial<ConnectOptions>): Promise<ClientSession>;
  /** What went over the wires of {@link client}s, either way. */
  readonly said: { readonly up: Message[]; readonly down: Message[] };
}

/** Makes one. Its tool `bytes` writes a stream of chunks of the given sizes. */
export function sidecarBench(options: RuntimeOptions = {}): SidecarBench {
  const heard: Heard[] = [];
  const bench = testRuntime({
    tools: [
      {
        name: 'bytes',
        async handler(args, { stream }) {
          const writer = stream('binary', { contentType: 'application/octet-stream' });
          for (const size of args as number[]) await writer.write(pattern(size));
          await writer.close();
          return null;
        },
      },
    ],
    services: [
      streamService({ onStream: (_session, stream) => void listen(heard, stream) }),
      artifactService(),
      subscriptionService(),
    ],
    ...options,
  });
  const said = { up: [] as Message[], down: [] as Message[] };
  const accept = (far: Transport) => void bench.runtime.accept(far);
  return {
    ...bench,
    heard,
    said,
    wired() {
      const [near, far] = memoryTransports();
      accept(far);
      const wire: Message[] = [];
      return { peer: new RawPeer(textsOf(near, wire)), wire, near };
    },
    client: (more = {}) =>
      connect({
        dial: async () => {
          const [near, far] = memoryTransports();
          accept(far);
          return recorded(near, said);
        },
        auth: { scheme: 'bearer', token: 'tok-alice' },
        client: { kind: 'test', version: '1' },
        capabilities: WITH_SIDECAR,
        clock: bench.clock,
        now: () => EPOCH_MS + bench.clock.now(),
        keepAliveMs: 0,
        ...more,
      }),
  };
}

async function listen(heard: Heard[], stream: StreamReader): Promise<void> {
  const entry: Heard = { id: stream.id, encoding: stream.encoding, chunks: [], end: undefined };
  heard.push(entry);
  try {
    for await (const { bytes } of stream) if (bytes !== undefined) entry.chunks.push(bytes);
    entry.end = 'OK';
  } catch (error) {
    entry.end = (error as { wireCode?: string }).wireCode ?? String(error);
  }
}

/** The transport, with what it delivers noted, and its texts alone delivered. */
export function textsOf(inner: Transport, wire: Message[]): Transport {
  return changed(inner, {
    receive: (listener: (message: Message) => void) =>
      inner.receive((message) => {
        wire.push(message);
        if (typeof message === 'string') listener(message);
      }),
  });
}

/** The transport, with what goes over it noted. */
export function recorded(inner: Transport, said: { readonly up: Message[]; readonly down: Message[] }): Transport {
  return changed(inner, {
    send(message: Message) {
      said.up.push(message);
      inner.send(message);
    },
    receive: (listener: (message: Message) => void) =>
      inner.receive((message) => {
        said.down.push(message);
        listener(message);
      }),
  });
}

/** The transport, with some of it otherwise. */
export function changed(inner: Transport, members: Partial<Transport>): Transport {
  return new Proxy(inner, {
    get(target, name) {
      if (Object.hasOwn(members, name)) return Reflect.get(members, name);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** Frames among messages. */
export const framesOf = (messages: readonly Message[]) =>
  messages.filter((message): message is Uint8Array => typeof message !== 'string');

/** Messages of a type among what went over a wire. */
export const textsOfType = (messages: readonly Message[], type: string) =>
  messages.flatMap((message) => {
    if (typeof message !== 'string') return [];
    const envelope = JSON.parse(message);
    return envelope.type === type ? [envelope] : [];
  });

// The runtime of this package for clients to dial over memory transports, and a network between them that can be cut.

import { connect } from '../../../src/arcp/client/connect.js';
import type { ConnectOptions } from '../../../src/arcp/client/options.js';
import type { ClientSession } from '../../../src/arcp/client/session.js';
import { memoryLog } from '../../../src/arcp/log/memory.js';
import { artifactService } from '../../../src/arcp/runtime/artifacts/artifacts-service.js';
import { bearerTokens } from '../../../src/arcp/runtime/authenticator.js';
import { permissionService } from '../../../src/arcp/runtime/human/permissions.js';
import { promptService } from '../../../src/arcp/runtime/human/prompts.js';
import { createRuntime, type RuntimeOptions } from '../../../src/arcp/runtime/runtime.js';
import { streamService } from '../../../src/arcp/runtime/streams/streams-service.js';
import { subscriptionService } from '../../../src/arcp/runtime/subscriptions/subscriptions-service.js';
import type { Tool } from '../../../src/arcp/runtime/tools.js';
import { type FakeClock, fakeClock } from '../../../src/testing/fake-clock.js';
import type { Transport } from '../../../src/transport/contract.js';
import { memoryTransports } from '../../../src/transport/memory.js';
import { NOW_MS } from './scripted-runtime.js';

/** What it takes for the secret of its one principal. */
export const TOKEN = 'a-long-secret';

const ALL = {
  streaming: true,
  binary_streams: true,
  durable_jobs: true,
  checkpoints: true,
  human_input: true,
  artifacts: true,
  subscriptions: true,
  interrupt: true,
};

/** A runtime, and a network that can be cut. */
export class LiveRuntime {
  readonly clock: FakeClock = fakeClock();
  readonly now = () => NOW_MS + this.clock.now();
  readonly log = memoryLog();
  runtime: ReturnType<typeof createRuntime>;
  /** The runtime's ends of the connections. */
  readonly links: Transport[] = [];
  /** Called with each text on its way to the client, and to the runtime; false: the network goes instead. */
  hears: (text: string) => boolean = () => true;
  says: (text: string) => boolean = () => true;

  constructor(tools: readonly Tool[], options: RuntimeOptions = {}) {
    this.runtime = createRuntime({
      tools,
      authenticators: [bearerTokens({ [TOKEN]: 'alice' })],
      services: [promptService(), permissionService(), streamService(), artifactService(), subscriptionService()],
      log: this.log,
      clock: this.clock,
      now: this.now,
      ...options,
    });
  }

  async connect(options: Partial<ConnectOptions> = {}): Promise<ClientSession> {
    return connect({
      dial: async () => {
        const [near, far] = memoryTransports();
        this.links.push(far);
        void this.runtime.accept(far);
        return this.#gated(near);
      },
      auth: { scheme: 'bearer', token: TOKEN },
      client: { kind: 'test', version: '1' },
      capabilities: ALL,
      clock: this.clock,
      now: this.now,
      random: () => 0,
      keepAliveMs: 0,
      ...options,
    });
  }

  /** Cuts the newest connection. */
  cut(): void {
    this.links.at(-1)?.abort();
  }

  #gated(near: Transport): Transport {
    const receive: Transport['receive'] = (listener) =>
      near.receive((message) => {
        if (typeof message !== 'string' || this.hears(message)) listener(message);
        else near.abort();
      });
    const send: Transport['send'] = (message) => {
      if (typeof message !== 'string' || this.says(message)) near.send(message);
      else near.abort();
    };
    return new Proxy(near, {
      get: (target, name) => {
        if (name === 'receive') return receive;
        if (name === 'send') return send;
        const value = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  }
}

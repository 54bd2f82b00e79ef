// The official JavaScript server on a port of this machine, with an agent whose behaviour the text of a message chooses.

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import {
  TaskArtifactUpdateEvent as SdkArtifactUpdate,
  AgentCard as SdkCard,
  Message as SdkMessage,
  TaskStatusUpdateEvent as SdkStatusUpdate,
  Task as SdkTask,
} from '@a2a-js/sdk';
import {
  AgentEvent,
  type AgentExecutor,
  DefaultExecutionEventBusManager,
  DefaultPushNotificationSender,
  DefaultRequestHandler,
  type ExecutionEventBus,
  InMemoryPushNotificationStore,
  InMemoryTaskStore,
  type RequestContext,
} from '@a2a-js/sdk/server';
import { agentCardHandler, jsonRpcHandler, restHandler } from '@a2a-js/sdk/server/express';
import express from 'express';
import type { AgentCard } from '../../../src/a2a/card/agent-card.js';

/** The running server. */
export interface OfficialServer {
  /** Its public card, in the JSON of the protocol. */
  readonly card: AgentCard;
  /** Lets the tasks of `slow` messages go on: an artifact, then done. */
  release(): void;
  /** Tasks of `slow` messages that are under way. */
  readonly waiting: number;
  /** Connections open now. */
  connections(): Promise<number>;
  /** Breaks every connection off, as a network does. */
  cut(): void;
  close(): Promise<void>;
}

/** Token that requests need, when the server was started with `authenticated`. */
export const TOKEN = 'the-right-token';

/**
 * The agent of the harness. What it does is the text of the message: `hi` works and answers in two pieces, `direct`
 * answers with a message, `ask` needs input, `slow` waits for a release, `boom` throws, `echo` gives the parts back.
 */
class ScriptedAgent implements AgentExecutor {
  readonly #waiting = new Map<string, (outcome: 'released' | 'canceled') => void>();

  get waiting(): number {
    return this.#waiting.size;
  }

  release(): void {
    for (const go of this.#waiting.values()) go('released');
  }

  execute = async (context: RequestContext, bus: ExecutionEventBus): Promise<void> => {
    const { taskId, contextId, userMessage } = context;
    const message = SdkMessage.toJSON(userMessage) as { parts: { text?: string }[] };
    const say = message.parts[0]?.text;
    if (say === 'direct') {
      const reply = {
        messageId: crypto.randomUUID(),
        contextId,
        role: 'ROLE_AGENT',
        parts: [{ text: 'direct reply' }],
      };
      bus.publish(AgentEvent.message(SdkMessage.fromJSON(reply)));
      return bus.finished();
    }
    const status = (state: string, text?: string) => {
      const parts = [{ text }];
      const spoken = { messageId: crypto.randomUUID(), taskId, contextId, role: 'ROLE_AGENT', parts };
      const timestamp = new Date().toISOString();
      const update = {
        taskId,
        contextId,
        status: { state, timestamp, ...(text !== undefined && { message: spoken }) },
      };
      bus.publish(AgentEvent.statusUpdate(SdkStatusUpdate.fromJSON(update)));
    };
    const artifact = (parts: unknown[], append: boolean) => {
      const update = {
        taskId,
        contextId,
        artifact: { artifactId: 'a-1', name: 'reply', parts },
        append,
        lastChunk: append,
      };
      bus.publish(AgentEvent.artifactUpdate(SdkArtifactUpdate.fromJSON(update)));
    };
    const { task } = context;
    const first = { id: taskId, contextId, status: { state: 'TASK_STATE_SUBMITTED' }, history: [message] };
    bus.publish(AgentEvent.task(task ?? SdkTask.fromJSON(first)));
    if (say === 'boom') throw new Error('executor exploded');
    if (say === 'ask') {
      status('TASK_STATE_INPUT_REQUIRED', 'which account?');
      return bus.finished();
    }
    status('TASK_STATE_WORKING', 'working on it');
    if (say === 'slow') {
      const outcome = await new Promise<string>((resolve) => this.#waiting.set(taskId, resolve));
      this.#waiting.delete(taskId);
      if (outcome === 'canceled') {
        status('TASK_STATE_CANCELED');
        return bus.finished();
      }
    }
    if (say === 'echo') artifact(message.parts.slice(1), false);
    else {
      artifact([{ text: 'Hello, ' }], false);
      artifact([{ text: 'world \u{1F600}' }], true);
    }
    status('TASK_STATE_COMPLETED');
    bus.finished();
  };

  cancelTask = async (taskId: string): Promise<void> => {
    this.#waiting.get(taskId)?.('canceled');
  };
}

function cardOf(base: string, overrides: Partial<AgentCard> = {}): AgentCard {
  return {
    name: 'Official agent',
    description: 'Does what it is told',
    version: '1.0.0',
    supportedInterfaces: [
      { url: `${base}/rpc`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
      { url: `${base}/rest`, protocolBinding: 'HTTP+JSON', protocolVersion: '1.0' },
    ],
    capabilities: { streaming: true, pushNotifications: true, extendedAgentCard: true },
    defaultInputModes: ['text/plain'],
    defaultOutputModes: ['text/plain'],
    skills: [{ id: 'echo', name: 'Echo', description: 'Echoes', tags: ['echo'] }],
    ...overrides,
  };
}

/**
 * Starts the server on a free port.
 *
 * @param options `authenticated`: every operation needs {@link TOKEN} as a bearer token, else 401.
 */
export async function startOfficialServer(options: { readonly authenticated?: boolean } = {}): Promise<OfficialServer> {
  const app = express();
  const server = app.listen(0, '127.0.0.1', () => {});
  if (!server.listening) await once(server, 'listening');
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const card = cardOf(base);
  const extended = cardOf(base, { description: 'Does what it is told, and more' });
  const agent = new ScriptedAgent();
  const pushStore = new InMemoryPushNotificationStore();
  const requestHandler = new DefaultRequestHandler(
    SdkCard.fromJSON(card as never),
    new InMemoryTaskStore(),
    agent,
    new DefaultExecutionEventBusManager(),
    pushStore,
    new DefaultPushNotificationSender(pushStore),
    SdkCard.fromJSON(extended as never),
  );
  if (options.authenticated === true) {
    app.use((request, response, next) => {
      if (request.url.includes('.well-known') || request.headers.authorization === `Bearer ${TOKEN}`) return next();
      response.status(401).set('www-authenticate', 'Bearer realm="agent"').end();
    });
  }
  const user = { isAuthenticated: true, userName: 'alice' };
  const userBuilder = async () => user;
  app.use('/.well-known/agent-card.json', agentCardHandler({ agentCardProvider: requestHandler }));
  app.use('/rpc', jsonRpcHandler({ requestHandler, userBuilder }));
  app.use('/rest', restHandler({ requestHandler, userBuilder }));
  return {
    card,
    release: () => agent.release(),
    get waiting() {
      return agent.waiting;
    },
    connections: () => new Promise((resolve) => server.getConnections((_, count) => resolve(count))),
    cut: () => server.closeAllConnections(),
    async close() {
      agent.release();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

// What the two runtimes are made of: every service there is here, and agents and a tool that others hand work to elsewhere.

import { ArcpError } from '../../../src/arcp/errors.js';
import { artifactService } from '../../../src/arcp/runtime/artifacts/artifacts-service.js';
import { type AgentHandler, delegationService } from '../../../src/arcp/runtime/delegation/delegation.js';
import { type HandoffRequest, handoffService } from '../../../src/arcp/runtime/delegation/handoff.js';
import { permissionService } from '../../../src/arcp/runtime/human/permissions.js';
import { promptService } from '../../../src/arcp/runtime/human/prompts.js';
import { reservedMetrics } from '../../../src/arcp/runtime/metrics-service.js';
import { scheduleService } from '../../../src/arcp/runtime/schedules/schedule.js';
import type { Service } from '../../../src/arcp/runtime/service.js';
import { streamService } from '../../../src/arcp/runtime/streams/streams-service.js';
import { subscriptionService } from '../../../src/arcp/runtime/subscriptions/subscriptions-service.js';
import { workflowService } from '../../../src/arcp/runtime/workflow.js';
import { Links } from './links.js';
import type { Equipment, Generation } from './site.js';
import { hear, perform, performTask, scriptedTools } from './tools.js';
import type { World } from './world.js';

/** Where tasks and jobs go. */
export const ELSEWHERE = { kind: 'elsewhere', version: '1' } as const;

/** The runtime that all programs talk to. */
export function equipHere(world: World, generation: Generation): Equipment {
  const { plant } = world;
  const links = new Links(world, generation);
  world.links = links;
  const permissions = permissionService();
  const delegation = delegationService({
    agents: { local: (task, context) => performTask(generation.tools, task, context) },
    resolve: ({ target, principal }) => (target === 'worker' ? links.of(principal) : undefined),
    leases: permissions,
  });
  // A workflow of a tool's name, which must not be taken for it after a restart.
  const workflows = workflowService({
    workflows: ['act', 'again'].map((name) => ({
      name,
      handler: (args, context) => perform(generation.tools, 'workflow', args, context),
    })),
    sayComplete: world.saysComplete,
  });
  const handoffs = handoffService({ move: (request) => moveElsewhere(links, request) });
  world.handoffs = handoffs;
  const services: Service[] = [
    promptService({ expiresInMs: 60_000 }),
    permissions,
    streamService({ onStream: (session, stream) => hear(generation.tools, session.principal, stream) }),
    artifactService({ sweepIntervalMs: 0 }),
    subscriptionService(),
    workflows,
    delegation,
    handoffs,
    scheduleService({ commands: [workflows.command, delegation.command] }),
    ...(world.isMeasured ? [reservedMetrics()] : []),
  ];
  return {
    tools: scriptedTools(generation.tools),
    services: plant?.service === undefined ? services : services.map(plant.service),
  };
}

/** The other runtime: what comes to it is run, and what is moved to it stays. */
export function equipElsewhere({ tools }: Generation): Equipment {
  const worker: AgentHandler = (task, context) => performTask(tools, task, context);
  return {
    tools: [{ name: 'moved', restartable: true, handler: (args, context) => perform(tools, 'again', args, context) }],
    services: [streamService(), delegationService({ agents: { worker } })],
  };
}

/** What a job, or a session, goes by where it was moved to. */
export function movedTag(principal: string, id: string): string {
  return `@${principal}:moved ${id}`;
}

/** Has the other runtime take something over: once, however often it is asked. */
export async function moveElsewhere(
  links: Links,
  { session, job }: Pick<HandoffRequest, 'session' | 'job'>,
): Promise<void> {
  if (session.principal === '') throw new ArcpError('PERMISSION_DENIED', 'nobody');
  const id = job?.id ?? session.id;
  const there = await links.of(session.principal);
  const args = { tag: movedTag(session.principal, id), acts: [{ do: 'hang' }] };
  await there.invoke('moved', args, { idempotencyKey: id }).id;
}

// A service holds what belongs to one runtime: mounted in a second one it would mix the two.

import { expect, test } from 'vitest';
import { artifactService } from '../../../src/arcp/runtime/artifacts/artifacts-service.js';
import { delegationService } from '../../../src/arcp/runtime/delegation/delegation.js';
import { handoffService } from '../../../src/arcp/runtime/delegation/handoff.js';
import { permissionService } from '../../../src/arcp/runtime/human/permissions.js';
import { promptService } from '../../../src/arcp/runtime/human/prompts.js';
import { reservedMetrics } from '../../../src/arcp/runtime/metrics-service.js';
import { createRuntime } from '../../../src/arcp/runtime/runtime.js';
import { scheduleService } from '../../../src/arcp/runtime/schedules/schedule.js';
import { streamService } from '../../../src/arcp/runtime/streams/streams-service.js';
import { subscriptionService } from '../../../src/arcp/runtime/subscriptions/subscriptions-service.js';
import { workflowService } from '../../../src/arcp/runtime/workflow.js';

test.each([
  ['streamService', streamService],
  ['subscriptionService', subscriptionService],
  ['promptService', promptService],
  ['permissionService', permissionService],
  ['artifactService', artifactService],
  ['reservedMetrics', reservedMetrics],
  ['scheduleService', scheduleService],
  ['delegationService', delegationService],
  ['handoffService', () => handoffService({ move: () => {} })],
  ['workflowService', () => workflowService({ workflows: [] })],
])('%s is mounted in one runtime only', async (_name, make) => {
  const service = make();
  const first = createRuntime({ services: [service] });
  expect(() => createRuntime({ services: [service] })).toThrow(TypeError);
  await first.close();
});

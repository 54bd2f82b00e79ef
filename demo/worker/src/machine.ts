// A runtime of ARCP in a Durable Object: one for each tenant, with its sessions, its jobs and its artifacts.

import {
  type Accepted,
  type Authenticator,
  artifactService,
  bearerTokens,
  createRuntime,
  noAuthentication,
  permissionService,
  promptService,
  refuse,
  scheduleService,
  streamService,
  subscriptionService,
} from 'ringline/arcp/runtime';
import {
  arcpDurableObject,
  type DurableObjectStateLike,
  type ObjectNamespaceLike,
  routeToArcpObject,
} from 'ringline/host/arcp-durable-object';
import { readTenants } from './tenants.js';
import { toolsOf } from './tools.js';

export interface MachineEnv {
  /** Secret: tokens and their tenants, such as `alice=a-long-secret bob=another-one`. */
  readonly RINGLINE_ARCP_TOKENS?: string;
  readonly MACHINES: ObjectNamespaceLike<{ toString(): string }>;
}

/** Where machines are: `/arcp/` and the name of a tenant. */
export const MACHINE_PATH = '/arcp/';

/** The tenant of strangers on a developer's machine, where no tokens are set. */
const EVERYBODY = 'everybody';

/** The machine of a tenant. Nobody reaches it but through the binding. */
export class Machine extends arcpDurableObject<MachineEnv>({
  runtime(parts, env, state) {
    const tenants = readTenants(env.RINGLINE_ARCP_TOKENS);
    return createRuntime({
      ...parts,
      tools: toolsOf(parts.now()),
      authenticators: tenants === undefined ? [noAuthentication()] : [tenantsOnly(tenants, env, state)],
      services: [
        promptService(),
        permissionService(),
        streamService(),
        artifactService(),
        subscriptionService(),
        scheduleService(),
      ],
      onFault: (error, where) => console.error(where, error),
    });
  },
}) {}

/** Lets nobody in but the tenant whose machine this is. */
function tenantsOnly(
  tokens: ReadonlyMap<string, string>,
  { MACHINES }: MachineEnv,
  { id }: DurableObjectStateLike,
): Authenticator {
  const bearer = bearerTokens(tokens);
  const isHere = (principal: string) => MACHINES.idFromName(principal).toString() === id.toString();
  return {
    scheme: 'bearer',
    async authenticate(request) {
      const outcome = await bearer.authenticate(request);
      return outcome.kind !== 'accepted' || isHere((outcome as Accepted).principal)
        ? outcome
        : refuse('unknown bearer token');
    },
  };
}

/** Answers a request for a machine. Objects are made for tenants alone, whatever path strangers try. */
export function answerMachine(request: Request, env: MachineEnv): Promise<Response> {
  const { pathname, hostname } = new URL(request.url);
  const tenants = readTenants(env.RINGLINE_ARCP_TOKENS);
  const asked = pathname.slice(MACHINE_PATH.length);
  let tenant: string | undefined;
  if (tenants !== undefined) tenant = [...tenants.values()].find((name) => encodeURIComponent(name) === asked);
  else if (isLoopback(hostname)) tenant = EVERYBODY;
  return routeToArcpObject(request, env.MACHINES, tenant);
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

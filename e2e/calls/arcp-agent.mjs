// A runtime of the table of ARCP: the tools of the suite, behind whatever host; and a phone that leads to it.

import { servicesOf, TOKENS } from '../suite/arcp-bench.mjs';
import { toolsOf } from '../suite/arcp-tools.mjs';

/**
 * @param {any} library
 * @param {{ runtime: string, log?: any, artifacts?: any }} own Who it is, and where it keeps what it must not lose. Default:
 *   in memory.
 * @returns {Promise<{ runtime: any, phone: any, did: string }>} `phone`: answers calls, and ARCP inside of them.
 */
export async function makeRuntime(library, { runtime: kind, ...kept }) {
  const { arcp, arcpPhone, front } = library;
  const faults = [];
  const runtime = arcp.createRuntime({
    identity: { kind },
    tools: [...toolsOf(library), { name: 'faults', handler: () => [...faults] }],
    services: servicesOf(library).services,
    authenticators: [arcp.bearerTokens(TOKENS)],
    onFault: (error, where) => faults.push(`${where}: ${error?.stack ?? error}`),
    ...kept,
  });
  await runtime.recover();
  const identity = await front.createIdentity();
  const phone = front.serve({ identity, handlers: arcpPhone.arcpPhone({ runtime }).handlers });
  return { runtime, phone, did: identity.did };
}

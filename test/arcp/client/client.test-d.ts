// What the compiler promises about sessions: no state before authentication can invoke anything. Checked by
// `tsc -p tsconfig.node.json`; nothing here runs.

import { expectTypeOf } from 'vitest';
import {
  type Authenticated,
  type Challenged,
  type ClientSession,
  openHandshake,
  startSession,
  type Unauthenticated,
} from '../../../src/arcp/client/index.js';
import type { JobEvent, JobHandle } from '../../../src/arcp/client/job-handle.js';
import type { Prompt } from '../../../src/arcp/client/prompts.js';
import type { JobHeartbeat } from '../../../src/arcp/wire/execution.js';
import type { Transport } from '../../../src/transport/contract.js';

declare const transport: Transport;

const handshake = openHandshake(transport);
expectTypeOf(handshake).toEqualTypeOf<Unauthenticated>();
expectTypeOf<Unauthenticated>().not.toHaveProperty('invoke');
expectTypeOf<Unauthenticated>().not.toHaveProperty('authenticate');
expectTypeOf<Challenged>().not.toHaveProperty('invoke');
expectTypeOf<Challenged>().not.toHaveProperty('open');
expectTypeOf<Authenticated>().not.toHaveProperty('authenticate');
expectTypeOf<ClientSession>().toHaveProperty('invoke');
// @ts-expect-error nobody has been authenticated
startSession(handshake);
// @ts-expect-error nobody has been authenticated
handshake.invoke('echo');

const step = await handshake.open({ auth: { scheme: 'none' }, client: { kind: 'test', version: '1' } });
// @ts-expect-error it may be challenged
startSession(step);
if (step.state === 'challenged') {
  // @ts-expect-error it is challenged
  startSession(step);
  expectTypeOf(step.authenticate('x')).resolves.toEqualTypeOf<Challenged | Authenticated>();
} else {
  expectTypeOf(startSession(step).invoke('echo', { a: 1 })).toEqualTypeOf<JobHandle>();
}
// @ts-expect-error an unknown scheme is no scheme
void handshake.open({ auth: { scheme: 'basic' }, client: { kind: 'test', version: '1' } });

declare const session: ClientSession;
// @ts-expect-error what JSON cannot say
session.invoke('echo', () => {});
// @ts-expect-error exactly one of at, every, after
session.schedule({ type: 'tool.invoke', payload: {} }, { after: 1, every: 'FREQ=DAILY' });

declare const event: JobEvent;
if (event.type === 'job.heartbeat') expectTypeOf(event.payload).toEqualTypeOf<JobHeartbeat>();
if (event.type === 'heartbeat.missed') expectTypeOf(event.silentMs).toEqualTypeOf<number>();

declare const prompt: Prompt;
// @ts-expect-error which answer it takes depends on its kind
void prompt.answer(1);
if (prompt.kind === 'permission') expectTypeOf(prompt.grant(60)).resolves.toBeVoid();

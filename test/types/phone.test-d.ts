// What the compiler promises about calls. Checked by `tsc -p tsconfig.node.json`; nothing here runs.

import * as v from 'valibot';
import { expectTypeOf } from 'vitest';
import {
  type Contract,
  connect,
  defineContract,
  type HandlerContext,
  memoryPair,
  type Session,
} from '../../src/index.js';

declare const session: Session;

const songs = defineContract({
  find: { params: v.object({ title: v.string() }), result: v.array(v.string()) },
  listen: { params: v.object({ id: v.string() }), item: v.object({ second: v.number() }) },
  ping: { result: v.literal('pong') },
});

const client = session.use(songs);
expectTypeOf(client.find({ title: 'Blue' })).resolves.toEqualTypeOf<string[]>();
expectTypeOf(client.ping()).resolves.toEqualTypeOf<'pong'>();
expectTypeOf(client.listen({ id: 'a' })).toExtend<AsyncIterable<{ second: number }>>();
// @ts-expect-error the title is missing
void client.find({});
// @ts-expect-error the title is no number
void client.find({ title: 1 });
// @ts-expect-error no such method
void client.lose;
// @ts-expect-error a stream is no promise
client.listen({ id: 'a' }).then;

songs.handlers({
  find: (params, context) => {
    expectTypeOf(params).toEqualTypeOf<{ title: string }>();
    expectTypeOf(context).toEqualTypeOf<HandlerContext>();
    return [params.title];
  },
  async *listen({ id }) {
    yield { second: id.length };
  },
  ping: () => 'pong' as const,
});
// @ts-expect-error methods of the contract are missing
songs.handlers({ ping: () => 'pong' as const });
songs.handlers({
  // @ts-expect-error the result is no array of strings
  find: () => 1,
  async *listen() {},
  ping: () => 'pong' as const,
});

expectTypeOf(session.call<{ hello: string }>('greet')).resolves.toEqualTypeOf<{ hello: string }>();
expectTypeOf(session.call('greet')).resolves.toBeUnknown();
for await (const item of session.stream('count', {}, { credits: 8, signal: AbortSignal.timeout(1) })) {
  expectTypeOf(item).toBeUnknown();
}

expectTypeOf<typeof songs>().toExtend<Contract<Record<'ping', object>>>();

const [near] = memoryPair();
// @ts-expect-error without the DID of the one called there is nobody to be sure of
void connect({ transport: near });

// What the compiler makes of a contract. Checked by `tsc -p tsconfig.node.json`; nothing here runs.

import type { StandardSchemaV1 } from '@standard-schema/spec';
import * as v from 'valibot';
import { expectTypeOf, test } from 'vitest';
import type { ContractClient, Schema } from '../../src/phone/contract.js';
import { defineContract } from '../../src/phone/contract.js';
import type { HandlerContext, Handlers } from '../../src/phone/handlers.js';
import type { CallOptions } from '../../src/phone/outgoing.js';
import type { Session, StreamOptions } from '../../src/phone/session.js';

const library = defineContract({
  find: {
    params: v.object({ title: v.string(), page: v.optional(v.number(), 1) }),
    result: v.array(v.string()),
  },
  read: { params: v.object({ id: v.number() }), item: v.object({ page: v.number() }) },
  // In and out differ: text on the wire, a number in the hand.
  parse: { params: v.pipe(v.string(), v.transform(Number)), result: v.pipe(v.string(), v.transform(Number)) },
  ticks: { item: v.pipe(v.string(), v.transform(Number)) },
  search: { params: v.optional(v.string()), result: v.boolean() },
  ping: {},
});

declare const session: Session;
const client = session.use(library);

test('the client takes what the params schema takes, and gives what the result schema gives', () => {
  expectTypeOf(client.find).parameter(0).toEqualTypeOf<{ title: string; page?: number | undefined }>();
  expectTypeOf(client.find).parameter(1).toEqualTypeOf<CallOptions | undefined>();
  expectTypeOf(client.find).returns.toEqualTypeOf<Promise<string[]>>();
  expectTypeOf(client.parse).parameter(0).toEqualTypeOf<string>();
  expectTypeOf(client.parse).returns.toEqualTypeOf<Promise<number>>();
});

test('a method with an item is a stream', () => {
  expectTypeOf(client.read).parameter(0).toEqualTypeOf<{ id: number }>();
  expectTypeOf(client.read).parameter(1).toEqualTypeOf<StreamOptions | undefined>();
  expectTypeOf(client.read).returns.toEqualTypeOf<AsyncIterableIterator<{ page: number }>>();
  expectTypeOf(client.ticks).returns.toEqualTypeOf<AsyncIterableIterator<number>>();
});

test('params may be left out where the schema allows it, and only there', () => {
  expectTypeOf(client.ping).toBeCallableWith();
  expectTypeOf(client.search).toBeCallableWith();
  expectTypeOf(client.ticks).toBeCallableWith();
  expectTypeOf(client.ping).returns.toEqualTypeOf<Promise<unknown>>();
  // @ts-expect-error params are missing
  void client.find();
  // @ts-expect-error a member of another kind
  void client.find({ title: 1 });
  // @ts-expect-error a member too many
  void client.find({ title: 'Blue', author: 'Joni' });
  // @ts-expect-error ping takes nothing
  void client.ping({ any: 'thing' });
  // @ts-expect-error not in the contract
  void client.burn();
});

test('handlers get what the params schema gives, and return what the result schema takes', () => {
  type Given = Parameters<typeof library.handlers>[0];
  expectTypeOf<Parameters<Given['find']>[0]>().toEqualTypeOf<{ title: string; page: number }>();
  expectTypeOf<Parameters<Given['find']>[1]>().toEqualTypeOf<HandlerContext>();
  expectTypeOf<Parameters<Given['parse']>[0]>().toEqualTypeOf<number>();
  expectTypeOf<ReturnType<Given['parse']>>().toEqualTypeOf<string | Promise<string>>();
  expectTypeOf<ReturnType<Given['ticks']>>().toEqualTypeOf<
    AsyncIterable<string> | Iterable<string> | Promise<AsyncIterable<string> | Iterable<string>>
  >();
  expectTypeOf<Parameters<Given['ping']>[0]>().toEqualTypeOf<unknown>();
  expectTypeOf(library.handlers).returns.toEqualTypeOf<Handlers>();
});

test('handlers must all be there and fit', () => {
  const fitting = {
    find: ({ title }: { title: string; page: number }) => [title],
    async *read() {
      yield { page: 1 };
    },
    parse: (number: number) => String(number),
    ticks: async () => ['1', '2'],
    search: (text: string | undefined) => text !== undefined,
    ping: () => ({ any: 'thing' }),
  };
  library.handlers(fitting);
  // @ts-expect-error a result of another kind
  library.handlers({ ...fitting, find: () => 'Blue' });
  // @ts-expect-error an item of another kind
  library.handlers({ ...fitting, read: () => [{ page: 'one' }] });
  // @ts-expect-error no iterable
  library.handlers({ ...fitting, ticks: () => 1 });
  // @ts-expect-error what a schema gives out is not what it takes
  library.handlers({ ...fitting, parse: (number: number) => number });
  const { ping: _, ...less } = fitting;
  // @ts-expect-error one is missing
  library.handlers(less);
});

test('any Standard Schema is a schema, and what is none is refused', () => {
  expectTypeOf<StandardSchemaV1<string, number>>().toExtend<Schema<string, number>>();
  const anySchema = {} as StandardSchemaV1<string, number>;
  const contract = defineContract({ m: { params: anySchema, result: anySchema } });
  type Client = ContractClient<(typeof contract)['methods']>;
  expectTypeOf<Parameters<Client['m']>[0]>().toEqualTypeOf<string>();
  expectTypeOf<ReturnType<Client['m']>>().toEqualTypeOf<Promise<number>>();
  // @ts-expect-error no schema
  defineContract({ m: { params: { type: 'string' } } });
});

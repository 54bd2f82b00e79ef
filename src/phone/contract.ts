// Typed methods from schemas: one description, a client on one side, handlers on the other, checked at both ends.
// Any validator that speaks Standard Schema v1 will do (https://standardschema.dev); none is bundled.

import { RpcError } from '../errors.js';
import type { HandlerContext, Handlers } from './handlers.js';
import type { CallOptions } from './outgoing.js';
import type { StreamOptions } from './session.js';
import { fromPeer, rpcError, WIRE_CODES } from './wire-errors.js';

/** The part of a Standard Schema v1 that is used here. */
export interface Schema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What a schema says of a value. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** One reason why a value does not fit. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** A method: what it takes, and either its result or the items of its stream. */
export interface MethodSpec {
  readonly params?: Schema;
  readonly result?: Schema;
  readonly item?: Schema;
}

/** Methods by name. */
export type MethodSpecs = Readonly<Record<string, MethodSpec>>;

type InputOf<Candidate> = Candidate extends Schema<infer Input, unknown> ? Input : unknown;
type OutputOf<Candidate> =
  Candidate extends Schema<never, infer Output>
    ? Output
    : Candidate extends { '~standard': { types?: { output: infer Output } | undefined } }
      ? Output
      : unknown;
type ParamsIn<Spec> = Spec extends { params: infer Params } ? InputOf<Params> : undefined;
type ParamsOut<Spec> = Spec extends { params: infer Params } ? OutputOf<Params> : unknown;
type Arguments<Spec, Options> =
  undefined extends ParamsIn<Spec>
    ? [params?: ParamsIn<Spec>, options?: Options]
    : [params: ParamsIn<Spec>, options?: Options];

/** The methods of a contract, as the caller has them. */
export type ContractClient<Specs extends MethodSpecs> = {
  readonly [Name in keyof Specs]: Specs[Name] extends { item: infer Item }
    ? (...args: Arguments<Specs[Name], StreamOptions>) => AsyncIterableIterator<OutputOf<Item>>
    : Specs[Name] extends { result: infer Result }
      ? (...args: Arguments<Specs[Name], CallOptions>) => Promise<OutputOf<Result>>
      : (...args: Arguments<Specs[Name], CallOptions>) => Promise<unknown>;
};

type Awaitable<Value> = Value | Promise<Value>;

/** The methods of a contract, as the answering side writes them. */
export type ContractHandlers<Specs extends MethodSpecs> = {
  readonly [Name in keyof Specs]: Specs[Name] extends { item: infer Item }
    ? (
        params: ParamsOut<Specs[Name]>,
        context: HandlerContext,
      ) => Awaitable<AsyncIterable<InputOf<Item>> | Iterable<InputOf<Item>>>
    : Specs[Name] extends { result: infer Result }
      ? (params: ParamsOut<Specs[Name]>, context: HandlerContext) => Awaitable<InputOf<Result>>
      : (params: ParamsOut<Specs[Name]>, context: HandlerContext) => unknown;
};

/** What a contract calls on a session. */
export interface ContractSession {
  call(method: string, params?: unknown, options?: CallOptions): Promise<unknown>;
  stream(method: string, params?: unknown, options?: StreamOptions): AsyncIterableIterator<unknown>;
}

/** A description of methods that both sides share. */
export interface Contract<Specs extends MethodSpecs> {
  readonly methods: Specs;
  /** Methods to call; see `session.use`. */
  client(session: ContractSession): ContractClient<Specs>;
  /** Handlers for `serve` or `connect`, checked on the way in and out. */
  handlers(handlers: ContractHandlers<Specs>): Handlers;
}

/**
 * Describes methods once, for both sides.
 *
 * The caller's arguments are checked before anything is sent (`TypeError`), the peer's answers when they arrive
 * (`RpcError` ERR_RPC_INVALID_RESULT); the handler's side answers -32602 to wrong params, and -32000 when its own result
 * does not fit. All of these name the place, and none repeats the value.
 *
 * @example
 * ```ts
 * const songs = defineContract({
 *   find: { params: v.object({ title: v.string() }), result: v.array(v.string()) },
 *   listen: { params: v.object({ id: v.string() }), item: v.string() },
 * })
 * serve({ identity, transport, handlers: songs.handlers({ find: ..., listen: ... }) })
 * const titles = await session.use(songs).find({ title: 'Blue' })
 * ```
 * @throws {TypeError} a method has both `result` and `item`, or a member that is no schema.
 */
export function defineContract<const Specs extends MethodSpecs>(methods: Specs): Contract<Specs> {
  for (const [name, spec] of Object.entries(methods)) checkSpec(name, spec);
  return {
    methods,
    client: (session) => makeClient(methods, session) as ContractClient<Specs>,
    handlers: (handlers) => makeHandlers(methods, handlers as unknown as Handlers),
  };
}

function checkSpec(name: string, spec: MethodSpec): void {
  if (spec.result !== undefined && spec.item !== undefined) {
    throw new TypeError(`methods.${name} must have a result or an item, not both`);
  }
  for (const part of ['params', 'result', 'item'] as const) {
    const schema: unknown = spec[part];
    if (schema !== undefined && typeof (schema as Schema)['~standard']?.validate !== 'function') {
      throw new TypeError(`methods.${name}.${part} must be a Standard Schema`);
    }
  }
}

function makeClient(methods: MethodSpecs, session: ContractSession): Record<string, unknown> {
  const client: Record<string, unknown> = Object.create(null);
  for (const [name, spec] of Object.entries(methods)) {
    client[name] =
      spec.item === undefined
        ? async (params: unknown, options?: CallOptions) => {
            const result = await session.call(name, await checkedParams(spec, params), options);
            return checkedResult(spec.result, result, name);
          }
        : (params: unknown, options?: StreamOptions) => streamOf(session, name, spec, params, options);
  }
  return client;
}

async function* streamOf(
  session: ContractSession,
  name: string,
  spec: MethodSpec,
  params: unknown,
  options?: StreamOptions,
): AsyncGenerator<unknown, void> {
  for await (const item of session.stream(name, await checkedParams(spec, params), options)) {
    yield await checkedResult(spec.item, item, name);
  }
}

function makeHandlers(methods: MethodSpecs, handlers: Handlers): Handlers {
  const checked: Record<string, Handlers[string]> = Object.create(null);
  for (const [name, spec] of Object.entries(methods)) {
    const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
    if (typeof handler !== 'function') throw new TypeError(`handlers.${name} must be a function`);
    checked[name] = async (params: unknown, context) => {
      const outcome = await handler(await paramsOfPeer(spec, params), context);
      return spec.item === undefined ? ownResult(spec.result, outcome) : ownItems(spec.item, outcome as never);
    };
  }
  return checked;
}

async function* ownItems(schema: Schema, items: AsyncIterable<unknown> | Iterable<unknown>): AsyncGenerator<unknown> {
  for await (const item of items) yield await ownResult(schema, item);
}

async function checkedParams(spec: MethodSpec, params: unknown): Promise<unknown> {
  if (spec.params === undefined) return params;
  const checked = await spec.params['~standard'].validate(params);
  // What is sent is what the caller wrote, not what a transform made of it: the other side runs the same schema.
  if (checked.issues !== undefined) throw new TypeError(`params do not fit at ${placeOf(checked.issues)}`);
  return params;
}

async function paramsOfPeer(spec: MethodSpec, params: unknown): Promise<unknown> {
  if (spec.params === undefined) return params;
  const checked = await spec.params['~standard'].validate(params);
  if (checked.issues === undefined) return checked.value;
  throw rpcError(WIRE_CODES.invalidParams, `invalid params at ${placeOf(checked.issues)}`);
}

async function checkedResult(schema: Schema | undefined, result: unknown, method: string): Promise<unknown> {
  if (schema === undefined) return result;
  const checked = await schema['~standard'].validate(result);
  if (checked.issues === undefined) return checked.value;
  const what = `the result of ${method} does not fit the contract at ${placeOf(checked.issues)}`;
  throw fromPeer(new RpcError('ERR_RPC_INVALID_RESULT', WIRE_CODES.internal, what));
}

async function ownResult(schema: Schema | undefined, result: unknown): Promise<unknown> {
  if (schema === undefined) return result;
  const checked = await schema['~standard'].validate(result);
  if (checked.issues !== undefined) throw new TypeError(`the result does not fit at ${placeOf(checked.issues)}`);
  // Sent as the handler gave it, for the same reason as params.
  return result;
}

/**
 * Where a value does not fit, such as `$.song.title`. The place only: validators' own messages repeat the value, and
 * errors end up in logs. A name that is no plain word may be content too, and becomes `*`.
 */
function placeOf([issue]: readonly SchemaIssue[]): string {
  const keys = issue?.path?.slice(0, 16).map((step) => String(typeof step === 'object' ? step.key : step)) ?? [];
  return ['$', ...keys.map((key) => (/^[\w-]{1,32}$/.test(key) ? key : '*'))].join('.');
}

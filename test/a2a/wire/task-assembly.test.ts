import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyEvent, EMPTY_VIEW } from '../../../src/a2a/wire/apply-update.js';
import type { StreamResponse, Task } from '../../../src/a2a/wire/objects.js';
import { textOf } from '../../../src/a2a/wire/parts.js';
import { TaskAssembly } from '../../../src/a2a/wire/task-assembly.js';

const runs = process.env.RINGLINE_LONG === '1' ? 20_000 : 300;

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
}

const some = <T>(values: readonly T[]) => fc.constantFrom(...values);
const options = { requiredKeys: [] as never[] };
const id = some(['a', 'b', '__proto__']);
const message = fc.record({
  messageId: some(['m1', 'm2', 'm3']),
  role: fc.constant('ROLE_AGENT'),
  parts: fc.constant([]),
});
const metadata = fc.dictionary(some(['k', 'l', '1', '__proto__', 'constructor']), fc.nat(9), { noNullPrototype: true });
const artifact = fc
  .tuple(
    fc.record({ artifactId: id, parts: fc.array(fc.record({ text: fc.string({ maxLength: 2 }) }), { maxLength: 3 }) }),
    fc.record({ name: some(['x', 'y']), metadata, extensions: fc.constant(['urn:e']) }, options),
  )
  .map(([required, optional]) => ({ ...required, ...optional }));
const state = some(['TASK_STATE_WORKING', 'TASK_STATE_INPUT_REQUIRED', 'TASK_STATE_COMPLETED']);
const status = fc
  .tuple(state, fc.option(message, { nil: undefined }))
  .map(([name, spoken]) => ({ state: name, ...(spoken !== undefined && { message: spoken }) }));
const task = fc
  .tuple(
    fc.record({ id: some(['t', 'u']), status }),
    fc.record(
      { artifacts: fc.array(artifact, { maxLength: 3 }), history: fc.array(message, { maxLength: 3 }), metadata },
      options,
    ),
  )
  .map(([required, optional]) => ({ ...required, ...optional }));
const ids = fc.record({ taskId: some(['t', 't', 't', 'u']), contextId: some(['', 'c']) });
const event = fc.oneof(
  { weight: 1, arbitrary: task.map((value) => ({ task: value })) },
  { weight: 1, arbitrary: message.map((value) => ({ message: value })) },
  {
    weight: 3,
    arbitrary: fc.tuple(ids, status).map(([names, value]) => ({ statusUpdate: { ...names, status: value } })),
  },
  {
    weight: 8,
    arbitrary: fc
      .tuple(ids, artifact, fc.record({ append: fc.boolean(), lastChunk: fc.boolean() }, options))
      .map(([names, value, flags]) => ({ artifactUpdate: { ...names, artifact: value, ...flags } })),
  },
) as fc.Arbitrary<StreamResponse>;

const piece = (text: string, more: object = {}): StreamResponse => ({
  artifactUpdate: {
    taskId: 't',
    contextId: 'c',
    artifact: { artifactId: 'a', parts: [{ text }] },
    append: true,
    ...more,
  },
});
const TASK: Task = { id: 't', contextId: 'c', status: { state: 'TASK_STATE_WORKING' } };

describe('[7.62] a task from a long stream', () => {
  test('is the one that the pure function gives, after every event', () => {
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 20 }),
        fc.array(fc.boolean(), { minLength: 20, maxLength: 20 }),
        (all, looks) => {
          const assembly = new TaskAssembly();
          let view = EMPTY_VIEW;
          for (const [index, next] of all.map(frozen).entries()) {
            assembly.add(next);
            view = applyEvent(view, next);
            // Looked at now and then, for what is kept of a look must not be what the next one shows.
            if (looks[index]) expect(frozen(assembly.view)).toEqual(view);
          }
          expect(assembly.view).toEqual(view);
        },
      ),
      { numRuns: runs },
    );
  });

  test('a view stays as it was, and is the same one until something changes', () => {
    const assembly = new TaskAssembly();
    expect(assembly.view).toBe(EMPTY_VIEW);
    assembly.add({ task: TASK });
    assembly.add(piece('1', { append: false }));
    const before = assembly.view;
    expect(assembly.view).toBe(before);
    assembly.add({ statusUpdate: { taskId: 'other', contextId: 'c', status: { state: 'TASK_STATE_FAILED' } } });
    expect(assembly.view).toBe(before);
    assembly.add(piece('2', { lastChunk: true }));
    expect([textOf(before.task?.artifacts?.[0]), before.complete.size]).toEqual(['1', 0]);
    expect([textOf(assembly.view.task?.artifacts?.[0]), assembly.view.complete.size]).toEqual(['12', 1]);
  });

  test('a stream of 100,000 pieces, statuses and messages made to cost their square', () => {
    const started = performance.now();
    const assembly = new TaskAssembly();
    assembly.add({ task: TASK });
    for (let n = 0; n < 50_000; n++) {
      assembly.add(
        piece(`${n % 10}`, { artifact: { artifactId: 'a', parts: [{ text: 'x' }], metadata: { [`k${n}`]: n } } }),
      );
      const spoken = { messageId: `m${n}`, role: 'ROLE_AGENT', parts: [] };
      assembly.add({
        statusUpdate: { taskId: 't', contextId: 'c', status: { state: 'TASK_STATE_WORKING', message: spoken } },
      });
      assembly.add(piece('y', { artifact: { artifactId: `b${n}`, parts: [] } }));
    }
    const { task: whole } = assembly.view;
    expect([whole?.artifacts?.length, whole?.artifacts?.[0]?.parts.length]).toEqual([50_001, 50_000]);
    expect([whole?.history?.length, Object.keys(whole?.artifacts?.[0]?.metadata ?? {}).length]).toEqual([
      49_999, 50_000,
    ]);
    expect(performance.now() - started).toBeLessThan(3_000);
  });
});

import { describe, expect, test } from 'vitest';
import { applyEvent, applyUpdate, EMPTY_VIEW } from '../../../src/a2a/wire/apply-update.js';
import type { Artifact, StreamResponse, Task } from '../../../src/a2a/wire/objects.js';
import { textOf } from '../../../src/a2a/wire/parts.js';

const ids = { taskId: 't', contextId: 'c' };
const TASK: Task = { id: 't', contextId: 'c', status: { state: 'TASK_STATE_WORKING' } };

function piece(artifactId: string, text: string, more: { append?: boolean; lastChunk?: boolean } = {}): StreamResponse {
  return { artifactUpdate: { ...ids, artifact: { artifactId, parts: [{ text }] }, ...more } };
}

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
}

const viewAfter = (...events: StreamResponse[]) =>
  events
    .map(frozen)
    .reduce((view, event) => applyEvent(frozen(view), event), applyEvent(EMPTY_VIEW, { task: frozen(TASK) }));
const texts = ({ task }: { task: Task | undefined }) =>
  Object.fromEntries((task?.artifacts ?? []).map((artifact) => [artifact.artifactId, textOf(artifact)]));

describe('[7.62] artifacts from their pieces', () => {
  test('a piece without append replaces, one with it goes behind', () => {
    expect(texts(viewAfter(piece('a', '1'), piece('a', '2')))).toEqual({ a: '2' });
    expect(texts(viewAfter(piece('a', '1'), piece('a', '2', { append: true })))).toEqual({ a: '12' });
    expect(texts(viewAfter(piece('a', '1'), piece('a', '2', { append: true }), piece('a', '3')))).toEqual({ a: '3' });
  });

  test('pieces of several artifacts may alternate, and their order stays', () => {
    const view = viewAfter(
      piece('a', 'a1'),
      piece('b', 'b1'),
      piece('a', 'a2', { append: true }),
      piece('b', 'b2', { append: true, lastChunk: true }),
      piece('a', 'a3', { append: true }),
    );
    expect(texts(view)).toEqual({ a: 'a1a2a3', b: 'b1b2' });
    expect(view.task?.artifacts?.map(({ artifactId }) => artifactId)).toEqual(['a', 'b']);
    expect([...view.complete]).toEqual(['b']);
  });

  test('the last piece marks an artifact as complete, until another comes', () => {
    const last = piece('a', '1', { lastChunk: true });
    expect([...viewAfter(last).complete]).toEqual(['a']);
    expect([...viewAfter(last, piece('a', '2', { append: true })).complete]).toEqual([]);
  });

  test('a piece to append to something unknown starts it, and says that its beginning is missing', () => {
    const headless = viewAfter(piece('a', '2', { append: true }), piece('a', '3', { append: true }));
    expect(texts(headless)).toEqual({ a: '23' });
    expect([...headless.headless]).toEqual(['a']);
    const whole = viewAfter(piece('a', '2', { append: true }), piece('a', '1'));
    expect([...whole.headless]).toEqual([]);
  });

  test('metadata of pieces is joined, names are those of the last piece that has one', () => {
    const artifact = (more: Partial<Artifact>): StreamResponse => ({
      artifactUpdate: { ...ids, artifact: { artifactId: 'a', parts: [], ...more }, append: true },
    });
    const view = viewAfter(
      artifact({ name: 'n', description: 'd', metadata: { a: 1, b: 1 } }),
      artifact({ name: 'm', metadata: { b: 2 } }),
      artifact({}),
    );
    expect(view.task?.artifacts).toEqual([
      { artifactId: 'a', parts: [], name: 'm', description: 'd', metadata: { a: 1, b: 2 } },
    ]);
  });
});

describe('tasks from their events', () => {
  test('a status replaces the one before, whose message goes to the history once', () => {
    const said = { messageId: 'm', role: 'ROLE_AGENT', parts: [{ text: 'working' }] };
    const status = (state: string, message?: typeof said): StreamResponse => ({
      statusUpdate: { ...ids, status: { state, ...(message && { message }) } },
    });
    const view = viewAfter(
      status('TASK_STATE_WORKING', said),
      status('TASK_STATE_WORKING', said),
      status('TASK_STATE_COMPLETED'),
    );
    expect(view.task).toEqual({ ...TASK, status: { state: 'TASK_STATE_COMPLETED' }, history: [said] });
  });

  test('a task replaces everything', () => {
    const view = viewAfter(piece('a', '1', { append: true, lastChunk: true }), { task: TASK });
    expect(view).toEqual({ ...EMPTY_VIEW, task: TASK });
  });

  test('a message that answers stands beside the task', () => {
    const message = { messageId: 'm', role: 'ROLE_AGENT', parts: [{ text: 'ho' }] };
    expect(applyEvent(EMPTY_VIEW, { message })).toEqual({ ...EMPTY_VIEW, message });
  });

  test('an update before any task starts one; one of another task changes nothing', () => {
    const view = applyEvent(EMPTY_VIEW, piece('a', '1'));
    expect(view.task).toMatchObject({ id: 't', contextId: 'c', artifacts: [{ artifactId: 'a' }] });
    const other = { statusUpdate: { taskId: 'x', contextId: 'c', status: { state: 'TASK_STATE_FAILED' } } };
    expect(applyEvent(view, other)).toBe(view);
  });

  test('one update, on a task of one’s own', () => {
    const status = { state: 'TASK_STATE_COMPLETED' };
    expect(applyUpdate(frozen(TASK), { ...ids, status })).toEqual({ ...TASK, status });
  });
});

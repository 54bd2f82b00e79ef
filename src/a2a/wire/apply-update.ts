// A task as its events leave it (A2A v1.0, section 4.2). Pure: tasks go in and come out, none is changed. For long streams
// there is task-assembly.ts.

import type {
  Artifact,
  Message,
  StreamResponse,
  Task,
  TaskArtifactUpdateEvent,
  TaskStatusUpdateEvent,
} from './objects.js';

/** A task put together from its events, with what the events said beyond it. */
export interface TaskView {
  /** As it stands; `undefined` until an event has named one. */
  readonly task: Task | undefined;
  /** A message that answered instead of a task. */
  readonly message?: Message;
  /** Ids of artifacts whose last piece has come. */
  readonly complete: ReadonlySet<string>;
  /** Ids of artifacts that were first seen as a piece to append: what came before it is missing. */
  readonly headless: ReadonlySet<string>;
}

/** The view before the first event. */
export const EMPTY_VIEW: TaskView = /* @__PURE__ */ Object.freeze({
  task: undefined,
  complete: /* @__PURE__ */ new Set<string>(),
  headless: /* @__PURE__ */ new Set<string>(),
});

/**
 * Adds one event to a view.
 *
 * A `task` replaces all that was known. An update of another task than the one in view is ignored; one that comes before
 * any task starts it.
 *
 * Pure, and therefore a copy of what it adds to: an artifact of n pieces costs n times its length, where `TaskAssembly`
 * costs that length.
 *
 * @returns Fresh view; neither argument is changed.
 */
export function applyEvent(view: TaskView, event: StreamResponse): TaskView {
  if (event.task !== undefined) return { ...EMPTY_VIEW, task: event.task };
  if (event.message !== undefined) return { ...view, message: event.message };
  const update = event.statusUpdate ?? event.artifactUpdate;
  const task = view.task ?? startOf(update);
  if (update.taskId !== task.id) return view;
  if (event.statusUpdate !== undefined) return { ...view, task: applyUpdate(task, event.statusUpdate) };
  const { artifact, append, lastChunk } = event.artifactUpdate;
  const { artifactId } = artifact;
  const known = task.artifacts?.some((other) => other.artifactId === artifactId) === true;
  return {
    ...view,
    task: applyUpdate(task, event.artifactUpdate),
    complete: changed(view.complete, artifactId, lastChunk === true),
    headless: changed(view.headless, artifactId, append === true && (!known || view.headless.has(artifactId))),
  };
}

/**
 * The task after an update of its own: a status replaces the status, and the message of the one before goes to the
 * history; an artifact replaces the one of its id, or with `append` its parts go behind the ones there.
 *
 * @returns Fresh task; neither argument is changed. Parts and messages are shared.
 */
export function applyUpdate(task: Task, update: TaskStatusUpdateEvent | TaskArtifactUpdateEvent): Task {
  if ('status' in update) return { ...withSpokenStatus(task), status: update.status };
  const { artifact, append } = update;
  const artifacts = task.artifacts ?? [];
  const at = artifacts.findIndex(({ artifactId }) => artifactId === artifact.artifactId);
  const known = artifacts[at];
  if (known === undefined) return { ...task, artifacts: [...artifacts, artifact] };
  return { ...task, artifacts: artifacts.with(at, append === true ? joined(known, artifact) : artifact) };
}

function joined(known: Artifact, piece: Artifact): Artifact {
  const metadata = piece.metadata === undefined ? known.metadata : { ...known.metadata, ...piece.metadata };
  return { ...known, ...piece, parts: [...known.parts, ...piece.parts], ...(metadata !== undefined && { metadata }) };
}

/** The message of a status that is about to be replaced is a turn of the conversation. */
function withSpokenStatus(task: Task): Task {
  const spoken = task.status.message;
  const history = task.history ?? [];
  if (spoken === undefined || history.some(({ messageId }) => messageId === spoken.messageId)) return task;
  return { ...task, history: [...history, spoken] };
}

/** The task that an update is about, where nothing else is known of it. */
export function startOf({ taskId, contextId }: TaskStatusUpdateEvent | TaskArtifactUpdateEvent): Task {
  return { id: taskId, ...(contextId !== '' && { contextId }), status: { state: 'TASK_STATE_UNSPECIFIED' } };
}

function changed(ids: ReadonlySet<string>, id: string, member: boolean): ReadonlySet<string> {
  if (ids.has(id) === member) return ids;
  const next = new Set(ids);
  if (member) next.add(id);
  else next.delete(id);
  return next;
}

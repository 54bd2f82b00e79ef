// A task as its events leave it (A2A v1.0, section 4.2), for streams of many: as apply-update.ts, but what was put together
// before is not copied with each event.

import type { JsonValue } from '../../codec/json-value.js';
import { EMPTY_VIEW, startOf, type TaskView } from './apply-update.js';
import type {
  Artifact,
  Message,
  Part,
  StreamResponse,
  Task,
  TaskArtifactUpdateEvent,
  TaskStatusUpdateEvent,
} from './objects.js';

/**
 * Puts a task together from its events. After the same events its view is the one that `applyEvent` gives.
 *
 * An event costs as much as the event is long, however much has come before; a view costs as much as what has changed since
 * the one before it. An artifact that comes in many small pieces is best looked at now and then, and not after each.
 *
 * @example
 * ```ts
 * const assembly = new TaskAssembly()
 * for await (const event of client.sendStreamingMessage({ message })) assembly.add(event)
 * console.log(assembly.view.task?.artifacts)
 * ```
 */
export class TaskAssembly {
  /** What is not in one of the lists below; `undefined` until an event has named a task. */
  #base: Omit<Task, 'artifacts' | 'history'> | undefined;
  #artifacts: GrowingArtifact[] | undefined;
  /** The first artifact of each id. */
  #artifactOf = new Map<string, GrowingArtifact>();
  #history: Message[] | undefined;
  #spokenIds = new Set<string>();
  #message: Message | undefined;
  #complete = new Set<string>();
  #headless = new Set<string>();
  /** Absent once an event has changed what it shows. */
  #view: TaskView | undefined = EMPTY_VIEW;

  /** As it stands. Later events do not change it; parts and messages are shared with the events. */
  get view(): TaskView {
    this.#view ??= {
      task: this.#task,
      ...(this.#message !== undefined && { message: this.#message }),
      complete: new Set(this.#complete),
      headless: new Set(this.#headless),
    };
    return this.#view;
  }

  /**
   * Adds one event.
   *
   * A `task` replaces all that was known. An update of another task is ignored; one that comes before any task starts it.
   *
   * @param event Borrowed, and not changed.
   */
  add(event: StreamResponse): void {
    if (event.task !== undefined) {
      this.#replace(event.task);
      this.#message = undefined;
    } else if (event.message !== undefined) {
      this.#message = event.message;
    } else {
      const update = event.statusUpdate ?? event.artifactUpdate;
      if (this.#base === undefined) this.#start(startOf(update));
      if (update.taskId !== this.#base?.id) return;
      if (event.statusUpdate !== undefined) this.#addStatus(event.statusUpdate);
      else this.#addArtifact(event.artifactUpdate);
    }
    this.#view = undefined;
  }

  get #task(): Task | undefined {
    if (this.#base === undefined) return undefined;
    return {
      ...this.#base,
      ...(this.#artifacts !== undefined && { artifacts: this.#artifacts.map((artifact) => artifact.whole) }),
      ...(this.#history !== undefined && { history: [...this.#history] }),
    };
  }

  #replace(task: Task): void {
    this.#start(task);
    this.#complete = new Set();
    this.#headless = new Set();
  }

  #start({ artifacts, history, ...base }: Task): void {
    this.#base = base;
    this.#artifacts = artifacts?.map((artifact) => new GrowingArtifact(artifact));
    this.#artifactOf = new Map();
    for (const artifact of this.#artifacts ?? []) {
      if (!this.#artifactOf.has(artifact.id)) this.#artifactOf.set(artifact.id, artifact);
    }
    this.#history = history && [...history];
    this.#spokenIds = new Set(history?.map(({ messageId }) => messageId));
  }

  #addStatus({ status }: TaskStatusUpdateEvent): void {
    const base = this.#base as Omit<Task, 'artifacts' | 'history'>;
    const spoken = base.status.message;
    if (spoken !== undefined && !this.#spokenIds.has(spoken.messageId)) {
      this.#history ??= [];
      this.#history.push(spoken);
      this.#spokenIds.add(spoken.messageId);
    }
    this.#base = { ...base, status };
  }

  #addArtifact({ artifact, append, lastChunk }: TaskArtifactUpdateEvent): void {
    const { artifactId } = artifact;
    const known = this.#artifactOf.get(artifactId);
    if (known === undefined) {
      const started = new GrowingArtifact(artifact);
      this.#artifacts ??= [];
      this.#artifacts.push(started);
      this.#artifactOf.set(artifactId, started);
    } else if (append === true) known.append(artifact);
    else known.replace(artifact);
    setMember(this.#complete, artifactId, lastChunk === true);
    setMember(this.#headless, artifactId, append === true && (known === undefined || this.#headless.has(artifactId)));
  }
}

/** What an artifact consists of while pieces are added to it. */
interface Pieces {
  /** The last of each member but these two. */
  readonly head: Artifact;
  readonly parts: Part[];
  readonly metadata: Map<string, JsonValue> | undefined;
}

/** An artifact with room for further pieces. */
class GrowingArtifact {
  readonly id: string;
  #whole: Artifact | undefined;
  /** Present once a piece has been appended, and then what counts. */
  #pieces: Pieces | undefined;

  constructor(artifact: Artifact) {
    this.id = artifact.artifactId;
    this.#whole = artifact;
  }

  /** As it stands; the same object until it changes. */
  get whole(): Artifact {
    if (this.#whole === undefined) {
      const { head, parts, metadata } = this.#pieces as Pieces;
      this.#whole = {
        ...head,
        parts: [...parts],
        // A member named `__proto__` is one like any other here.
        ...(metadata !== undefined && { metadata: Object.fromEntries(metadata) }),
      };
    }
    return this.#whole;
  }

  replace(artifact: Artifact): void {
    this.#whole = artifact;
    this.#pieces = undefined;
  }

  append(piece: Artifact): void {
    const { head, parts, metadata } = this.#pieces ?? piecesOf(this.whole);
    for (const part of piece.parts) parts.push(part);
    const joined = piece.metadata === undefined ? metadata : (metadata ?? new Map<string, JsonValue>());
    for (const [name, value] of Object.entries(piece.metadata ?? {})) joined?.set(name, value);
    this.#pieces = { head: { ...head, ...piece }, parts, metadata: joined };
    this.#whole = undefined;
  }
}

function piecesOf(artifact: Artifact): Pieces {
  const { parts, metadata } = artifact;
  return { head: artifact, parts: [...parts], metadata: metadata && new Map(Object.entries(metadata)) };
}

function setMember(ids: Set<string>, id: string, member: boolean): void {
  if (member) ids.add(id);
  else ids.delete(id);
}

// The Durable Object behind a runtime: brings its sockets to it, lets it sleep while it rests, and wakes it in time.
//
//   awake     timers run, which keeps the object in memory. Once a second it looks whether the runtime rests.
//   asleep    no timer runs; each socket carries what its connection needs to go on; the alarm stands at what is due next.
//             Still in memory, any event wakes it. Hibernated or torn down, the event finds a new object, which recovers the
//             runtime from its log and hands it the sockets.
//
// A socket that does not carry its state, since the object was torn down while awake, is closed: its client resumes.

import { handOver } from '../arcp/acceptor.js';
import type { ArtifactStore } from '../arcp/artifacts/contract.js';
import type { Immediate, ImmediateEventLog, LoggedEntry } from '../arcp/log/contract.js';
import type { DurableObjectStorageLike } from '../arcp/log/sql-drivers.js';
import type { ConnectionState, StandingConnection } from '../arcp/runtime/rest.js';
import type { Runtime } from '../arcp/runtime/runtime.js';
import type { Clock } from '../clock.js';
import type { Transport } from '../transport/contract.js';
import { type DocumentLimits, documentLimits } from '../transport/document-limits.js';
import { socketTransport } from '../transport/socket-transport.js';
import { type ArcpHostOptions, judgeArcp } from './arcp-desk.js';
import { refusalResponse, subprotocolHeaders, upgradeRequest } from './fetch.js';
import { type DurableSocket, HibernatingSocket } from './hibernating-socket.js';
import { SleepingClock } from './sleeping-clock.js';
import type { Admission } from './upgrade.js';

/** Between two looks at whether the runtime rests. */
const LOOK_MS = 1_000;

/** How long an object that was torn down while it was awake may be gone. */
const WATCH_MS = 60_000;

/** Between two sweeps of what has expired, where anything is kept. */
const SWEEP_MS = 86_400_000;

/** Least time between two sweeps. */
const LEAST_SWEEP_MS = 600_000;

/** Marks our sockets among those of the object. */
const TAG = 'arcp';

const OPEN = 1;

/** As much of a Durable Object's `ctx` as is used; the object has to be one with SQLite. */
export interface DurableObjectStateLike {
  readonly id: { toString(): string };
  readonly storage: DurableObjectStorageLike & {
    setAlarm(atMs: number): Promise<void>;
  };
  acceptWebSocket(socket: DurableSocket, tags?: string[]): void;
  getWebSockets(tag?: string): DurableSocket[];
  blockConcurrencyWhile<T>(work: () => Promise<T>): Promise<T>;
  waitUntil(work: Promise<unknown>): void;
}

/** A Durable Object that serves ARCP. */
export interface ArcpObject {
  readonly runtime: Runtime;
  /** Answers an upgrade to WebSocket with status 101 and everything else with a refusal; see `HostOptions`. */
  fetch(request: Request): Response | Promise<Response>;
  alarm(): Promise<void>;
  webSocketMessage(socket: DurableSocket, message: string | ArrayBuffer): void;
  webSocketClose(socket: DurableSocket, code: number, reason: string, wasClean: boolean): void;
  webSocketError(socket: DurableSocket, error: unknown): void;
}

/** What it is made of, beside the runtime. */
export interface ArcpMachineOptions extends ArcpHostOptions {
  readonly log: ImmediateEventLog;
  readonly artifacts: Immediate<ArtifactStore>;
  readonly clock: Clock;
  readonly now: () => number;
}

/** What a socket carries: at most 2,048 bytes. */
interface Attachment {
  readonly remoteAddress?: string | undefined;
  /** Present while the object sleeps. */
  readonly state?: ConnectionState | undefined;
}

interface Line {
  readonly socket: DurableSocket;
  readonly events: HibernatingSocket;
  readonly transport: Transport;
  readonly remoteAddress: string | undefined;
  /** Session that its socket carries the state of. */
  markedAs?: string | undefined;
}

/** What this host uses of Workers. */
interface WorkersGlobals {
  readonly WebSocketPair: new () => { readonly 0: unknown; readonly 1: DurableSocket };
}

/** The object. */
export class ArcpMachine implements ArcpObject {
  readonly runtime: Runtime;
  readonly #state: DurableObjectStateLike;
  readonly #options: ArcpMachineOptions;
  readonly #limits: DocumentLimits;
  readonly #clock: SleepingClock;
  readonly #lines = new Map<DurableSocket, Line>();
  readonly #byTransport = new Map<Transport, Line>();
  /** Lines whose socket carries its state, by session. */
  readonly #marked = new Map<string, Line>();
  #isLooking = false;
  #alarmAtMs: number | undefined;
  #sweptAtMs = Number.NEGATIVE_INFINITY;

  constructor(state: DurableObjectStateLike, makeRuntime: (clock: Clock) => Runtime, options: ArcpMachineOptions) {
    this.#state = state;
    this.#options = options;
    this.#limits = documentLimits(options);
    this.#clock = new SleepingClock(options.clock);
    this.#clock.onUse = () => this.#stir();
    this.runtime = makeRuntime(this.#clock);
    this.runtime.bus.subscribe((entry) => this.#heard(entry));
    // Nothing comes in before the runtime knows its sessions again. Should that fail, the object is torn down, and the next
    // event tries anew.
    void state.blockConcurrencyWhile(() => this.#begin());
  }

  fetch(request: Request): Response {
    const verdict = judgeArcp(upgradeRequest(request), this.#lines.size, this.#options);
    if (!verdict.accepted) return refusalResponse(verdict);
    this.#stir();
    const { WebSocketPair } = globalThis as unknown as WorkersGlobals;
    const { 0: theirs, 1: ours } = new WebSocketPair();
    this.#state.acceptWebSocket(ours, [TAG]);
    this.#take(ours, verdict);
    const headers = subprotocolHeaders(verdict);
    return new Response(null, { status: 101, webSocket: theirs, headers } as ResponseInit);
  }

  async alarm(): Promise<void> {
    this.#alarmAtMs = undefined;
    // What is due has its timer, which fires now.
    this.#stir();
    const nowMs = this.#options.now();
    if (nowMs - this.#sweptAtMs < LEAST_SWEEP_MS) return;
    this.#sweptAtMs = nowMs;
    await this.runtime.sweep();
  }

  webSocketMessage(socket: DurableSocket, message: string | ArrayBuffer): void {
    this.#stir();
    const line = this.#lines.get(socket);
    if (line === undefined) return;
    // What it announces may still be on its way when the object is torn down: nobody may go on as if it had not been said.
    this.#unmark(line);
    line.events.tell('message', { data: message });
  }

  webSocketClose(socket: DurableSocket, code: number, reason: string, wasClean: boolean): void {
    this.#stir();
    this.#lines.get(socket)?.events.tell('close', { code, reason, wasClean });
  }

  webSocketError(socket: DurableSocket, error: unknown): void {
    this.#stir();
    this.#lines.get(socket)?.events.tell('error', { error });
  }

  async #begin(): Promise<void> {
    const standing: StandingConnection[] = [];
    for (const socket of this.#state.getWebSockets(TAG)) {
      if (socket.readyState !== OPEN) continue;
      const { state, remoteAddress }: Attachment = socket.deserializeAttachment() ?? {};
      if (state === undefined) {
        socket.close(1012, 'the runtime was restarted');
        continue;
      }
      const line = this.#lineOf(socket, remoteAddress);
      this.#mark(line, state.sessionId);
      standing.push({ transport: line.transport, state, peer: peerOf(remoteAddress) });
    }
    this.#stir();
    await this.runtime.recover(standing);
  }

  #take(socket: DurableSocket, { remoteAddress }: Admission): void {
    const line = this.#lineOf(socket, remoteAddress);
    this.#attach(line, undefined);
    handOver(this.runtime, line.transport, peerOf(remoteAddress));
  }

  #lineOf(socket: DurableSocket, remoteAddress: string | undefined): Line {
    const events = new HibernatingSocket(socket);
    const transport = socketTransport(events, { ...this.#limits, clock: this.#options.clock });
    const line: Line = { socket, events, transport, remoteAddress };
    this.#lines.set(socket, line);
    this.#byTransport.set(transport, line);
    void transport.closed.then(() => {
      this.#lines.delete(socket);
      this.#byTransport.delete(transport);
      this.#forgetMark(line);
    });
    return line;
  }

  /** Something happens: timers run until the next look at least. */
  #stir(): void {
    this.#clock.wake();
    if (this.#isLooking) return;
    this.#isLooking = true;
    this.#options.clock.setTimer(() => {
      this.#isLooking = false;
      this.#look();
    }, LOOK_MS);
  }

  #heard({ sessionId, direction, type }: LoggedEntry): void {
    this.#stir();
    const line = this.#marked.get(sessionId);
    if (line !== undefined) this.#unmark(line);
    // With the very write that accepts it: whatever becomes of the object, a job is not forgotten.
    if (type === 'job.accepted' && direction === 'out') this.#watch();
  }

  #look(): void {
    const nowMs = this.#options.now();
    const rest = this.runtime.rest();
    const dueMs = rest === undefined ? undefined : Math.min(rest.nextDueMs ?? Infinity, this.#sweepDueMs(nowMs));
    if (rest === undefined || dueMs === undefined || dueMs - nowMs < 2 * LOOK_MS) {
      this.#watch();
      return this.#stir();
    }
    this.#clock.sleep();
    for (const [transport, state] of rest.connections) {
      const line = this.#byTransport.get(transport);
      if (line === undefined || this.#marked.get(state.sessionId) === line) continue;
      this.#attach(line, state);
      this.#mark(line, state.sessionId);
    }
    if (dueMs !== Infinity) this.#setAlarm(dueMs);
  }

  /** Sees to it that the object comes back if it is torn down now. */
  #watch(): void {
    const nowMs = this.#options.now();
    const atMs = nowMs + WATCH_MS;
    if (this.#alarmAtMs === undefined || this.#alarmAtMs <= nowMs || this.#alarmAtMs > atMs) this.#setAlarm(atMs);
  }

  #setAlarm(atMs: number): void {
    if (this.#alarmAtMs === atMs) return;
    this.#alarmAtMs = atMs;
    this.#state.waitUntil(this.#state.storage.setAlarm(atMs));
  }

  /** When to look for what has expired, where anything is kept: once a day, each object at a time of its own. */
  #sweepDueMs(nowMs: number): number {
    if (this.#options.log.read({ after: 0, limit: 1 }).length === 0) return Infinity;
    let offsetMs = 0;
    for (const char of this.#state.id.toString()) offsetMs = (offsetMs * 31 + char.charCodeAt(0)) % SWEEP_MS;
    return Math.floor((nowMs - offsetMs) / SWEEP_MS + 1) * SWEEP_MS + offsetMs;
  }

  #mark(line: Line, sessionId: string): void {
    line.markedAs = sessionId;
    this.#marked.set(sessionId, line);
  }

  #unmark(line: Line): void {
    if (this.#forgetMark(line)) this.#attach(line, undefined);
  }

  /** @returns Whether there was one. */
  #forgetMark(line: Line): boolean {
    const { markedAs } = line;
    if (markedAs === undefined) return false;
    line.markedAs = undefined;
    // Another connection may have taken the session over since.
    if (this.#marked.get(markedAs) === line) this.#marked.delete(markedAs);
    return true;
  }

  #attach({ socket, remoteAddress }: Line, state: ConnectionState | undefined): void {
    const attachment: Attachment = { remoteAddress, state };
    socket.serializeAttachment(attachment);
  }
}

function peerOf(remoteAddress: string | undefined): { readonly remoteAddress?: string } {
  return remoteAddress === undefined ? {} : { remoteAddress };
}

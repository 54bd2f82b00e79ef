// The runtime: takes connections, keeps sessions, runs tools as jobs. ARCP v1.0.

import { type Clock, systemClock } from '../../clock.js';
import type { JsonValue } from '../../codec/json-value.js';
import { asyncDispose } from '../../dispose.js';
import type { Transport } from '../../transport/contract.js';
import type { ArcpAcceptor } from '../acceptor.js';
import type { ArtifactStore } from '../artifacts/contract.js';
import { memoryArtifacts } from '../artifacts/memory.js';
import { ArcpError } from '../errors.js';
import type { EventLog, MaybePromise, RecordWrite } from '../log/contract.js';
import { memoryLog } from '../log/memory.js';
import type { Capabilities, Negotiated } from '../wire/capabilities.js';
import { isExtensionName } from '../wire/extension-names.js';
import { type IdFactory, idFactory, type JobId, type SessionId } from '../wire/ids.js';
import type { RuntimeIdentity, SessionOpen, TrustLevel } from '../wire/session.js';
import { timestampOf } from '../wire/timestamp.js';
import { ANONYMOUS, type Authenticator, assertPrincipal, type Peer, type RefreshRequest } from './authenticator.js';
import { Checkpoints } from './checkpoints.js';
import { Connection } from './connection.js';
import type { Core, ExtensionHandler } from './core.js';
import type { Sessions } from './greeting.js';
import { HalfOpen, partyOfPeer } from './half-open.js';
import { Heartbeats } from './heartbeat.js';
import { Intents } from './idempotency.js';
import type { Job } from './job.js';
import { Journal } from './journal.js';
import { DEFAULT_LIMITS, type RuntimeLimits } from './limits.js';
import { earliest, Mounted } from './mounted.js';
import { recover, sweepCheckpoints } from './recovery.js';
import type { ConnectionState, Rest, StandingConnection } from './rest.js';
import type { Bus, Command, JobOwner, JobRequest, JobStarter, Service, SessionPort } from './service.js';
import type { Session, SessionRecord } from './session.js';
import { SessionTable } from './session-table.js';
import { ToolInputs } from './tool-inputs.js';
import { type Tool, type ToolSource, ToolTable } from './tools.js';

/** What a runtime is made of. */
export interface RuntimeOptions {
  readonly tools?: readonly Tool[];
  /** Tools that come and go: asked by name for what is not in `tools`, in order. */
  readonly toolSources?: readonly ToolSource[];
  /** Who may come in. None: only connections whose transport says who the other side is. One per scheme. */
  readonly authenticators?: readonly Authenticator[];
  /** What answers the types beyond tools and jobs. */
  readonly services?: readonly Service[];
  /** Handlers of extensions, by their names. */
  readonly extensions?: Readonly<Record<string, ExtensionHandler>>;
  /** Default kind `ringline`, and no trust level. */
  readonly identity?: Partial<Omit<RuntimeIdentity, 'trust_level'>> & { readonly trust_level?: TrustLevel };
  /**
   * What to say otherwise than what follows from the services: flags to turn off, the heartbeat's interval (default 30 s)
   * and recovery (default `fail`). A flag cannot be turned on: it is on where something stands behind it.
   */
  readonly capabilities?: Capabilities;
  /** Default: in memory. */
  readonly log?: EventLog;
  readonly artifacts?: ArtifactStore;
  readonly limits?: Partial<RuntimeLimits>;
  readonly clock?: Clock;
  /** Unix time in milliseconds. Default `Date.now`. */
  readonly now?: () => number;
  readonly ids?: IdFactory;
  /** Told of faults: of tools, services, the log. What it throws is lost. */
  readonly onFault?: (error: unknown, where: string) => void;
}

/** What a host sees of a session. */
export interface SessionInfo {
  readonly id: SessionId;
  readonly principal: string;
  readonly isConnected: boolean;
  /** Jobs that have not ended. */
  readonly jobs: number;
}

/** A runtime. */
export interface Runtime extends ArcpAcceptor {
  /**
   * Serves one connection. Text messages only; others are ignored.
   *
   * @param transport Handed over.
   * @param peer What the transport has proved about the other side.
   * @returns Resolves when the connection has ended.
   * @throws {TypeError} a principal that is empty or begins with `anonymous:`.
   */
  accept(transport: Transport, peer?: Peer): Promise<void>;
  /**
   * Takes up the sessions and jobs that the log has of a runtime before: once, before the first connection.
   *
   * @param standing Connections that stood meanwhile, as those of a Durable Object that hibernated: their clients notice
   *   nothing. One whose session is no more is closed with 1012.
   */
  recover(standing?: readonly StandingConnection[]): Promise<void>;
  /**
   * Whether the runtime may stop now, without {@link close} and without anybody noticing: no job runs, no client waits for
   * anything, and all that is known is in the log. For hosts that sleep, and keep their connections; see {@link recover}.
   *
   * @returns What to keep of the connections, and when to be there again; `undefined` while it must not stop.
   */
  rest(): Rest | undefined;
  /** Removes what has expired from the log and the artifacts. A runtime that is in use does so by itself. */
  sweep(): Promise<void>;
  /** Asks the client of a connected session for fresh credentials. @returns Whether there is such a session. */
  refresh(sessionId: string, request: RefreshRequest): boolean;
  /** Ends a session with `session.evicted`. @returns Whether there was such a session. */
  evict(sessionId: string, code: string, reason: string): boolean;
  /** The sessions that have not ended. */
  sessions(): readonly SessionInfo[];
  /** Every message, as it enters the log. */
  readonly bus: Bus;
  /**
   * Ends every connection; sessions stay in the log for {@link recover}. Idempotent. The log and the artifacts are the
   * caller's to close.
   */
  close(): Promise<void>;
  [asyncDispose](): Promise<void>;
}

/** How often what has expired is looked for, in milliseconds. */
const SWEEP_MS = 60_000;

/**
 * Makes a runtime.
 *
 * @throws {TypeError | RangeError} an option of the wrong kind or range: two tools of one name, two authenticators of one
 *   scheme, two services for one type, an extension whose name is none.
 *
 * @example
 * ```ts
 * const runtime = createRuntime({
 *   tools: [{ name: 'echo', handler: (args) => args }],
 *   authenticators: [bearerTokens({ 'a-long-secret': 'alice' })],
 * });
 * await runtime.accept(transport);
 * ```
 */
export function createRuntime(options: RuntimeOptions = {}): Runtime {
  return new RuntimeCore(options);
}

class RuntimeCore implements Runtime, Core, Sessions, JobStarter {
  readonly clock: Clock;
  readonly now: () => number;
  readonly ids: IdFactory;
  readonly log: EventLog;
  readonly artifacts: ArtifactStore;
  readonly limits: RuntimeLimits;
  readonly identity: RuntimeIdentity;
  readonly journal: Journal;
  readonly mounted: Mounted;
  readonly tools: ToolSource;
  readonly inputs: ToolInputs;
  readonly extensions: ReadonlyMap<string, ExtensionHandler>;
  readonly authenticators: ReadonlyMap<string, Authenticator>;
  readonly heartbeats: Heartbeats;
  readonly intents: Intents;
  readonly checkpoints: Checkpoints;
  readonly offered: Capabilities;
  readonly liveJobs = new Map<string, Job>();
  readonly #sessions = new SessionTable(this);
  readonly #connections = new Map<Connection, { readonly run: Promise<void>; readonly transport: Transport }>();
  readonly #onFault: ((error: unknown, where: string) => void) | undefined;
  readonly #halfOpen: HalfOpen;
  #recovery: Promise<void> | undefined;
  #isRecovering = false;
  #cancelSweep: (() => void) | undefined;
  #isClosed = false;
  #stampMs = Number.NaN;
  #stamp = '';

  constructor(options: RuntimeOptions) {
    const { now = Date.now, identity } = options;
    this.clock = options.clock ?? systemClock;
    this.now = now;
    this.ids = options.ids ?? idFactory({ now });
    this.log = options.log ?? memoryLog();
    this.artifacts = options.artifacts ?? memoryArtifacts();
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    assertLimits(this.limits);
    this.#halfOpen = new HalfOpen(this.limits);
    this.identity = { kind: 'ringline', version: '0.1.0', ...identity };
    this.#onFault = options.onFault;
    this.inputs = new ToolInputs(this.limits);
    this.tools = new ToolTable(options.tools ?? [], options.toolSources ?? []);
    this.extensions = extensionTable(options.extensions ?? {});
    this.authenticators = authenticatorTable(options.authenticators ?? []);
    this.mounted = new Mounted(options.services ?? [], (error, where) => this.report(error, where));
    this.offered = this.#offer(options.capabilities ?? {});
    this.journal = new Journal(this.log, this.clock, {
      onFailure: (error) => this.#logFailed(error),
      onFault: (error) => this.report(error, 'journal'),
    });
    this.heartbeats = new Heartbeats(
      this.clock,
      this.offered.heartbeat_interval_seconds ?? 30,
      this.offered.heartbeat_recovery ?? 'fail',
    );
    this.intents = new Intents(this.log, now, this.limits);
    this.checkpoints = new Checkpoints(this.log, this.ids, now, this.limits.maxCheckpoints, (records) =>
      this.write(records),
    );
    this.mounted.attach(this);
  }

  get bus(): Bus {
    return this.journal;
  }

  get jobs(): JobStarter {
    return this;
  }

  timestamp(): string {
    const nowMs = this.now();
    if (nowMs !== this.#stampMs) {
      this.#stampMs = nowMs;
      this.#stamp = timestampOf(nowMs);
    }
    return this.#stamp;
  }

  write(records: readonly RecordWrite[]): void {
    this.journal.write(records);
  }

  report(error: unknown, where: string): void {
    try {
      this.#onFault?.(error, where);
    } catch {
      // Told, and that is all there is to do.
    }
  }

  async accept(transport: Transport, peer: Peer = {}): Promise<void> {
    if (peer.principal !== undefined) assertPrincipal(peer.principal);
    const party = partyOfPeer(peer);
    let connection: Connection | undefined;
    const leave = this.#isClosed
      ? undefined
      : this.#halfOpen.enter(peer, party, () => connection?.close(1013, 'too many connections wait'));
    if (leave === undefined) {
      transport.close(1013, this.#isClosed ? 'the runtime is closed' : 'too many connections wait');
      await transport.closed;
      return;
    }
    connection = new Connection(this, this, transport, peer, leave);
    try {
      await this.#run(connection, transport);
    } finally {
      leave();
    }
  }

  async #run(connection: Connection, transport: Transport): Promise<void> {
    this.#sweepLater();
    const run = connection.run(this.#isRecovering ? this.#recovery : undefined);
    this.#connections.set(connection, { run, transport });
    try {
      await run;
    } finally {
      this.#connections.delete(connection);
    }
  }

  recover(standing: readonly StandingConnection[] = []): Promise<void> {
    this.#recovery ??= this.#recover(standing);
    return this.#recovery;
  }

  rest(): Rest | undefined {
    if (this.#isRecovering || this.#isClosed) return undefined;
    if (!this.journal.isSettled || this.mounted.isBusy) return undefined;
    for (const job of this.liveJobs.values()) if (!job.isHeld) return undefined;
    const dues = [this.mounted.nextDueMs];
    for (const session of this.#sessions.values()) {
      if (session.isEnding || session.judging > 0) return undefined;
      dues.push(session.awayUntilMs);
    }
    const connections = new Map<Transport, ConnectionState>();
    for (const [connection, { transport }] of this.#connections) {
      const { state } = connection;
      if (state === undefined) return undefined;
      connections.set(transport, state);
      dues.push(connection.nextDueMs);
    }
    return { nextDueMs: earliest(dues), connections };
  }

  async sweep(): Promise<void> {
    await this.#sweepLog();
    await this.artifacts.sweep(this.now());
  }

  refresh(sessionId: string, request: RefreshRequest): boolean {
    return this.#sessions.get(sessionId)?.askAgain(request) ?? false;
  }

  evict(sessionId: string, code: string, reason: string): boolean {
    const session = this.#sessions.get(sessionId);
    session?.evict(code, reason);
    return session !== undefined;
  }

  sessions(): readonly SessionInfo[] {
    return [...this.#sessions.values()].map(({ id, principal, isConnected, jobs }) => ({
      id,
      principal,
      isConnected,
      jobs: jobs.size,
    }));
  }

  async close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      this.#cancelSweep?.();
      this.heartbeats.close();
      await this.journal.settled();
      await this.mounted.close();
      for (const session of this.#sessions.values()) session.suspend();
      for (const connection of this.#connections.keys()) connection.close(1001, 'the runtime closes');
      await this.journal.settled();
    }
    await Promise.all(Array.from(this.#connections.values(), ({ run }) => run));
  }

  [asyncDispose](): Promise<void> {
    return this.close();
  }

  start(session: SessionPort, request: JobRequest): JobId {
    return this.#alive(session).jobs.start(request);
  }

  startOnce(session: SessionPort, command: Command, make: () => JobRequest): void | Promise<void> {
    return this.#alive(session).jobs.startOnce(command, make);
  }

  release({ id }: SessionPort, jobId: string, work: Pick<JobRequest, 'arguments' | 'run'>): void {
    this.#sessions.get(id)?.jobs.release(jobId, work);
  }

  has(tool: string): boolean {
    return this.tools.get(tool) !== undefined;
  }

  async once(
    { principal }: SessionPort,
    { type, key, body }: { readonly type: string; readonly key: string; readonly body: JsonValue },
    work: () => Promise<string>,
  ): Promise<string> {
    const scope = Intents.scope(principal, key);
    const print = await Intents.print(type, body);
    let outcome = '';
    await this.intents.inTurn(scope, async (known) => {
      if (known !== undefined && (known.print !== print || known.outcome === undefined)) {
        throw new ArcpError('ALREADY_EXISTS', 'the idempotency key was used for something else');
      }
      if (known === undefined && !this.intents.hasRoom(principal)) {
        throw new ArcpError('RESOURCE_EXHAUSTED', 'the principal has used too many keys');
      }
      outcome = known?.outcome ?? (await work());
      if (known === undefined) this.write([this.intents.done(scope, print, outcome)]);
    });
    return outcome;
  }

  session(sessionId: string): SessionPort | undefined {
    return this.#sessions.get(sessionId);
  }

  ownsSession(principal: string, sessionId: string): MaybePromise<boolean> {
    const session = this.#sessions.get(sessionId);
    if (session !== undefined) return session.principal === principal;
    const entries = this.log.read({ after: 0, limit: 1, sessionIds: [sessionId] });
    if (!(entries instanceof Promise)) return entries[0]?.principal === principal;
    return entries.then((found) => found[0]?.principal === principal);
  }

  ownerOfJob(jobId: string): MaybePromise<JobOwner | undefined> {
    const job = this.liveJobs.get(jobId);
    if (job !== undefined) return { sessionId: job.session.id, principal: job.session.principal };
    // The first message out that names it is its `job.accepted`: what comes in may name any.
    const entries = this.log.read({ after: 0, limit: 1, jobIds: [jobId], direction: 'out' });
    const ownerOf = (found: Awaited<typeof entries>): JobOwner | undefined =>
      found[0] === undefined
        ? undefined
        : { sessionId: found[0].sessionId as SessionId, principal: found[0].principal };
    return entries instanceof Promise ? entries.then(ownerOf) : ownerOf(entries);
  }

  resumable(id: string, principal: string): Session | undefined {
    return this.#sessions.resumable(id, principal);
  }

  create(principal: string, open: SessionOpen, capabilities: Negotiated, peer: Peer): Session {
    return this.#sessions.create(principal, open, capabilities, partyOfPeer(peer));
  }

  #alive({ id }: SessionPort): Session {
    const session = this.#sessions.get(id);
    if (session === undefined || session.isEnding) {
      throw new ArcpError('FAILED_PRECONDITION', 'the session has ended');
    }
    return session;
  }

  async #recover(standing: readonly StandingConnection[]): Promise<void> {
    this.#isRecovering = true;
    const awaySinceMs = new Map<Session, number | undefined>();
    const restore = (id: SessionId, record: SessionRecord) => {
      const session = this.#sessions.add(id, record);
      awaySinceMs.set(session, record.awaySinceMs);
      return session;
    };
    await this.intents.recover();
    await recover(this, restore, () => {
      for (const connection of standing) this.#goOn(connection);
      for (const [session, sinceMs] of awaySinceMs) {
        if (!session.isConnected) this.#sessions.setAway(session, sinceMs);
      }
    });
    await this.mounted.recover();
    for (const job of [...this.liveJobs.values()]) {
      if (job.isHeld && !this.mounted.keepsHeld(job))
        job.fail(new ArcpError('UNAVAILABLE', 'the runtime was restarted'));
    }
    this.#isRecovering = false;
    await this.journal.settled();
  }

  /** Takes up a connection that stood meanwhile. */
  #goOn({ transport, state, peer = {} }: StandingConnection): void {
    const session = this.#sessions.get(state.sessionId);
    if (session === undefined || session.isConnected) return transport.close(1012, 'the runtime was restarted');
    const connection = new Connection(this, this, transport, peer, () => {});
    connection.goOn(session, state);
    this.#run(connection, transport).catch((error: unknown) => this.report(error, 'connection'));
  }

  #offer(wanted: Capabilities): Capabilities {
    const extensions = [...this.extensions.keys()];
    const offered: { -readonly [Name in keyof Capabilities]: Capabilities[Name] } = {
      durable_jobs: true,
      checkpoints: true,
      anonymous: this.authenticators.has('none'),
      heartbeat_recovery: 'fail',
      heartbeat_interval_seconds: 30,
      ...this.mounted.offers(this.limits),
    };
    if (extensions.length > 0) offered.extensions = extensions;
    for (const [name, value] of Object.entries(wanted)) {
      const key = name as keyof Capabilities;
      if (value === true && offered[key] !== true) throw new TypeError(`nothing stands behind the capability ${name}`);
      if (value !== undefined) Object.assign(offered, { [key]: value });
    }
    const interval = offered.heartbeat_interval_seconds ?? 0;
    if (!Number.isSafeInteger(interval) || interval < 1) {
      throw new RangeError('heartbeat_interval_seconds must be an integer of 1 or more');
    }
    return offered;
  }

  #logFailed(error: unknown): void {
    this.report(error, 'log');
    // Nothing more comes in until the log takes it; clients come back and ask for what they missed.
    for (const connection of this.#connections.keys()) connection.close(1011, 'the log failed');
  }

  /** Looks for what has expired while anybody is there. */
  #sweepLater(): void {
    if (this.#cancelSweep !== undefined) return;
    this.#cancelSweep = this.clock.setTimer(() => {
      this.#cancelSweep = undefined;
      if (this.#isClosed) return;
      if (this.#sessions.size > 0 || this.#connections.size > 0) this.#sweepLater();
      this.#sweepLog().catch((error: unknown) => this.report(error, 'sweep'));
    }, SWEEP_MS);
  }

  async #sweepLog(): Promise<void> {
    await this.log.prune({ beforeMs: this.now() - this.limits.logRetentionMs });
    await this.intents.sweep(
      (records) => this.write(records),
      (principal) =>
        principal.startsWith(ANONYMOUS) && this.#sessions.get(principal.slice(ANONYMOUS.length)) === undefined,
    );
    await sweepCheckpoints(this);
  }
}

function authenticatorTable(authenticators: readonly Authenticator[]): ReadonlyMap<string, Authenticator> {
  const table = new Map<string, Authenticator>();
  for (const authenticator of authenticators) {
    if (table.has(authenticator.scheme))
      throw new TypeError(`two authenticators of the scheme ${authenticator.scheme}`);
    table.set(authenticator.scheme, authenticator);
  }
  return table;
}

function extensionTable(extensions: Readonly<Record<string, ExtensionHandler>>): ReadonlyMap<string, ExtensionHandler> {
  for (const name of Object.keys(extensions)) {
    if (!isExtensionName(name)) throw new TypeError(`${name} is no name of an extension`);
  }
  return new Map(Object.entries(extensions));
}

function assertLimits(limits: RuntimeLimits): void {
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${name} must be an integer of 0 or more`);
  }
}

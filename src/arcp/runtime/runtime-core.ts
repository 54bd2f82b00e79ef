// A runtime put together: its parts, made in order, and what they share.

import { type Clock, systemClock } from '../../clock.js';
import type { JsonValue } from '../../codec/json-value.js';
import { asyncDispose } from '../../dispose.js';
import type { Transport } from '../../transport/contract.js';
import type { ArtifactStore } from '../artifacts/contract.js';
import { memoryArtifacts } from '../artifacts/memory.js';
import type { EventLog, MaybePromise, RecordWrite } from '../log/contract.js';
import { memoryLog } from '../log/memory.js';
import type { Capabilities, Negotiated } from '../wire/capabilities.js';
import { isExtensionName } from '../wire/extension-names.js';
import { type IdFactory, idFactory } from '../wire/ids.js';
import type { RuntimeIdentity, SessionOpen } from '../wire/session.js';
import { timestampOf } from '../wire/timestamp.js';
import type { Authenticator, Peer, RefreshRequest } from './authenticator.js';
import { Connections } from './connections/connections.js';
import type { Sessions } from './connections/greeting.js';
import { partyOfPeer } from './connections/half-open.js';
import { offerOf } from './connections/offer.js';
import type { Core, ExtensionHandler } from './core.js';
import { Checkpoints } from './jobs/checkpoints.js';
import { doOnce } from './jobs/do-once.js';
import { Heartbeats } from './jobs/heartbeat.js';
import { Intents } from './jobs/idempotency.js';
import type { Job } from './jobs/job.js';
import { SessionJobStarter } from './jobs/job-starter.js';
import { StopDeadlines } from './jobs/stop-deadlines.js';
import { ToolInputs } from './jobs/tool-inputs.js';
import { assertLimits, DEFAULT_LIMITS, type RuntimeLimits } from './limits.js';
import { earliest, Mounted } from './mounted.js';
import { Journal } from './outbox/journal.js';
import type { Rest, StandingConnection } from './rest.js';
import type { Runtime, RuntimeOptions, SessionInfo } from './runtime.js';
import type { Bus, JobOwner, JobStarter, SessionPort } from './service.js';
import { ownerOfJob, ownsSession } from './sessions/ownership.js';
import { recoverRuntime } from './sessions/recovery.js';
import type { Session } from './sessions/session.js';
import { SessionTable } from './sessions/session-table.js';
import { Sweeper } from './sessions/sweeper.js';
import { type ToolSource, ToolTable } from './tools.js';

/** What {@link createRuntime} makes. */
export class RuntimeCore implements Runtime, Core, Sessions {
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
  readonly stopDeadlines: StopDeadlines;
  readonly intents: Intents;
  readonly checkpoints: Checkpoints;
  readonly offered: Capabilities;
  readonly jobs: JobStarter;
  readonly liveJobs = new Map<string, Job>();
  readonly write = (records: readonly RecordWrite[]): void => this.journal.write(records);
  readonly #sessions: SessionTable;
  readonly #connections: Connections;
  readonly #sweeper: Sweeper;
  readonly #onFault: ((error: unknown, where: string) => void) | undefined;
  #recovery: Promise<void> | undefined;
  #isRecovering = false;
  #isClosed = false;
  #stampMs = Number.NaN;
  #stamp = '';

  constructor(options: RuntimeOptions) {
    const { now = Date.now } = options;
    this.clock = options.clock ?? systemClock;
    this.now = now;
    this.ids = options.ids ?? idFactory({ now });
    this.log = options.log ?? memoryLog();
    this.artifacts = options.artifacts ?? memoryArtifacts();
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    assertLimits(this.limits);
    this.identity = { kind: 'ringline', version: '0.1.0', ...options.identity };
    this.#onFault = options.onFault;
    this.inputs = new ToolInputs(this.limits);
    this.tools = new ToolTable(options.tools ?? [], options.toolSources ?? []);
    this.extensions = extensionTable(options.extensions ?? {});
    this.authenticators = authenticatorTable(options.authenticators ?? []);
    this.mounted = new Mounted(options.services ?? [], (error, where) => this.report(error, where));
    this.offered = offerOf(
      {
        anonymous: this.authenticators.has('none'),
        extensions: [...this.extensions.keys()],
        services: this.mounted.offers(this.limits),
      },
      options.capabilities ?? {},
    );
    this.journal = new Journal(this.log, this.clock, {
      onFailure: (error) => this.#logFailed(error),
      onFault: (error) => this.report(error, 'journal'),
    });
    const { heartbeat_interval_seconds = 30, heartbeat_recovery = 'fail' } = this.offered;
    this.heartbeats = new Heartbeats(this.clock, heartbeat_interval_seconds, heartbeat_recovery);
    this.stopDeadlines = new StopDeadlines(this.clock);
    this.intents = new Intents(this.log, now, this.limits);
    this.checkpoints = new Checkpoints(this);
    this.#sessions = new SessionTable(this, () => this.#sweeper.rest());
    this.jobs = new SessionJobStarter(this, (id) => this.#sessions.get(id));
    this.#connections = new Connections(this, this, {
      ready: () => (this.#isRecovering ? this.#recovery : undefined),
      onBegan: () => this.#sweeper.later(),
      onEnded: () => this.#sweeper.rest(),
    });
    this.#sweeper = new Sweeper(this, {
      isInUse: () => this.#sessions.size > 0 || this.#connections.size > 0,
      hasSession: (id) => this.#sessions.get(id) !== undefined,
    });
    this.mounted.attach(this);
  }

  get bus(): Bus {
    return this.journal;
  }

  timestamp(): string {
    const nowMs = this.now();
    if (nowMs !== this.#stampMs) {
      this.#stampMs = nowMs;
      this.#stamp = timestampOf(nowMs);
    }
    return this.#stamp;
  }

  report(error: unknown, where: string): void {
    try {
      this.#onFault?.(error, where);
    } catch {
      // Told, and that is all there is to do.
    }
  }

  accept(transport: Transport, peer: Peer = {}): Promise<void> {
    return this.#connections.accept(transport, peer);
  }

  recover(standing: readonly StandingConnection[] = []): Promise<void> {
    this.#recovery ??= this.#recover(standing);
    return this.#recovery;
  }

  rest(): Rest | undefined {
    if (this.#isRecovering || this.#isClosed) return undefined;
    if (!this.journal.isSettled || this.mounted.isBusy) return undefined;
    for (const job of this.liveJobs.values()) if (!job.isHeld) return undefined;
    const states = this.#connections.states();
    if (states === undefined) return undefined;
    const dues = [this.mounted.nextDueMs, ...states.dues];
    for (const session of this.#sessions.values()) {
      if (session.isEnding || session.judging > 0) return undefined;
      dues.push(session.awayUntilMs);
    }
    return { nextDueMs: earliest(dues), connections: states.connections };
  }

  async sweep(): Promise<void> {
    await this.#sweeper.now();
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
      this.#connections.close();
      this.#sweeper.close();
      await this.journal.settled();
      await this.mounted.close();
      for (const session of this.#sessions.values()) session.suspend();
      // No job begins or is asked to stop any more.
      this.heartbeats.close();
      this.stopDeadlines.close();
      this.#connections.endAll(1001, 'the runtime closes');
      await this.journal.settled();
    }
    await this.#connections.ended();
  }

  [asyncDispose](): Promise<void> {
    return this.close();
  }

  once(
    { principal }: SessionPort,
    command: { readonly type: string; readonly key: string; readonly body: JsonValue },
    work: () => Promise<string>,
  ): Promise<string> {
    return doOnce(this, principal, command, work);
  }

  session(sessionId: string): SessionPort | undefined {
    return this.#sessions.get(sessionId);
  }

  ownsSession(principal: string, sessionId: string): MaybePromise<boolean> {
    return ownsSession(this.log, this.#sessions.get(sessionId), principal, sessionId);
  }

  ownerOfJob(jobId: string): MaybePromise<JobOwner | undefined> {
    return ownerOfJob(this.log, this.liveJobs.get(jobId), jobId);
  }

  resumable(id: string, principal: string): Session | undefined {
    return this.#sessions.resumable(id, principal);
  }

  create(principal: string, open: SessionOpen, capabilities: Negotiated, peer: Peer): Session {
    return this.#sessions.create(principal, open, capabilities, partyOfPeer(peer));
  }

  async #recover(standing: readonly StandingConnection[]): Promise<void> {
    this.#isRecovering = true;
    const parties = new Map(standing.map(({ state, peer = {} }) => [state.sessionId as string, partyOfPeer(peer)]));
    await recoverRuntime(this, this.#sessions, {
      partyOf: (sessionId) => parties.get(sessionId) ?? '',
      goOn: () => {
        for (const one of standing) this.#connections.goOn(one, this.#sessions.get(one.state.sessionId));
      },
    });
    this.#isRecovering = false;
    await this.journal.settled();
  }

  #logFailed(error: unknown): void {
    this.report(error, 'log');
    // Nothing more comes in until the log takes it; clients come back and ask for what they missed.
    this.#connections.endAll(1011, 'the log failed');
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

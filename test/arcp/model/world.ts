// Everything of one run: a runtime that can be restarted over its log, a network, a clock, and the clients of two
// principals. What came and went is written down as it passes.

import { memoryArtifacts } from '../../../src/arcp/artifacts/memory.js';
import type { EventLog, LoggedEntry } from '../../../src/arcp/log/contract.js';
import { memoryLog } from '../../../src/arcp/log/memory.js';
import { sqlLog } from '../../../src/arcp/log/sql.js';
import { nodeSqlite } from '../../../src/arcp/log/sql-drivers.js';
import { artifactService } from '../../../src/arcp/runtime/artifacts/artifacts-service.js';
import { bearerTokens } from '../../../src/arcp/runtime/authenticator.js';
import { permissionService } from '../../../src/arcp/runtime/human/permissions.js';
import { promptService } from '../../../src/arcp/runtime/human/prompts.js';
import type { RuntimeLimits } from '../../../src/arcp/runtime/limits.js';
import { createRuntime, type Runtime } from '../../../src/arcp/runtime/runtime.js';
import { scheduleService } from '../../../src/arcp/runtime/schedules/schedule.js';
import type { Service } from '../../../src/arcp/runtime/service.js';
import { streamService } from '../../../src/arcp/runtime/streams/streams-service.js';
import { subscriptionService } from '../../../src/arcp/runtime/subscriptions/subscriptions-service.js';
import { idFactory } from '../../../src/arcp/wire/ids.js';
import type { Clock } from '../../../src/clock.js';
import { type FakeClock, fakeClock } from '../../../src/testing/fake-clock.js';
import type { Transport } from '../../../src/transport/contract.js';
import { wasmDatabase } from '../../support/sqlite-wasm.js';
import { EPOCH_MS } from '../support/raw-peer.js';
import { App } from './app.js';
import { type Cable, Network, type WrapTransport } from './network.js';
import { Random } from './random.js';
import { type Run, scriptedTools } from './tools.js';
import { type Invariant, Violation } from './violation.js';

export const PRINCIPALS = ['alice', 'bob'] as const;
export type Principal = (typeof PRINCIPALS)[number];

/** A bug put between the parts: what an invariant must catch. Each member wraps one port. */
export interface Plant {
  readonly name: string;
  readonly catches: Invariant;
  /** The log, as the runtime sees it. */
  readonly log?: (log: EventLog) => EventLog;
  /** Each service of the runtime. */
  readonly service?: (service: Service) => Service;
  /** The runtime's end of a connection. */
  readonly far?: WrapTransport;
  /** The client's clock. */
  readonly clientClock?: (clock: Clock) => Clock;
}

/** A promise that somebody waits for. */
interface Tracked {
  readonly name: string;
  isSettled: boolean;
}

const TIGHT_LIMITS: Partial<RuntimeLimits> = {
  maxBufferedBytes: 2_048,
  maxPendingMessages: 4,
  maxRunningJobs: 2,
  maxStreamQueue: 16,
};

/** The world. */
export class World {
  readonly clock: FakeClock = fakeClock();
  readonly now = (): number => EPOCH_MS + this.clock.now();
  readonly random: Random;
  readonly network: Network;
  /** The log itself, whatever stands in front of it: it answers at once. */
  readonly log: EventLog;
  readonly runs: Run[] = [];
  readonly apps: App[];
  readonly faults: string[] = [];
  readonly notes: string[] = [];
  readonly violations: Violation[] = [];
  readonly plant: Plant | undefined;
  generation = 0;
  /** Set while no runtime stands: who dials is refused. */
  isDown = false;
  runtime!: Runtime;
  readonly #limits: Partial<RuntimeLimits>;
  readonly #isLogSlow: boolean;
  readonly #artifacts = memoryArtifacts();
  readonly #tracked = new Set<Tracked>();
  /** Promises of the runtime that stands, and of its tools: of one that crashed nothing is expected. */
  #ofRuntime = new Set<Tracked>();
  #kill: () => void = () => {};

  constructor(seed: number, plant?: Plant) {
    this.random = new Random(seed);
    this.plant = plant;
    this.network = new Network(this.clock);
    const kind = this.random.int(4);
    this.log = kind === 3 ? sqlLog(nodeSqlite(wasmDatabase())) : memoryLog();
    this.#isLogSlow = kind === 2;
    this.#limits = this.random.chance(0.5) ? TIGHT_LIMITS : {};
    this.apps = PRINCIPALS.flatMap((principal) => [
      new App(this, `${principal} 1`, principal),
      new App(this, `${principal} 2`, principal),
      new App(this, `${principal}'s observer`, principal),
    ]);
    this.start();
  }

  /** Makes a runtime over the log. */
  start(): void {
    this.generation++;
    this.isDown = false;
    let isDead = false;
    const timers = new Set<() => void>();
    const clock: Clock = {
      now: this.clock.now,
      setTimer: (callback, delayMs) => {
        if (isDead) return () => {};
        const stop = this.clock.setTimer(() => {
          timers.delete(stop);
          callback();
        }, delayMs);
        timers.add(stop);
        return () => {
          timers.delete(stop);
          stop();
        };
      },
    };
    this.#kill = () => {
      isDead = true;
      for (const stop of timers) stop();
    };
    const { plant, generation } = this;
    const own = new Set<Tracked>();
    this.#ofRuntime = own;
    const mortal = this.#mortal(() => isDead);
    const services: Service[] = [
      promptService({ expiresInMs: 60_000 }),
      permissionService(),
      streamService(),
      artifactService({ sweepIntervalMs: 0 }),
      subscriptionService(),
      scheduleService(),
    ];
    const random = new Random(this.random.int(0x7fff_ffff));
    this.runtime = createRuntime({
      tools: scriptedTools({
        generation,
        runs: this.runs,
        began: (jobId) => this.#began(jobId),
        trackTool: (name, promise) => this.#track(own, name, promise),
        sleep: (ms, signal) => (isDead ? new Promise(() => {}) : wait(clock, ms, signal)),
        leaked: (detail) => this.leaked(detail),
      }),
      services: plant?.service === undefined ? services : services.map(plant.service),
      authenticators: [bearerTokens(Object.fromEntries(PRINCIPALS.map((name) => [`token of ${name}`, name])))],
      log: plant?.log === undefined ? mortal : plant.log(mortal),
      artifacts: this.#artifacts,
      limits: this.#limits,
      clock,
      now: this.now,
      ids: idFactory({ now: this.now, random: (count) => random.bytes(count) }),
      onFault: (error, where) => {
        if (!isDead) this.faults.push(`${where}: ${String(error)}`);
      },
    });
  }

  /** Stops the runtime where it stands: it writes and reads no more, and its connections are gone. */
  crash(): void {
    this.isDown = true;
    this.#kill();
    for (const cable of this.network.cables) cable.cut('far');
  }

  /** The runtime has closed: what its tools still wait for, they wait for in vain. */
  stop(): void {
    this.#kill();
  }

  /** A connection to the runtime, as a client dials it. */
  dial(): Cable {
    if (this.isDown) throw new Error('nobody listens');
    const cable = this.network.connect();
    const far: Transport = this.plant?.far?.(cable.far) ?? cable.far;
    void this.trackRuntime('accept', this.runtime.accept(far));
    return cable;
  }

  /** Lets time pass, bit by bit, and everything move in between. */
  async pass(ms: number, sliceMs: number, random: Random): Promise<void> {
    for (let left = ms; left > 0; left -= sliceMs) {
      this.clock.advance(Math.min(sliceMs, left));
      await this.network.settle(random);
    }
  }

  /** Follows a promise of the client's, or the host's. */
  track<T>(name: string, promise: Promise<T>): Promise<T> {
    return this.#track(this.#tracked, name, promise);
  }

  /** Follows a promise of the runtime that stands. */
  trackRuntime<T>(name: string, promise: Promise<T>): Promise<T> {
    return this.#track(this.#ofRuntime, name, promise);
  }

  /** Names of promises that have not settled. */
  hanging(): readonly string[] {
    return [...this.#tracked, ...this.#ofRuntime].filter(({ isSettled }) => !isSettled).map(({ name }) => name);
  }

  note(text: string): void {
    this.notes.push(text);
  }

  leaked(detail: string): void {
    this.violate('no leak to another principal', detail);
  }

  violate(invariant: Invariant, detail: string): void {
    this.violations.push(new Violation(invariant, detail));
  }

  /** Everything in the log. */
  async entries(): Promise<readonly LoggedEntry[]> {
    return this.log.read({ after: 0, limit: 1_000_000 });
  }

  /** What runs before the log has its acceptance runs again after a crash: nobody knows of it. */
  #began(jobId: string): void {
    const kept = this.log.read({ after: 0, limit: 1, jobIds: [jobId], types: ['job.accepted'], direction: 'out' });
    if ((kept as readonly LoggedEntry[]).length > 0) return;
    this.violate('no command carried out twice', `${jobId} runs, and the log has no acceptance of it`);
  }

  #track<T>(where: Set<Tracked>, name: string, promise: Promise<T>): Promise<T> {
    const tracked: Tracked = { name, isSettled: false };
    where.add(tracked);
    const settled = () => {
      tracked.isSettled = true;
      where.delete(tracked);
      this.network.activity++;
    };
    promise.then(settled, settled);
    return promise;
  }

  /** The log as one runtime sees it: dead with it, and slow where this world has such a one. */
  #mortal(isDead: () => boolean): EventLog {
    const isSlow = this.#isLogSlow;
    return new Proxy(this.log, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]): unknown => {
          this.network.activity++;
          if (isDead()) return new Promise(() => {});
          if (!isSlow) return Reflect.apply(member, target, args);
          return (async () => {
            await null;
            if (isDead()) await new Promise(() => {});
            const answer: unknown = Reflect.apply(member, target, args);
            for (let i = 0; i < 3; i++) await null;
            // Done, and nobody is told.
            if (isDead()) await new Promise(() => {});
            return answer;
          })();
        };
      },
    });
  }
}

function wait(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = clock.setTimer(resolve, ms);
    const onAbort = () => {
      stop();
      reject(signal?.reason);
    };
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
  });
}

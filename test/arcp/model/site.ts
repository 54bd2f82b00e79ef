// One runtime that can be restarted over its log: closed, or stopped where it stands. What its tools did is written down.

import { memoryArtifacts } from '../../../src/arcp/artifacts/memory.js';
import type { EventLog, LoggedEntry } from '../../../src/arcp/log/contract.js';
import { bearerTokens } from '../../../src/arcp/runtime/authenticator.js';
import type { RuntimeLimits } from '../../../src/arcp/runtime/limits.js';
import { createRuntime, type Runtime } from '../../../src/arcp/runtime/runtime.js';
import type { Service } from '../../../src/arcp/runtime/service.js';
import type { Tool } from '../../../src/arcp/runtime/tools.js';
import { idFactory } from '../../../src/arcp/wire/ids.js';
import type { Clock } from '../../../src/clock.js';
import type { Transport } from '../../../src/transport/contract.js';
import { mortalClock } from './mortal-clock.js';
import { Random } from './random.js';
import type { HeardStream, Run, ToolWorld } from './tools.js';
import { Tracker } from './tracker.js';
import { PRINCIPALS, type World } from './world.js';

/** One runtime of a site, from its start to its end. */
export interface Generation {
  readonly number: number;
  /** Its clock, whose timers end with it. */
  readonly clock: Clock;
  /** Promises of it and of its tools: of one that crashed nothing is expected. */
  readonly tracker: Tracker;
  readonly tools: ToolWorld;
  readonly random: Random;
  readonly isDead: boolean;
}

/** What a runtime of a site is made of. */
export interface Equipment {
  readonly tools: readonly Tool[];
  readonly services: readonly Service[];
}

/** What a site is. */
export interface SiteOptions {
  readonly log: EventLog;
  /** The log as the runtime sees it. Default as it is. */
  readonly wrapLog?: ((log: EventLog) => EventLog) | undefined;
  /** Whether the log answers by promises, later. */
  readonly isLogSlow: boolean;
  readonly limits: Partial<RuntimeLimits>;
  readonly equip: (generation: Generation) => Equipment;
}

/** The site. */
export class Site {
  readonly runs: Run[] = [];
  /** Streams of clients, as they were read here. */
  readonly heard: HeardStream[] = [];
  readonly log: EventLog;
  /** Of each runtime: the last entry of before it, and since when all of it stands, as Unix time in milliseconds. */
  readonly starts: { readonly after: number; readyMs: number | undefined }[] = [];
  runtime!: Runtime;
  current!: Generation;
  /** Set while no runtime stands: who dials is refused. */
  isDown = false;
  readonly #world: World;
  readonly #options: SiteOptions;
  readonly #artifacts = memoryArtifacts();
  #kill: () => void = () => {};

  constructor(world: World, options: SiteOptions) {
    this.#world = world;
    this.#options = options;
    this.log = options.log;
  }

  /** Makes a runtime over the log. */
  start(): void {
    const world = this.#world;
    const { wrapLog, limits, equip } = this.#options;
    this.isDown = false;
    const generation = this.#begin();
    this.current = generation;
    const isFirst = generation.number === 1;
    this.starts.push({ after: this.log.last() as number, readyMs: isFirst ? world.now() : undefined });
    const { tools, services } = equip(generation);
    const mortal = this.#mortal(generation);
    this.runtime = createRuntime({
      tools,
      services,
      authenticators: [bearerTokens(Object.fromEntries(PRINCIPALS.map((name) => [`token of ${name}`, name])))],
      log: wrapLog === undefined ? mortal : wrapLog(mortal),
      artifacts: this.#artifacts,
      limits,
      clock: generation.clock,
      now: world.now,
      ids: idFactory({ now: world.now, random: (count) => generation.random.bytes(count) }),
      onFault: (error, where) => {
        if (!generation.isDead) world.faults.push(`${where}: ${String(error)}`);
      },
    });
  }

  /** Takes up what a runtime before has left. */
  recover(): Promise<void> {
    const start = this.starts.at(-1);
    return this.track(
      'recovery',
      this.runtime.recover().then(() => {
        if (start !== undefined) start.readyMs = this.#world.now();
      }),
    );
  }

  /** Takes a connection. */
  accept(far: Transport): void {
    void this.track('accept', this.runtime.accept(far));
  }

  /** Stops the runtime where it stands, or lets go of one that has closed: it writes and reads no more. */
  stop(): void {
    this.isDown = true;
    this.#kill();
  }

  /** Follows a promise of the runtime that stands. */
  track<T>(name: string, promise: Promise<T>): Promise<T> {
    return this.current.tracker.track(name, promise);
  }

  /** Everything in the log. */
  async entries(): Promise<readonly LoggedEntry[]> {
    return this.log.read({ after: 0, limit: 1_000_000 });
  }

  #begin(): Generation {
    const world = this.#world;
    const mortal = mortalClock(world.clock);
    const { clock } = mortal;
    this.#kill = mortal.stop;
    const tracker = new Tracker(() => world.network.activity++);
    const number = (this.current?.number ?? 0) + 1;
    const tools: ToolWorld = {
      generation: number,
      runs: this.runs,
      heard: this.heard,
      began: (jobId) => this.#began(jobId),
      trackTool: (name, promise) => tracker.track(name, promise),
      sleep: (ms, signal) => (mortal.isDead ? new Promise(() => {}) : wait(clock, ms, signal)),
      leaked: (detail) => world.leaked(detail),
    };
    const random = new Random(world.random.int(0x7fff_ffff));
    return {
      number,
      clock,
      tracker,
      tools,
      random,
      get isDead() {
        return mortal.isDead;
      },
    };
  }

  /** What runs before the log has its acceptance runs again after a crash: nobody knows of it. */
  #began(jobId: string): void {
    const kept = this.log.read({ after: 0, limit: 1, jobIds: [jobId], types: ['job.accepted'], direction: 'out' });
    if ((kept as readonly LoggedEntry[]).length > 0) return;
    this.#world.violate('no command carried out twice', `${jobId} runs, and the log has no acceptance of it`);
  }

  /** The log as one runtime sees it: dead with it, and slow where this site has such a one. */
  #mortal(generation: Generation): EventLog {
    const { isLogSlow } = this.#options;
    return new Proxy(this.log, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]): unknown => {
          this.#world.network.activity++;
          if (generation.isDead) return new Promise(() => {});
          if (!isLogSlow) return Reflect.apply(member, target, args);
          return (async () => {
            await null;
            if (generation.isDead) await new Promise(() => {});
            const answer: unknown = Reflect.apply(member, target, args);
            for (let i = 0; i < 3; i++) await null;
            // Done, and nobody is told.
            if (generation.isDead) await new Promise(() => {});
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

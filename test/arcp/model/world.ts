// Everything of one run: two runtimes that can be restarted over their logs, a network, a clock, and the clients of two
// principals. What came and went is written down as it passes.

import type { EventLog } from '../../../src/arcp/log/contract.js';
import { memoryLog } from '../../../src/arcp/log/memory.js';
import { sqlLog } from '../../../src/arcp/log/sql.js';
import { nodeSqlite } from '../../../src/arcp/log/sql-drivers.js';
import type { HandoffService } from '../../../src/arcp/runtime/delegation/handoff.js';
import type { RuntimeLimits } from '../../../src/arcp/runtime/limits.js';
import type { Runtime } from '../../../src/arcp/runtime/runtime.js';
import type { Service } from '../../../src/arcp/runtime/service.js';
import type { Clock } from '../../../src/clock.js';
import { type FakeClock, fakeClock } from '../../../src/testing/fake-clock.js';
import type { Transport } from '../../../src/transport/contract.js';
import { wasmDatabase } from '../../support/sqlite-wasm.js';
import { EPOCH_MS } from '../support/raw-peer.js';
import { App } from './app.js';
import { equipElsewhere, equipHere } from './equipment.js';
import type { Links } from './links.js';
import { type Cable, Network, type WrapTransport } from './network.js';
import { Random } from './random.js';
import { Site } from './site.js';
import { Tracker } from './tracker.js';
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
  /** The other runtime's end of a connection between the two. */
  readonly farElsewhere?: WrapTransport;
  /** The client's clock. */
  readonly clientClock?: (clock: Clock) => Clock;
}

/** A move to the other runtime that its host has offered to a client. */
export interface Offer {
  readonly jobId: string | undefined;
  readonly sessionId: string;
  isDone: boolean;
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
  /** The runtime that all programs talk to. */
  readonly here: Site;
  /** Another, which the first one hands tasks and jobs to. */
  readonly elsewhere: Site;
  readonly apps: App[];
  readonly faults: string[] = [];
  readonly notes: string[] = [];
  readonly violations: Violation[] = [];
  readonly offers: Offer[] = [];
  readonly plant: Plant | undefined;
  /** Whether jobs wait for places, and whether the log of the runtime here answers later. */
  readonly isTight: boolean;
  readonly isLogSlow: boolean;
  /** Whether `workflow.complete` is said. */
  readonly saysComplete: boolean;
  /** Whether the reserved metrics are. */
  readonly isMeasured: boolean;
  /** Whether somebody has scheduled something. */
  isScheduled = false;
  /** Sessions of the runtime here with the other one; those of a runtime before are dead. */
  links!: Links;
  /** The service of handoffs of the runtime here. */
  handoffs!: HandoffService;
  /** Last position of the other runtime's log before what is left there was cleared away; `undefined` before. */
  endElsewhere: number | undefined;
  readonly #tracker = new Tracker(() => this.network.activity++);
  /** Moments at which the clock stood still, in order. */
  readonly #stops: number[] = [EPOCH_MS];
  readonly #cablesHere = new Set<Cable>();
  readonly #cablesElsewhere = new Set<Cable>();

  constructor(seed: number, plant?: Plant) {
    this.random = new Random(seed);
    this.plant = plant;
    this.network = new Network(this.clock);
    const kind = this.random.int(4);
    this.isTight = this.random.chance(0.5);
    this.isLogSlow = kind === 2;
    this.saysComplete = this.random.chance(0.5);
    this.isMeasured = this.random.chance(0.4);
    this.here = new Site(this, {
      log: kind === 3 ? sqlLog(nodeSqlite(wasmDatabase())) : memoryLog(),
      wrapLog: plant?.log,
      isLogSlow: this.isLogSlow,
      limits: this.isTight ? TIGHT_LIMITS : {},
      equip: (generation) => equipHere(this, generation),
    });
    this.elsewhere = new Site(this, {
      log: memoryLog(),
      isLogSlow: this.random.chance(0.3),
      // What was moved there stays, whatever becomes of the runtime here.
      limits: { sessionRetentionMs: 86_400_000 },
      equip: (generation) => equipElsewhere(generation),
    });
    this.apps = PRINCIPALS.flatMap((principal) => [
      new App(this, `${principal} 1`, principal),
      new App(this, `${principal} 2`, principal),
      new App(this, `${principal}'s observer`, principal),
    ]);
    this.here.start();
    this.elsewhere.start();
  }

  get runtime(): Runtime {
    return this.here.runtime;
  }

  /** Stops the runtime here where it stands: its connections are gone, also those to the other one. */
  crash(): void {
    this.here.stop();
    for (const cable of this.#cablesHere) cable.cut('far');
    for (const cable of this.#cablesElsewhere) cable.cut('near');
    this.#cablesElsewhere.clear();
    this.#cablesHere.clear();
  }

  /** The same of the other one. */
  crashElsewhere(): void {
    this.elsewhere.stop();
    for (const cable of this.#cablesElsewhere) cable.cut('far');
    this.#cablesElsewhere.clear();
  }

  /** A connection to the runtime here, as a client dials it. */
  dial(): Cable {
    if (this.here.isDown) throw new Error('nobody listens');
    const cable = this.network.connect();
    this.#cablesHere.add(cable);
    this.here.accept(this.#wrapped(cable.far, this.plant?.far));
    return cable;
  }

  /** A connection from the runtime here to the other one. */
  dialElsewhere(): Cable {
    if (this.elsewhere.isDown) throw new Error('nobody listens');
    const cable = this.network.connect();
    this.#cablesElsewhere.add(cable);
    this.elsewhere.accept(this.#wrapped(cable.far, this.plant?.farElsewhere));
    return cable;
  }

  /** Lets time pass in one go: what waits for a turn of the event loop gets one at its end. */
  advance(ms: number): void {
    this.clock.advance(ms);
    this.#stops.push(this.now());
  }

  /** The first moment, at or after another one, in which something could happen. */
  stopAfter(ms: number): number {
    return this.#stops.find((stop) => stop >= ms) ?? Number.POSITIVE_INFINITY;
  }

  /** Lets time pass, bit by bit, and everything move in between. */
  async pass(ms: number, sliceMs: number, random: Random): Promise<void> {
    for (let left = ms; left > 0; left -= sliceMs) {
      this.advance(Math.min(sliceMs, left));
      await this.network.settle(random);
    }
  }

  /** Follows a promise of the host's. */
  track<T>(name: string, promise: Promise<T>): Promise<T> {
    return this.#tracker.track(name, promise);
  }

  /** Names of promises that have not settled. */
  hanging(): readonly string[] {
    const sites = [this.here, this.elsewhere].map(({ current }) => current.tracker);
    const programs = this.apps.map(({ tracker }) => tracker);
    return [this.#tracker, ...sites, ...programs].flatMap((tracker) => tracker.names());
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

  #wrapped(transport: Transport, wrap: WrapTransport | undefined): Transport {
    return wrap?.(transport) ?? transport;
  }
}

// What is searched for schedules: whether their commands can be run, when their rules come due, and at what cost.

import { ArcpError } from '../../errors.js';
import type { JobSchedule } from '../../wire/execution.js';
import type { CarrierFields, CommandRunner, CommandWork } from '../command-work.js';
import type { RuntimePort, SessionPort } from '../service.js';
import { LEAST_STEPS, loadRecurrences, type Recurrence, type RecurrenceOptions } from './recurrence.js';
import { refused } from './recurrence-refusal.js';
import type { Schedule } from './schedule-record.js';
import { SearchBudget } from './search-budget.js';

/** Reads a rule. */
export type ReadRule = (text: string, options: RecurrenceOptions) => Recurrence;

/** A run after another. */
export interface NextRun {
  /** Unix time in milliseconds; `undefined`: there is none. */
  readonly dueMs: number | undefined;
  /** What finding it has cost. */
  readonly steps: number;
}

/** Looks commands and rules up. */
export class SchedulePlanner {
  readonly #leastGapSeconds: number;
  readonly #runners: ReadonlyMap<string, CommandRunner>;
  #runtime!: Pick<RuntimePort, 'now' | 'clock'>;
  #budget!: SearchBudget;

  constructor(leastGapSeconds: number, runners: ReadonlyMap<string, CommandRunner>) {
    this.#leastGapSeconds = leastGapSeconds;
    this.#runners = runners;
  }

  attach(runtime: Pick<RuntimePort, 'now' | 'clock'>): void {
    this.#runtime = runtime;
    this.#budget = new SearchBudget(runtime.clock);
  }

  /** Judges a command. @throws {ArcpError} It cannot be scheduled. */
  workOf(session: SessionPort, command: JobSchedule['job'], fields: CarrierFields): CommandWork {
    const runner = this.#runners.get(command.type);
    if (runner === undefined) throw new ArcpError('UNIMPLEMENTED', 'this command cannot be scheduled');
    return runner.prepare(session, command.payload, fields);
  }

  /** Loads what reads rules. */
  load(): Promise<ReadRule> {
    return loadRecurrences();
  }

  /** Reads a rule. @throws {ArcpError} ERR_ARCP_INVALID_ARGUMENT */
  read(read: ReadRule, rule: string, anchorMs: number): Recurrence {
    return read(rule, { anchorMs, leastGapSeconds: this.#leastGapSeconds });
  }

  /**
   * Reads a rule of a command, and searches its first run. Either is counted.
   *
   * @returns It, and when the run is due, as Unix time in milliseconds.
   * @throws {ArcpError} ERR_ARCP_INVALID_ARGUMENT: none, or none that comes due. ERR_ARCP_RESOURCE_EXHAUSTED: too much was
   *   searched.
   */
  first(
    read: ReadRule,
    rule: string,
    party: string,
    anchorMs: number,
  ): readonly [recurrence: Recurrence, dueMs: number] {
    const waitMs = this.#budget.waitMs(party);
    if (waitMs > 0) {
      const details = { retry_after_seconds: Math.ceil(waitMs / 1_000) };
      throw new ArcpError('RESOURCE_EXHAUSTED', 'too many rules that are costly to search', { details });
    }
    this.#budget.spend(party, LEAST_STEPS);
    const recurrence = this.read(read, rule, anchorMs);
    const dueMs = recurrence.next(anchorMs);
    this.#budget.spend(party, recurrence.stepsOf(anchorMs, dueMs));
    if (dueMs === undefined) throw refused('must have a run within ten years, and be quick to search');
    return [recurrence, dueMs];
  }

  /** The run after the one that is due. */
  nextOf({ record, recurrence, party }: Schedule): NextRun {
    if (recurrence === undefined || record.left === 1) return { dueMs: undefined, steps: 0 };
    // From the time it was due, where the clock was set back meanwhile: no occurrence runs twice, and none comes too close.
    const fromMs = Math.max(record.dueMs + this.#leastGapSeconds * 1_000 - 1, this.#runtime.now());
    const dueMs = recurrence.next(fromMs);
    const steps = recurrence.stepsOf(fromMs, dueMs);
    this.#budget.spend(party, steps);
    return { dueMs, steps };
  }

  /** How long a run has to wait because of the search that comes with it, in milliseconds. */
  waitMs({ recurrence, record, party }: Schedule): number {
    return recurrence === undefined || record.left === 1 ? 0 : this.#budget.waitMs(party);
  }
}

// What must hold whatever happens.

/** The invariants, by name. */
export type Invariant =
  | 'one terminal event per job'
  | 'order inside a job'
  | 'order inside a stream'
  | 'nothing lost to a resumed client'
  | 'nothing repeated to a resumed client'
  | 'nothing lost to a subscriber'
  | 'nothing repeated to a subscriber'
  | 'no promise left hanging'
  | 'no leak to another principal'
  | 'no command carried out twice'
  | 'one job for each time a schedule comes due'
  | 'a delegated job is one with the job that delegates it'
  | 'what is handed off ends here once and lives there'
  | 'a workflow runs once and completes once'
  | 'bytes arrive as they were sent'
  | 'each reserved metric is said once';

/** An invariant that does not hold. */
export class Violation extends Error {
  readonly invariant: Invariant;

  constructor(invariant: Invariant, detail: string) {
    super(`${invariant}: ${detail}`);
    this.name = 'Violation';
    this.invariant = invariant;
  }
}

// How much of a run the checks had to look at.

/** How much of a run the checks had to look at: what shows that they see something. */
export interface Coverage {
  jobs: number;
  terminals: Record<string, number>;
  /** Sessions whose every message was looked for, and those that the client itself gave up. */
  wholeSessions: number;
  lostSessions: number;
  resumes: number;
  takenUp: number;
  events: number;
  streams: number;
  wholeSubscriptions: number;
  observed: number;
  backfills: number;
  /** Programs that were loaded anew and had their session again, and those that took its bytes otherwise from then on. */
  reloads: number;
  recoded: number;
  /** Jobs of schedules that ran, and those behind the first of a rule. */
  scheduled: number;
  recurred: number;
  workflows: number;
  /** Tasks that ran elsewhere, those whose end came back, and those taken back from here. */
  delegated: number;
  returned: number;
  takenBack: number;
  /** Jobs, and sessions, that were moved. */
  handedOff: number;
  /** Binary streams that a client read whole, by encoding, and the frames that came. */
  binary: Record<string, number>;
  frames: number;
  /** Streams of clients that were read whole. */
  written: number;
  metrics: number;
}

export function noCoverage(): Coverage {
  return {
    jobs: 0,
    terminals: {},
    wholeSessions: 0,
    lostSessions: 0,
    resumes: 0,
    takenUp: 0,
    events: 0,
    streams: 0,
    wholeSubscriptions: 0,
    observed: 0,
    backfills: 0,
    reloads: 0,
    recoded: 0,
    scheduled: 0,
    recurred: 0,
    workflows: 0,
    delegated: 0,
    returned: 0,
    takenBack: 0,
    handedOff: 0,
    binary: {},
    frames: 0,
    written: 0,
    metrics: 0,
  };
}

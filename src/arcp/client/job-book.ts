// Where the jobs of a session are kept, as the jobs see it.

import type { JobId, MessageId } from '../wire/ids.js';
import type { Job } from './job.js';

/** Where jobs are kept. */
export interface JobBook {
  /** By the command that started it, to which its events are correlated. */
  readonly byCommand: Map<MessageId, Job>;
  readonly byId: Map<JobId, Job>;
  readonly live: Set<Job>;
  /** Nobody waits for what this command starts any more: it is cancelled when it is accepted. */
  abandon(command: MessageId): void;
  /** A job is over for us, and what belongs to it, too. */
  over(jobId: JobId): void;
}

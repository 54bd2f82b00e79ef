// What the observer in the frame tells the page around it: ids, and nothing of what they are about.

/** News of the observer. */
export type Observed =
  | {
      readonly name: 'event';
      readonly id: string;
      readonly type: string;
      readonly jobId: string;
      /** Whether it came out of the log. */
      readonly isBackfilled: boolean;
    }
  | { readonly name: 'backfilled' };

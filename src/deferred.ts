// A promise and its two ends, where they are in different hands. Floor 0, beside abort.ts. Nobody may ever ask how it ended,
// so that a rejection nobody looks at must not end the process.

/** A promise that somebody else settles. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** Makes one. Its rejection never counts as unhandled. */
export function deferred<T>(): Deferred<T> {
  let ends!: Pick<Deferred<T>, 'resolve' | 'reject'>;
  const promise = new Promise<T>((resolve, reject) => {
    ends = { resolve, reject };
  });
  return { promise: quiet(promise), ...ends };
}

/** Marks a promise as looked at: its rejection never counts as unhandled. */
export function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

// How something ended, as the code of an error of ours.

import { SdkError } from '../../src/errors.js';

/** Code of the error a promise rejects with; `undefined` when it settles well. Errors that are not ours pass through. */
export async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (error instanceof SdkError) return error.code;
    throw error;
  }
}

/** As {@link codeOf}, of a call. */
export function codeOfCall(call: () => unknown): string | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    if (error instanceof SdkError) return error.code;
    throw error;
  }
}

// The error shape of ARCP v1.0, where payloads carry it.

import { custom, type GenericSchema, lazy, pipe, transform } from 'valibot';
import { canonicalCode, type WireError } from '../errors.js';
import { flag, json, maybe, members, text } from './fields.js';
import { isKeyText } from './ids.js';

/**
 * An error code: a canonical one, a deployment's own, or one of a later version. Which of them is for whoever reads it:
 * a message that ends a job is not refused for its code. The alias comes out as what it stands for.
 */
export const errorCode = pipe(custom<string>(isKeyText, 'must be an error code'), transform(canonicalCode));

/** Members of every error: `nack`, `tool.error`, `job.failed`. */
export const errorShape = members({
  code: errorCode,
  message: text,
  retryable: maybe(flag),
  details: maybe(json),
  cause: maybe(lazy((): GenericSchema<unknown, WireError> => errorShape)),
  trace_id: maybe(text),
});

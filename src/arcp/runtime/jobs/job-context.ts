// The runtime's own part of what tools get.

import { assertInteger } from '../../../bytes/assert.js';
import type { JsonObject, JsonValue } from '../../../codec/json-value.js';
import type { JobId, SessionId } from '../../wire/ids.js';
import type { LogLevel } from '../../wire/telemetry.js';
import { timestampOf } from '../../wire/timestamp.js';
import type { Core } from '../core.js';
import { assertMetric } from '../reserved-metrics.js';
import type { CoreContext, SpanReport } from '../tool-context.js';
import type { Job } from './job.js';

/** Makes the runtime's part of a job's context. Its members need no `this`. */
export function coreContext(core: Core, job: Job): CoreContext {
  const { session } = job;
  return {
    jobId: job.id as JobId,
    sessionId: session.id as SessionId,
    principal: session.principal,
    traceId: job.traceId,
    restored: job.request.restored,
    get signal() {
      return job.signal;
    },
    progress(percent: number | undefined, message?: string) {
      if (percent !== undefined && !(percent >= 0 && percent <= 100)) {
        throw new RangeError(`percent must be a number from 0 to 100, not ${percent}`);
      }
      job.emit('job.progress', { percent, message });
    },
    log(level: LogLevel, message: string, attributes?: JsonObject) {
      job.emit('log', { level, message, attributes });
    },
    metric(name: string, value: number, unit: string, dims?: JsonObject) {
      assertMetric({ name, value, unit, dims });
      job.emit('metric', { name, value, unit, dims });
    },
    span({ name, spanId, parentSpanId, startMs, endMs, attributes }: SpanReport) {
      // The payload's trace id is the envelope's.
      const trace_id = job.traceId ?? job.id;
      const payload = {
        name,
        trace_id,
        span_id: spanId,
        parent_span_id: parentSpanId,
        start_time: timestampOf(startMs),
        end_time: timestampOf(endMs),
        attributes,
      };
      job.emit('trace.span', payload, { trace_id, span_id: spanId, parent_span_id: parentSpanId });
    },
    event(name: string, data?: JsonValue) {
      job.emit('event.emit', { name, data });
    },
    heartbeat(deadlineMs?: number) {
      if (deadlineMs !== undefined) assertInteger(deadlineMs, 'deadlineMs', 0);
      if (!job.hasEnded) core.heartbeats.beat(job, deadlineMs);
    },
    checkpoint: (data: JsonValue) => makeCheckpoint(core, job, data),
    onCheckpoint(make: () => JsonValue) {
      job.makeCheckpoint = make;
    },
  };
}

/** Keeps a checkpoint of a job, and announces it where that was negotiated. @returns Its id. */
export function makeCheckpoint(core: Core, job: Job, data: JsonValue, correlation?: Job['invokeId']): string {
  // A tool that goes on after its job's end keeps nothing.
  if (job.hasEnded) return core.ids.checkpoint();
  const id = core.checkpoints.make(job, data);
  if (job.session.capabilities.checkpoints === true && !job.session.isRustCrate) {
    job.emit(
      'job.checkpoint',
      { checkpoint_id: id, data },
      correlation === undefined ? undefined : { correlation_id: correlation },
    );
  }
  return id;
}

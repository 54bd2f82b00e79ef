// Runs the tool of a job: its arguments are held to its schema, its handler is called once, and what that comes to ends the
// job. ARCP v1.0, sections 6.3 and 10.2.

import type { JsonValue } from '../../../codec/json-value.js';
import { ArcpError } from '../../errors.js';
import type { SchemaIssue } from '../../schema/json-schema.js';
import type { Outcome } from '../../wire/execution.js';
import { toWireError } from '../../wire-error.js';
import type { Core } from '../core.js';
import { joinContext } from '../tool-context.js';
import { type Tool, ToolResult } from '../tools.js';
import type { Job } from './job.js';
import { coreContext } from './job-context.js';
import { misfit } from './tool-inputs.js';

/** Runs the jobs of a session. */
export class JobRunner {
  readonly #core: Core;
  readonly #onStray: () => void;

  /** @param onStray A tool has returned whose job had ended before. */
  constructor(core: Core, onStray: () => void) {
    this.#core = core;
    this.#onStray = onStray;
  }

  /** Whether there is something to run. */
  knows({ tool, request }: Job): boolean {
    return request.run !== undefined || this.#core.tools.get(tool) !== undefined;
  }

  /** Runs a job that has a place, once. @returns Whether there is something to run. */
  run(job: Job): boolean {
    const tool = job.request.run === undefined ? this.#core.tools.get(job.tool) : undefined;
    if (tool === undefined && job.request.run === undefined) return false;
    const checked = tool === undefined ? undefined : this.#core.inputs.check(tool, job.request.arguments);
    if (checked instanceof Promise) this.#callWhenChecked(job, tool, checked);
    else this.#call(job, tool, checked);
    return true;
  }

  #callWhenChecked(job: Job, tool: Tool | undefined, checked: Promise<SchemaIssue | undefined>): void {
    checked.then(
      (issue) => this.#call(job, tool, issue),
      (error: unknown) => {
        this.#core.report(error, `inputSchema of ${job.tool}`);
        // A tool that counts on its schema must not run without.
        this.#failed(job, new ArcpError('INTERNAL', 'the input schema of the tool is not taken', { retryable: false }));
      },
    );
  }

  #call(job: Job, tool: Tool | undefined, issue: SchemaIssue | undefined): void {
    // Cancelled while the schema was read.
    if (job.hasEnded || job.cancelReason !== undefined) return this.#returned(job, undefined);
    if (issue !== undefined) return this.#failed(job, misfit(issue));
    if (!job.wasStarted) job.emit('job.started', {});
    this.#core.heartbeats.start(job, tool?.supervised === true);
    let answer: ReturnType<Tool['handler']>;
    try {
      const context = joinContext(coreContext(this.#core, job), this.#core.mounted.contextsOf(job));
      const { run } = job.request;
      answer = run === undefined ? (tool as Tool).handler(job.request.arguments, context) : run(job, context);
    } catch (error) {
      return this.#failed(job, error);
    }
    if (!(answer instanceof Promise)) return this.#returned(job, answer);
    answer.then(
      (value) => this.#returned(job, value),
      (error: unknown) => this.#failed(job, error),
    );
  }

  #returned(job: Job, answer: JsonValue | ToolResult | undefined): void {
    if (job.hasEnded) return this.#onStray();
    job.hasReturned = true;
    if (answer === undefined && job.cancelReason !== undefined) return job.cancel(job.cancelReason);
    job.end({ type: 'job.completed', payload: outcomeOf(answer) });
  }

  #failed(job: Job, error: unknown): void {
    if (job.hasEnded) return this.#onStray();
    job.hasReturned = true;
    if (job.cancelReason !== undefined) return job.cancel(job.cancelReason);
    if (!(error instanceof ArcpError)) this.#core.report(error, `tool ${job.tool}`);
    job.end({ type: 'job.failed', payload: toWireError(error) });
  }
}

function outcomeOf(answer: JsonValue | ToolResult | undefined): Outcome {
  if (answer instanceof ToolResult) return { value: answer.value, result_ref: answer.resultRef };
  return { value: answer ?? null };
}

// Workflows (ARCP v1.0, section 10): `workflow.start` runs a named piece of work as a job, as `tool.invoke` runs a tool. The
// specification leaves the rest to later versions.

import type { JsonValue } from '../../codec/json-value.js';
import { ArcpError } from '../errors.js';
import type { SchemaIssue } from '../schema/json-schema.js';
import type { Message } from '../wire/envelope.js';
import type { WorkflowStart } from '../wire/execution.js';
import { type CommandRunner, type CommandWork, decodeCarried } from './command-work.js';
import { misfit, ToolInputs } from './jobs/tool-inputs.js';
import type { RuntimePort, Service, SessionPort } from './service.js';
import { type Tool, ToolResult, toolTable } from './tools.js';

/**
 * A workflow: what a tool is, but for what concerns restarts. A job that one cuts off fails with UNAVAILABLE, and none of its
 * work is done again.
 */
export interface Workflow extends Pick<Tool, 'name' | 'description' | 'inputSchema' | 'isInputChecked' | 'handler'> {}

/** Options of {@link workflowService}. */
export interface WorkflowOptions {
  /** Their names are their own: a tool may have the same. */
  readonly workflows: readonly Workflow[];
  /** Whether `workflow.complete` is said before `job.completed`, of what does not end in an artifact. Default false. */
  readonly sayComplete?: boolean | undefined;
}

/** The service of workflows. */
export interface WorkflowService extends Service<'workflow.start'> {
  /** For `scheduleService`, so that workflows can be scheduled. */
  readonly command: CommandRunner;
}

/**
 * Makes the service of workflows.
 *
 * @throws {TypeError} two workflows of one name, or one without a name or a handler.
 */
export function workflowService({ workflows, sayComplete = false }: WorkflowOptions): WorkflowService {
  const table = toolTable(workflows);
  let runtime!: RuntimePort;
  let inputs: ToolInputs;

  /** @throws {ArcpError} ERR_ARCP_NOT_FOUND */
  const workOf = ({ workflow: name, arguments: args = null }: WorkflowStart): CommandWork => {
    const workflow = table.get(name);
    if (workflow === undefined) throw new ArcpError('NOT_FOUND', 'no such workflow');
    return {
      tool: name,
      arguments: args,
      async run(job, context) {
        const issue = await issueOf(workflow, args);
        if (issue !== undefined) throw misfit(issue);
        // Cancelled while the schema was read.
        job.signal.throwIfAborted();
        const answer = await workflow.handler(args, context);
        // Asked to stop, what says nothing is cancelled; what has an answer all the same has completed.
        const isComplete = !(answer instanceof ToolResult) && (answer !== undefined || !job.signal.aborted);
        if (sayComplete && isComplete && !job.session.isRustCrate) {
          job.emit('workflow.complete', { value: answer ?? null });
        }
        return answer;
      },
    };
  };

  /** @throws {ArcpError} ERR_ARCP_INTERNAL: the schema is not taken. A workflow that counts on it must not run without. */
  const issueOf = async (workflow: Tool, args: JsonValue): Promise<SchemaIssue | undefined> => {
    try {
      return await inputs.check(workflow, args);
    } catch (error) {
      runtime.report(error, `inputSchema of ${workflow.name}`);
      throw new ArcpError('INTERNAL', 'the input schema of the workflow is not taken', { retryable: false });
    }
  };

  return {
    handles: {
      'workflow.start': (session: SessionPort, message: Message<'workflow.start'>) => {
        const { id, trace_id, priority, payload } = message;
        const fields = { invokeId: id, traceId: trace_id, priority };
        return runtime.jobs.startOnce(session, message, () => ({ ...workOf(payload), ...fields }));
      },
    },
    attach(attached) {
      if (runtime !== undefined) throw new TypeError('a service is mounted in one runtime only');
      runtime = attached;
      inputs = new ToolInputs(attached.limits);
    },
    command: {
      type: 'workflow.start',
      prepare: (_session, payload) => workOf(decodeCarried('workflow.start', payload)),
    },
  };
}

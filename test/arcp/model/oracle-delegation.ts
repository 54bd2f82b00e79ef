// What must hold of tasks that one runtime hands to the other: the job there and the job here are one.

import type { Coverage } from './coverage.js';
import { jobsIn, type Said, type Told } from './said.js';
import type { Run } from './tools.js';
import type { World } from './world.js';

/** A task that was handed on. */
interface Handed {
  readonly tag: string;
  /** The job that handed it on. */
  readonly jobId: string;
  readonly generation: number;
  readonly outcome: { readonly value?: unknown; readonly error?: unknown } | undefined;
}

/** Looks at every task that reached the other runtime. */
export function checkDelegation(
  world: World,
  entries: readonly Said[],
  there: readonly Said[],
  coverage: Coverage,
): void {
  const [jobsHere, jobsThere] = [jobsIn(entries), jobsIn(there)];
  const runsThere = new Map<string, Run[]>();
  for (const run of world.elsewhere.runs) runsThere.set(run.tag, [...(runsThere.get(run.tag) ?? []), run]);
  const wrong = (detail: string) => world.violate('a delegated job is one with the job that delegates it', detail);
  for (const { tag, jobId, generation, outcome } of [
    ...handedByTools(world),
    ...handedByClients(world, entries, jobsHere),
  ]) {
    const [run] = runsThere.get(tag) ?? [];
    const [here, away] = [jobsHere.get(jobId), run === undefined ? undefined : jobsThere.get(run.jobId)];
    if (run === undefined || away === undefined || here === undefined) {
      if (outcome !== undefined && 'value' in outcome) wrong(`${tag} came back, and never ran`);
      continue;
    }
    coverage.delegated++;
    const traceId = here.accepted.traceId ?? jobId;
    if (run.traceId !== traceId) wrong(`${tag} belongs to ${traceId}, and ran as of ${run.traceId}`);
    if (away.accepted.traceId !== traceId) wrong(`the log elsewhere has ${tag} as of ${away.accepted.traceId}`);
    if (outcome !== undefined && 'value' in outcome) {
      coverage.returned++;
      const said = away.end?.type === 'job.completed' ? away.end.body.payload.value : undefined;
      if (JSON.stringify(outcome.value) !== JSON.stringify(said)) {
        wrong(`${tag} came to ${JSON.stringify(said)} there, and to ${JSON.stringify(outcome.value)} here`);
      }
    }
    // Of a runtime that is gone nobody asks for it back.
    if (generation !== world.here.current.number || here.end === undefined) continue;
    const wasCleared = away.end === undefined || away.end.position > (world.endElsewhere ?? 0);
    if (here.end.type === 'job.cancelled' && !wasCleared) coverage.takenBack++;
    if (wasCleared) wrong(`${tag} goes on, and ${jobId} has ended with ${here.end.type}`);
  }
}

function handedByTools({ here: { runs } }: World): readonly Handed[] {
  return runs.flatMap(({ jobId, generation, handed }) =>
    handed.map(({ tag, outcome }) => ({ tag, jobId, generation, outcome })),
  );
}

/** Those that a client, or a schedule of its, had handed on: each is a job of its own here. */
function handedByClients(
  { here }: World,
  entries: readonly Said[],
  jobs: ReadonlyMap<string, Told>,
): readonly Handed[] {
  const tags = new Map<string, string>();
  for (const { direction, type, id, body } of entries) {
    const { job, when } = body.payload as unknown as Carrier;
    if (direction === 'out') continue;
    if (type === 'agent.delegate') tags.set(id, tagOf(body.payload));
    // Runs of a rule have one tag all together: which is which, nobody knows.
    if (type === 'job.schedule' && job.type === 'agent.delegate' && when.every === undefined)
      tags.set(id, tagOf(job.payload));
  }
  return [...jobs.values()].flatMap((job) => {
    const tag = tags.get(job.accepted.correlationId ?? '');
    if (tag === undefined || tag === '') return [];
    const outcome = job.end?.type === 'job.completed' ? { value: job.end.body.payload.value } : undefined;
    const { position } = job.started[0] ?? job.accepted;
    const generation = here.starts.filter(({ after }) => after < position).length;
    return [{ tag, jobId: job.jobId, generation, outcome }];
  });
}

interface Carrier {
  readonly job: { readonly type: string; readonly payload: object };
  readonly when: { readonly every?: string };
}

/** The tag of a task for the other runtime; empty where it is not for it. */
function tagOf(payload: object): string {
  const { target, task } = payload as { readonly target: string; readonly task: string };
  return target === 'worker' ? (JSON.parse(task) as { readonly tag: string }).tag : '';
}

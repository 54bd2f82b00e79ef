// What must hold of the metrics that the runtime reports of itself: each is said once, of what it is about.

import type { Coverage } from './coverage.js';
import { jobsIn, type Said } from './said.js';
import type { World } from './world.js';

/** A metric, as it stands in a message. */
interface Sample {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly dims?: { readonly phase?: string; readonly tool?: string; readonly code?: string };
}

const TOOLS = ['act', 'again', 'echo'];

/** Looks at all of them, where they are reported. */
export function checkMetrics(world: World, entries: readonly Said[], coverage: Coverage): void {
  if (!world.isMeasured) return;
  const wrong = (detail: string) => world.violate('each reserved metric is said once', detail);
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const phases = new Map<string, string[]>();
  const about = new Map<string, number>();
  for (const { direction, type, id, jobId, body } of entries) {
    if (direction === 'in' || type !== 'metric') continue;
    const { name, value, unit, dims } = body.payload as unknown as Sample;
    const cause = byId.get(body.causation_id ?? '');
    switch (name) {
      case 'latency.ms':
        if (unit !== 'ms' || !(value >= 0) || dims?.phase === undefined || jobId === undefined) wrong(`${id} is none`);
        else phases.set(jobId, [...(phases.get(jobId) ?? []), dims.phase]);
        break;
      case 'tool.invocations': {
        const tool = (cause?.body.payload as { readonly tool?: string } | undefined)?.tool;
        const named = TOOLS.find((one) => one === tool);
        if (cause?.type !== 'tool.invoke' || value !== 1 || dims?.tool !== named) wrong(`${id} says ${dims?.tool}`);
        break;
      }
      case 'errors.total': {
        const code = (cause?.body.payload as { readonly code?: string } | undefined)?.code;
        if (code === undefined || dims?.code !== code || value !== 1) wrong(`${id} says ${dims?.code}, not ${code}`);
        break;
      }
      default:
        // What tools say of themselves has no cause.
        continue;
    }
    coverage.metrics++;
    if (cause === undefined) continue;
    const key = `${name} ${cause.id}`;
    about.set(key, (about.get(key) ?? 0) + 1);
    if (about.get(key) !== 1) wrong(`${key} is said ${about.get(key)} times`);
  }
  for (const { jobId, accepted, end } of jobsIn(entries).values()) {
    const said = (phases.get(jobId) ?? []).toSorted().join();
    if (new Set(phases.get(jobId)).size !== (phases.get(jobId)?.length ?? 0)) wrong(`${jobId} has ${said}`);
    if (end?.type !== 'job.completed') continue;
    // Of one that was accepted before a restart nobody knows how long it waited.
    const isOld = world.here.starts.some(({ after }) => after >= accepted.position && after < end.position);
    if (said !== (isOld ? 'exec' : 'exec,queue,total')) wrong(`${jobId} has completed with ${said}`);
  }
}

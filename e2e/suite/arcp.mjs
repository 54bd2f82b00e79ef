// Agent work by ARCP v1.0: sessions, jobs, streams, questions, what is kept, and what strangers send. Nothing here needs a
// network.

import { hazardCases } from './arcp-hazards.mjs';
import { humanCases } from './arcp-humans.mjs';
import { jobCases } from './arcp-jobs.mjs';
import { keptCases } from './arcp-kept.mjs';
import { linkCases } from './arcp-links.mjs';
import { resumeCases } from './arcp-resume.mjs';
import { scheduleCases } from './arcp-schedules.mjs';
import { sessionCases } from './arcp-sessions.mjs';
import { sidecarCases } from './arcp-sidecar.mjs';
import { streamCases } from './arcp-streams.mjs';

/** @param {any} library */
export function arcpCases(library) {
  return [
    ...sessionCases(library),
    ...jobCases(library),
    ...streamCases(library),
    ...humanCases(library),
    ...keptCases(library),
    ...resumeCases(library),
    ...hazardCases(library),
    ...scheduleCases(library),
    ...linkCases(library),
    ...sidecarCases(library),
  ];
}

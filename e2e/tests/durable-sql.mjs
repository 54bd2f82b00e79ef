// The contracts of event logs and artifact stores over the SQLite of a Durable Object, in the runtime that has them.

import { join } from 'node:path';
import { bundle } from '../lib/bundle.mjs';
import { answerOfWorker } from '../lib/stage.mjs';
import { startWorker } from '../lib/workerd.mjs';

/** @param {import('../lib/stage.mjs').Stage} stage */
export async function durableSql({ report, workerd, project }) {
  const name = 'ARCP in the SQLite of a Durable Object';
  if (workerd === undefined) return report.notRun(name, 'there is no workerd');
  try {
    const chunks = await bundle({ worker: join(project.folder, 'e2e/calls/durable-sql.mjs') });
    const durableObjects = { CONTRACTS: 'Contracts' };
    const { port, program } = await startWorker(workerd, project.folder, { name: 'sql', chunks, durableObjects });
    report.count(name, await answerOfWorker(`http://127.0.0.1:${port}/`), 'cases of its contracts');
    await program.stop();
  } catch (error) {
    report.fault(name, error);
  }
}

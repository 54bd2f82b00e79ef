// `arcp invoke --at` and `--after`, and what else `arcp serve` can be asked to run later.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../src/arcp/client/connect.js';
import { openWebSocket } from '../../src/transport/websocket.js';
import { ran, type Served, serveArcp, typesOf, until } from './arcp-story.js';
import { MemoryIo } from './memory-io.js';

let served: Served;

beforeAll(async () => {
  served = await serveArcp();
});
afterAll(() => served.stop());

const invoke = (words: readonly string[], io?: MemoryIo) => ran(['arcp', 'invoke', served.url, ...words], io);

const open = () =>
  connect({
    dial: (offer) => openWebSocket(served.url, offer),
    auth: { scheme: 'none' },
    client: { kind: 'test', version: '1' },
    capabilities: { anonymous: true, scheduled_jobs: true, human_input: true, artifacts: true, streaming: true },
    reconnect: false,
  });

describe('a tool at its time', () => {
  it.each([
    ['after no time at all', ['--after', '0']],
    ['at a time that is past, which is now', ['--at', '2020-01-01T00:00:00Z']],
  ])('runs %s, as a job like any other', async (_, words) => {
    expect(await invoke(['echo', '{"a":1}', ...words])).toMatchObject({ code: 0, lines: ['{"a":1}'] });
    expect(typesOf((await invoke(['echo', '1', '--json', ...words])).lines)).toEqual([
      'job.accepted',
      'job.started',
      'job.completed',
    ]);
  });

  it('is accepted before its time, and not begun; Ctrl-C takes it back', async () => {
    const io = new MemoryIo();
    const ended = invoke(['echo', '1', '--json', '--after', '3600'], io);
    await until(io, () => io.outText.includes('job.accepted'));
    io.stop();
    expect((await ended).code).toBe(130);
    expect(typesOf(io.lines)).toEqual(['job.accepted', 'job.cancelled']);
  });

  it.each([
    [['--after', '0'], 'in 0 s'],
    [['--at', '2020-01-01T00:00:00Z'], 'at 2020-01-01T00:00:00Z'],
  ])('is told to a person to be waited for: %j', async (words, due) => {
    expect((await invoke(['echo', '1', ...words])).err).toContain(`scheduled, to run ${due}; waiting for it\n`);
  });

  it('of a tool there is not fails as it does at once', async () => {
    const { code, err } = await invoke(['nope', '--json', '--after', '0']);
    expect([code, JSON.parse(err).error.code]).toEqual([1, 'ERR_ARCP_NOT_FOUND']);
  });
});

describe('arcp serve', () => {
  it('runs a tool by a recurrence rule', async () => {
    const session = await open();
    const when = { every: 'FREQ=SECONDLY;COUNT=2' };
    const first = session.schedule({ type: 'tool.invoke', payload: { tool: 'echo', arguments: 'again' } }, when);
    expect((await first.result).value).toBe('again');
    await session.close();
  });

  it('refuses a rule that is none, with the code of a bad argument', async () => {
    const session = await open();
    const when = { every: 'FREQ=SECONDLY;BYSECOND=0;BYMINUTE=61' };
    const job = session.schedule({ type: 'tool.invoke', payload: { tool: 'echo', arguments: 1 } }, when);
    await expect(job.result).rejects.toMatchObject({ code: 'ERR_ARCP_INVALID_ARGUMENT' });
    await session.close();
  });

  it.each([
    ['plain', 'text/plain', 'tides\n\nhigh and low\n'],
    ['markdown', 'text/markdown', '# tides\n\nhigh and low\n'],
  ])('runs a workflow that asks on its way, now and later: %s', async (format, mediaType, text) => {
    const session = await open();
    const now = session.startWorkflow('tour', { topic: 'tides' });
    const command = { type: 'workflow.start', payload: { workflow: 'tour', arguments: { topic: 'tides' } } };
    const later = session.schedule(command, { after: 0 });
    for (const job of [now, later]) {
      void (async () => {
        for await (const prompt of job.prompts) {
          if (prompt.kind === 'input') await prompt.answer('high and low');
          else if (prompt.kind === 'choice') await prompt.choose(format);
        }
      })();
      const { value } = await job.result;
      const { artifact_id: id, ...rest } = value as { artifact_id: string };
      expect(rest).toEqual({ topic: 'tides', format });
      const { bytes, ref } = await session.artifacts.fetch(id as Parameters<typeof session.artifacts.fetch>[0]);
      expect([ref.media_type, new TextDecoder().decode(bytes)]).toEqual([mediaType, text]);
    }
    await session.close();
  });

  it('refuses a workflow with nonsense for a topic, and one there is not', async () => {
    const session = await open();
    await expect(session.startWorkflow('tour', { topic: 1 }).result).rejects.toMatchObject({
      code: 'ERR_ARCP_INVALID_ARGUMENT',
    });
    await expect(session.startWorkflow('nope').result).rejects.toMatchObject({ code: 'ERR_ARCP_NOT_FOUND' });
    await session.close();
  });

  it('says in its help what can be scheduled', async () => {
    const { lines } = await ran(['arcp', 'serve', '--help']);
    const text = lines.join(' ').replace(/\s+/g, ' ');
    for (const word of ['Workflows: tour', 'scheduled', 'no delegation']) expect(text).toContain(word);
  });
});

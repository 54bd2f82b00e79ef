// What the agent of the demo can be put to work with, over a phone session as the page has it.

import { connect, createIdentity, memoryPair, serve } from 'ringline';
import { type ArtifactId, type ClientSession, connect as open, type Prompt } from 'ringline/arcp/client';
import { arcpPhone } from 'ringline/arcp/phone';
import { afterEach, describe, expect, it } from 'vitest';
import { workOf } from '../../demo/lib/agent-work.mjs';

const WISHES = { host: 'Ann & <b>Bob</b>', guests: 4, kitchen: 'Oven', wine: false };

const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function start() {
  const [agent, page] = await Promise.all([createIdentity(), createIdentity()]);
  const told: { tool: string; why: string }[] = [];
  const work = workOf(agent.did, (event) => told.push(event), { phraseMs: 0, simmerMs: 1_000 });
  const session = await open({
    async dial() {
      const [near, far] = memoryPair();
      const server = serve({ identity: agent, transport: far, handlers: work.handlers });
      closing.push(() => server.close());
      const arcp = arcpPhone();
      const options = { identity: page, transport: near, remoteDid: agent.did, handlers: arcp.handlers };
      return arcp.open(await connect(options));
    },
    auth: { scheme: 'none' },
    client: { kind: 'test', version: '1.0.0' },
    capabilities: { streaming: true, human_input: true, artifacts: true, subscriptions: true },
  });
  closing.push(
    () => work.close(),
    () => session.close(),
  );
  return { agent, page, session, told };
}

async function plan(
  session: ClientSession,
  decide: (prompt: Extract<Prompt, { kind: 'permission' }>) => Promise<void>,
) {
  const job = session.invoke('dinner.plan');
  const asked: Prompt[] = [];
  void (async () => {
    for await (const prompt of job.prompts) {
      asked.push(prompt);
      if (prompt.kind === 'input') await prompt.answer(WISHES);
      else if (prompt.kind === 'choice') await prompt.choose(prompt.options[0]?.id ?? '');
      else await decide(prompt);
    }
  })();
  const { value } = await job.result;
  return { value: value as { ordered: boolean; invitation: string }, asked };
}

describe('the agent at work', () => {
  it('knows whoever asks by the key of the phone session, and by nothing else', async () => {
    const { session, page } = await start();
    expect(await session.invoke('whoami').result).toMatchObject({ value: { principal: page.did } });
  });

  it('plans a dinner, orders under the lease, and asks in its own name', async () => {
    const { session, agent } = await start();
    const { value, asked } = await plan(session, (prompt) => prompt.grant(60));
    expect(value.ordered).toBe(true);
    expect(asked.map(({ kind }) => kind)).toEqual(['input', 'choice', 'permission']);
    expect(asked.map(({ agent: who, tool }) => [who, tool])).toEqual(Array(3).fill([agent.did, 'dinner.plan']));
    const { bytes, ref } = await session.artifacts.fetch(value.invitation as ArtifactId);
    expect([ref.media_type, ref.size]).toEqual(['text/html; charset=utf-8', bytes.length]);
    expect(new TextDecoder().decode(bytes)).toContain('Ann &amp; &lt;b>Bob&lt;/b> asks 3 of you');
  });

  it('goes on without an order where that is denied', async () => {
    const { session } = await start();
    const { value } = await plan(session, (prompt) => prompt.deny('no'));
    expect(value.ordered).toBe(false);
  });

  it('lets go of a job that is cancelled, and says so before it ends', async () => {
    const { session, told } = await start();
    const job = session.invoke('stock.simmer');
    await job.id;
    expect(await job.cancel({ reason: 'no' })).toEqual({ accepted: true });
    await expect(job.result).rejects.toMatchObject({ code: 'ERR_ARCP_CANCELLED' });
    const types: string[] = [];
    for await (const { type } of job.events) types.push(type);
    expect(types.slice(-2)).toEqual(['log', 'job.cancelled']);
    expect(told).toEqual([{ name: 'job-left', tool: 'stock.simmer', why: 'cancelled' }]);
  });
});

// An A2A agent and its client in one process: the server is a function from a Request to a Response.

import { createA2aClient, createA2aServer, textOf, userMessage } from 'ringline/a2a';

const card = {
  name: 'Waiter',
  description: 'Finds you a table.',
  supportedInterfaces: [{ url: 'https://waiter.example/rpc', protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
  version: '1.0.0',
  capabilities: { streaming: true },
  defaultInputModes: ['text/plain'],
  defaultOutputModes: ['text/plain'],
  skills: [{ id: 'table', name: 'Table', description: 'Finds a table', tags: ['restaurant'] }],
};

const server = createA2aServer({
  card,
  async *executor({ message, task, inputRequired, working, artifact }) {
    if (task === undefined) {
      yield inputRequired('For how many?');
      return;
    }
    yield working('setting the table');
    yield artifact(`a table for ${textOf(message)}`);
  },
});

// In a Worker this would be `export default { fetch: (request, env, context) => server.fetch(request, context) }`.
const client = createA2aClient({ card, fetch: (url, init) => server.fetch(new Request(url, init)) });

const { task } = await client.sendMessage({ message: userMessage('A table, please') });
console.log('agent:', textOf(task.status.message));

const answer = { message: userMessage('four', { taskId: task.id }) };
for await (const { statusUpdate, artifactUpdate } of client.sendStreamingMessage(answer)) {
  if (artifactUpdate) console.log('agent:', textOf(artifactUpdate.artifact));
  if (statusUpdate) console.log(statusUpdate.status.state);
}
await server.close();

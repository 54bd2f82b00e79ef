import { expect, it } from 'vitest';
import { WebSocket as NodeSocket, WebSocketServer } from 'ws';
import { corkPerTurn } from '../../src/transport/cork.js';
import { webSocket } from '../../src/transport/websocket.js';

it('corks once a turn and lets go when the turn is over', () => {
  const said: string[] = [];
  const turn: (() => void)[] = [];
  const tcp = { cork: () => void said.push('cork'), uncork: () => void said.push('uncork') };
  const beforeWrite = corkPerTurn(tcp, (over) => void turn.push(over));
  beforeWrite();
  beforeWrite();
  expect(said).toEqual(['cork']);
  turn.shift()?.();
  beforeWrite();
  turn.shift()?.();
  expect(said).toEqual(['cork', 'uncork', 'cork', 'uncork']);
});

it('lets go of what it holds after sixteen messages, and goes on', () => {
  const said: string[] = [];
  const turn: (() => void)[] = [];
  const tcp = { cork: () => void said.push('cork'), uncork: () => void said.push('uncork') };
  const beforeWrite = corkPerTurn(tcp, (over) => void turn.push(over));
  for (let i = 0; i < 16; i++) beforeWrite();
  expect(said).toEqual(['cork']);
  for (let i = 0; i < 16; i++) beforeWrite();
  expect(said).toEqual(['cork', 'uncork', 'cork']);
  beforeWrite();
  expect(said).toEqual(['cork', 'uncork', 'cork', 'uncork', 'cork']);
  expect(turn).toHaveLength(1);
  turn.shift()?.();
  expect(said.filter((what) => what === 'cork')).toHaveLength(said.filter((what) => what === 'uncork').length);
});

it('sends what one turn sends over `ws` in one piece, message by message', async () => {
  let corks = 0;
  class Counting extends NodeSocket {
    constructor(url: string, protocols: string[], options?: object) {
      super(url, protocols, options);
      this.on('upgrade', ({ socket }) => {
        const cork = socket.cork.bind(socket);
        // `ws` itself corks for the two parts of a message; those come inside ours.
        socket.cork = () => {
          if (socket.writableCorked === 0) corks++;
          cork();
        };
      });
    }
  }
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, handleProtocols: () => 'test' });
  await new Promise((resolve) => server.once('listening', resolve));
  const received: string[] = [];
  const done = new Promise<void>((resolve) =>
    server.once('connection', (socket) =>
      socket.on('message', (data) => {
        if (received.push(String(data)) === 16) resolve();
      }),
    ),
  );
  const { port } = server.address() as { port: number };
  const transport = await webSocket(`ws://127.0.0.1:${port}/`, { WebSocket: Counting as never }).dial({
    subprotocol: 'test',
    callerDid: 'did:example:caller',
  });
  for (let i = 0; i < 16; i++) transport.send(new TextEncoder().encode(`message ${i}`));
  await done;
  expect(received).toEqual(Array.from({ length: 16 }, (_, i) => `message ${i}`));
  expect(corks).toBe(1);
  transport.close();
  await transport.closed;
  server.close();
});

// Listens in place of a page that is a runtime of ARCP. Whoever dials is announced to the page on its control connection;
// the page dials in turn, and what either says goes to the other, ends included. Those who dial `/phone` speak that.

import { WebSocketServer } from 'ws';

/** @returns {Promise<{ url: string, phoneUrl: string, control: string, end: () => void }>} `control`: for the page. */
export async function listenForRuntime() {
  const handleProtocols = (offered) => offered.values().next().value ?? false;
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false, handleProtocols });
  await new Promise((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', reject);
  });
  const { port } = server.address();
  const origin = `ws://127.0.0.1:${port}`;
  // So that whoever dials as a client cannot answer as the page.
  const secret = crypto.randomUUID();
  /** Who waits for the page, by number; and what they have said meanwhile. */
  const waiting = new Map();
  let count = 0;
  let page;

  const dialled = (socket, isPhone, callerDid) => {
    const id = String(count++);
    const said = [];
    const keep = (data, isBinary) => said.push([data, isBinary]);
    socket.on('message', keep);
    waiting.set(id, (far) => {
      for (const [data, binary] of said) far.send(data, { binary });
      socket.off('message', keep);
      pass(socket, far);
      pass(far, socket);
      if (socket.readyState !== socket.OPEN) far.terminate();
    });
    page?.send(JSON.stringify({ id, isPhone, callerDid }));
  };
  server.on('connection', (socket, request) => {
    socket.on('error', () => {});
    const { pathname, searchParams } = new URL(request.url, origin);
    const [, first = '', id = ''] = pathname.split('/');
    if (first !== secret) return dialled(socket, first === 'phone', searchParams.get('caller'));
    if (id === '') page = socket;
    else {
      waiting.get(id)?.(socket);
      waiting.delete(id);
    }
  });
  const end = () => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  };
  return { url: `${origin}/`, phoneUrl: `${origin}/phone`, control: `${origin}/${secret}`, end };
}

function pass(from, to) {
  from.on('message', (data, isBinary) => to.send(data, { binary: isBinary }));
  // 1005 and 1006 are what is said of an end without a code; nobody may say them.
  from.on('close', (code, reason) => (code === 1005 || code === 1006 ? to.terminate() : to.close(code, reason)));
}

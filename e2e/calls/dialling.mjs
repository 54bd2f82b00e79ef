// Ways to reach the agents of the table.

/**
 * Agents at WebSocket addresses.
 *
 * @param {any} library @param {{ did: string, agentUrl: string, impostorUrl: string }} addresses
 * @returns {import('./check.mjs').Target}
 */
export function overWebSocket({ front }, { did, agentUrl, impostorUrl }) {
  return { did, dialAgent: () => front.webSocket(agentUrl), dialImpostor: () => front.webSocket(impostorUrl) };
}

/**
 * Agents beside us, in another thread: each dialling asks its side for a fresh port.
 *
 * @param {any} library @param {string} did @param {{ postMessage(message: unknown, transfer: any[]): void }} other
 * @returns {import('./check.mjs').Target}
 */
export function overPorts({ front }, did, other) {
  const dial = (whom) => {
    const { port1, port2 } = new MessageChannel();
    other.postMessage({ dial: whom, port: port2 }, [port2]);
    return front.messagePort(port1);
  };
  return { did, dialAgent: () => dial('agent'), dialImpostor: () => dial('impostor') };
}

/**
 * The side that is asked.
 *
 * @param {any} library @param {{ server: any, impostor: any }} agent
 * @returns {(event: { data: any }) => void} A listener for messages.
 */
export function answerPorts({ front }, { server, impostor }) {
  return ({ data }) => {
    if (data.dial === undefined) return;
    const answering = data.dial === 'agent' ? server : impostor;
    answering.accept(front.messagePort(data.port)).catch(() => {});
  };
}

// A page between a worker and the network: what the worker says on a port goes out on a WebSocket, and back. Sealed end
// to end, so the page cannot read it.

/**
 * @param {any} library @param {any} port The page's end. @param {string} url
 */
export async function relay({ channel, front }, port, url) {
  const { SUBPROTOCOL: subprotocol } = channel;
  const { transport: near, callerDid } = await front.messagePort(port).accept({ subprotocol });
  try {
    const far = await front.webSocket(url).dial({ subprotocol, callerDid });
    pass(near, far);
    pass(far, near);
  } catch (error) {
    near.abort();
    throw error;
  }
}

function pass(from, to) {
  from.receive((message) => {
    // The other side may be going while this was on its way; its end, with its code, comes by itself.
    try {
      to.send(message);
    } catch (error) {
      if (error?.code !== 'ERR_CHANNEL_CLOSED') from.abort();
    }
  });
  void from.closed.then(({ code, reason, clean }) => (clean && code !== 1005 ? to.close(code, reason) : to.abort()));
}

// The A2A agent of the tests, in one process and behind every host: what it does with a message is the first word of it.

/** Paths of its two bindings. */
const RPC = '/a2a/rpc';
const REST = '/a2a/rest';

/** What its public card says of it. @param {any} library @param {string} origin @param {any[]} [others] Interfaces. */
export function cardOf(_library, origin, others = []) {
  return {
    name: 'Tide Table',
    description: 'Tells when the water is high.',
    version: '3.1.0',
    supportedInterfaces: [
      { url: `${origin}${RPC}`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
      { url: `${origin}${REST}`, protocolBinding: 'HTTP+JSON', protocolVersion: '1.0' },
      ...others,
    ],
    capabilities: { streaming: true, pushNotifications: true, extendedAgentCard: true },
    defaultInputModes: ['text/plain'],
    defaultOutputModes: ['text/plain'],
    skills: [{ id: 'next-high', name: 'Next high water', description: 'At a port.', tags: ['tide'] }],
  };
}

/**
 * Its executor. `hold` waits until another message says `release` with the id of its task, or it is cancelled; `left`
 * with that id answers when it has been.
 *
 * @param {any} library
 */
export function tideExecutor({ a2a }) {
  /** What is known of tasks that hold, by id. */
  const held = new Map();
  const holdOf = (taskId) => {
    const hold = held.get(taskId) ?? { release: gate(), left: gate() };
    held.set(taskId, hold);
    return hold;
  };
  return async function* ({ message, task, taskId, user, signal, reply, working, artifact, inputRequired, completed }) {
    const [word, ...rest] = a2a.textOf(message).split(' ');
    if (task !== undefined) {
      yield artifact(`High water at ${a2a.textOf(message)}: noon`, { artifactId: 'answer' });
      return;
    }
    switch (word) {
      case 'say':
        yield reply(rest.join(' '));
        return;
      case 'who':
        yield reply(user?.id ?? 'anybody');
        return;
      case 'count': {
        yield working('counting');
        const n = Number(rest[0]);
        for (let i = 0; i < n; i++) {
          yield artifact(`${i} `, { artifactId: 'numbers', append: i > 0, lastChunk: i === n - 1 });
        }
        yield completed('counted');
        return;
      }
      case 'ask':
        yield inputRequired('which port?');
        return;
      case 'hold': {
        const { release, left } = holdOf(taskId);
        try {
          yield working('holding');
          await Promise.race([release.promise, aborted(signal)]);
          yield artifact('released', { artifactId: 'end' });
        } finally {
          left.open();
        }
        return;
      }
      case 'release':
        holdOf(rest[0]).release.open();
        yield reply('released');
        return;
      case 'left':
        await holdOf(rest[0]).left.promise;
        yield reply('left');
        return;
      case 'refuse':
        throw new a2a.A2aOperationError('ERR_A2A_RATE_LIMITED', 'not today');
      case 'fail':
        yield working();
        throw new Error('the password is swordfish');
      default:
        throw new Error('the password is swordfish');
    }
  };
}

/**
 * The agent behind a host: signed card, both bindings, and the phone it names.
 *
 * @param {any} library @param {any} identity
 * @param {(origin: string) => string} phoneUrl Where its phone is, given where it was first asked.
 * @returns {(request: Request, context?: unknown) => Promise<Response>}
 */
export function tideAgent(library, identity, phoneUrl) {
  const { a2a, a2aServer } = library;
  const start = async (origin) => {
    const phone = a2a.phoneInterface({ url: phoneUrl(origin), did: identity.did });
    const card = await a2a.signAgentCard(cardOf(library, origin, [phone]), identity);
    return a2aServer.createA2aServer({
      card,
      executor: tideExecutor(library),
      push: { store: a2aServer.memoryPushConfigStore() },
      // Each stream lets go of its place, or the next one has none.
      limits: { maxSubscribersPerTask: 1, keepAliveMs: 100 },
    });
  };
  let server;
  return async (request, context) => {
    server ??= start(new URL(request.url).origin);
    return (await server).fetch(request, context);
  };
}

/** A promise that somebody else settles. */
function gate() {
  let open;
  const promise = new Promise((resolve) => {
    open = resolve;
  });
  return { promise, open };
}

function aborted(signal) {
  return new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

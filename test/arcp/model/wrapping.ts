// Ways to put a bug between two parts: a log, a service, a transport or a clock in one that does wrong now and then.

import type { EventLog, LogEntry, LoggedEntry, LogQuery } from '../../../src/arcp/log/contract.js';
import type { RuntimePort, Service, SessionPort } from '../../../src/arcp/runtime/service.js';
import type { Message, Transport } from '../../../src/transport/contract.js';

/** Wraps some members of an object; the others are its own. */
export function wrap<T extends object>(target: T, members: { readonly [Name in keyof T]?: unknown }): T {
  return new Proxy(target, {
    get(of, name) {
      if (Object.hasOwn(members, name)) return members[name as keyof T];
      const value: unknown = Reflect.get(of, name, of);
      return typeof value === 'function' ? value.bind(of) : value;
    },
  });
}

/** Says yes each time it has been asked so often. */
export function everyNth(count: number): () => boolean {
  let asked = 0;
  return () => ++asked % count === 0;
}

/** A log whose entries are changed on the way in. */
export function withEntries(log: EventLog, change: (entries: readonly LogEntry[]) => readonly LogEntry[]): EventLog {
  return wrap(log, {
    commit: (batch: Parameters<EventLog['commit']>[0]) => log.commit({ ...batch, entries: change(batch.entries) }),
  });
}

/** A log whose answers to a reader are changed. */
export function withAnswers(
  log: EventLog,
  change: (query: LogQuery, found: readonly LoggedEntry[]) => readonly LoggedEntry[],
): EventLog {
  return wrap(log, {
    read(query: LogQuery) {
      const found = log.read(query);
      return found instanceof Promise ? found.then((entries) => change(query, entries)) : change(query, found);
    },
  });
}

/** A runtime's end of a connection that handles each message it sends otherwise. */
export function withSends(transport: Transport, send: (text: string, pass: (text: string) => void) => void): Transport {
  return wrap(transport, {
    send: (message: Message) => {
      if (typeof message === 'string') send(message, (text) => transport.send(text));
      else transport.send(message);
    },
  });
}

/** A runtime's end of a connection that gets each text otherwise; `undefined`: not at all. */
export function withReceipts(transport: Transport, change: (text: string) => string | undefined): Transport {
  return wrap(transport, {
    receive: (listener: Parameters<Transport['receive']>[0]) =>
      transport.receive((message) => {
        const changed = typeof message === 'string' ? change(message) : message;
        if (changed !== undefined) listener(changed);
      }),
  });
}

/** A service that sees other sessions than there are. */
export function withSessions(service: Service, sessionOf: (session: SessionPort) => SessionPort): Service {
  const handles = Object.fromEntries(
    Object.entries(service.handles as Record<string, (session: SessionPort, message: unknown) => unknown>).map(
      ([type, handle]) => [type, (session: SessionPort, message: unknown) => handle(sessionOf(session), message)],
    ),
  );
  return wrap(service, { handles });
}

/** A service that sees another runtime than there is. */
export function withRuntime(service: Service, runtimeOf: (runtime: RuntimePort) => RuntimePort): Service {
  return wrap(service, { attach: (runtime: RuntimePort) => service.attach?.(runtimeOf(runtime)) });
}

/** Whether a service answers a type. */
export const isOf = (service: Service, type: string): boolean => Object.hasOwn(service.handles, type);

export const isObserving = (service: Service): boolean => service.offers?.includes('subscriptions') === true;

/** Two messages of one kind change places on the wire. */
export function swapping(type: RegExp): (transport: Transport) => Transport {
  return (transport) => {
    let held: string | undefined;
    return withSends(transport, (text, pass) => {
      if (held === undefined && type.test(text)) {
        held = text;
        return;
      }
      pass(text);
      if (held !== undefined && type.test(text)) {
        pass(held);
        held = undefined;
      }
    });
  };
}

// Bugs put between the parts, one or more for each invariant: the model must catch every one of them. Nothing of the library
// is changed: a log, a service, a transport or a clock is wrapped in one that does wrong now and then.

import { ArcpError } from '../../../src/arcp/errors.js';
import type { EventLog, LogEntry, LoggedEntry, LogQuery } from '../../../src/arcp/log/contract.js';
import type { RuntimePort, Service, SessionPort } from '../../../src/arcp/runtime/service.js';
import { toWireError } from '../../../src/arcp/wire-error.js';
import type { Transport } from '../../../src/transport/contract.js';
import type { Plant } from './world.js';

/** Wraps some members of an object; the others are its own. */
function wrap<T extends object>(target: T, members: { readonly [Name in keyof T]?: unknown }): T {
  return new Proxy(target, {
    get(of, name) {
      if (Object.hasOwn(members, name)) return members[name as keyof T];
      const value: unknown = Reflect.get(of, name, of);
      return typeof value === 'function' ? value.bind(of) : value;
    },
  });
}

/** Says yes each time it has been asked so often. */
function everyNth(count: number): () => boolean {
  let asked = 0;
  return () => ++asked % count === 0;
}

/** A log whose entries are changed on the way in. */
function withEntries(log: EventLog, change: (entries: readonly LogEntry[]) => readonly LogEntry[]): EventLog {
  return wrap(log, {
    commit: (batch: Parameters<EventLog['commit']>[0]) => log.commit({ ...batch, entries: change(batch.entries) }),
  });
}

/** A log whose answers to a reader are changed. */
function withAnswers(
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
function withSends(transport: Transport, send: (text: string, pass: (text: string) => void) => void): Transport {
  return wrap(transport, {
    send: (message: string) => send(message, (text) => transport.send(text)),
  });
}

/** A service that sees other sessions than there are. */
function withSessions(service: Service, sessionOf: (session: SessionPort) => SessionPort): Service {
  const handles = Object.fromEntries(
    Object.entries(service.handles as Record<string, (session: SessionPort, message: unknown) => unknown>).map(
      ([type, handle]) => [type, (session: SessionPort, message: unknown) => handle(sessionOf(session), message)],
    ),
  );
  return wrap(service, { handles });
}

/** A service that sees another runtime than there is. */
function withRuntime(service: Service, runtimeOf: (runtime: RuntimePort) => RuntimePort): Service {
  return wrap(service, { attach: (runtime: RuntimePort) => service.attach?.(runtimeOf(runtime)) });
}

const isObserving = (service: Service): boolean => service.offers?.includes('subscriptions') === true;

/** Two messages of one kind change places on the wire. */
function swapping(type: RegExp): (transport: Transport) => Transport {
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

export const PLANTS: readonly Plant[] = [
  {
    name: 'a log that drops the end of a job now and then',
    catches: 'one terminal event per job',
    log: (log) => {
      const isTime = everyNth(4);
      return withEntries(log, (entries) =>
        entries.map((entry) =>
          entry.type === 'job.completed' && isTime()
            ? { ...entry, type: 'log', text: entry.text.replace('job.completed', 'log') }
            : entry,
        ),
      );
    },
  },
  {
    name: 'a service that ends a job once more',
    catches: 'one terminal event per job',
    service: (service) =>
      service.offers?.includes('human_input') !== true
        ? service
        : wrap(service, {
            onJobEnd: (job: Parameters<NonNullable<Service['onJobEnd']>>[0]) => {
              service.onJobEnd?.(job);
              const error = toWireError(new ArcpError('INTERNAL', 'once more'));
              job.session.emit('job.failed', error, { job_id: job.id, correlation_id: job.invokeId });
            },
          }),
  },
  {
    name: 'a connection that swaps the progress of a job',
    catches: 'order inside a job',
    far: swapping(/"type":"job\.progress"/),
  },
  {
    name: 'a connection that swaps the chunks of a stream',
    catches: 'order inside a stream',
    far: swapping(/"type":"stream\.chunk"/),
  },
  {
    name: 'a log that leaves out an entry of what is read back',
    catches: 'nothing lost to a resumed client',
    log: (log) =>
      withAnswers(log, ({ sessionIds, direction, types, jobIds, correlationId }, found) =>
        direction === 'out' && sessionIds?.length === 1 && (types ?? jobIds ?? correlationId) === undefined
          ? found.filter(({ type }) => type !== 'job.started')
          : found,
      ),
  },
  {
    name: 'an outbox that repeats what was said before',
    catches: 'nothing repeated to a resumed client',
    far: (transport) => {
      let last: string | undefined;
      return withSends(transport, (text, pass) => {
        pass(text);
        if (last !== undefined && text.includes('"type":"job.completed"')) pass(last);
        if (/"type":"job\./.test(text)) last = text;
      });
    },
  },
  {
    name: 'a log that takes a resumed client for one that has less',
    catches: 'nothing repeated to a resumed client',
    log: (log) =>
      wrap(log, {
        async locate(sessionId: string, id: string) {
          const found = await log.locate(sessionId, id);
          if (found.kind !== 'kept' || found.entry.direction !== 'out') return found;
          const before = await log.read({ after: 0, limit: 10_000, sessionIds: [sessionId], direction: 'out' });
          const index = before.findIndex((entry) => entry.id === id);
          return { kind: 'kept', entry: before[Math.max(0, index - 3)] ?? found.entry };
        },
      }),
  },
  {
    name: 'a bus that loses a message on its way to the subscribers',
    catches: 'nothing lost to a subscriber',
    service: (service) => {
      if (!isObserving(service)) return service;
      const isTime = everyNth(9);
      return withRuntime(service, (runtime) =>
        wrap(runtime, {
          bus: {
            subscribe: (listener: Parameters<RuntimePort['bus']['subscribe']>[0]) =>
              runtime.bus.subscribe((entry, envelope) => {
                if (!isTime() || entry.type.startsWith('subscribe')) listener(entry, envelope);
              }),
          },
        }),
      );
    },
  },
  {
    name: 'a backfill that leaves out an entry',
    catches: 'nothing lost to a subscriber',
    log: (log) =>
      withAnswers(log, ({ principal, after }, found) =>
        principal !== undefined && after > 0 ? found.filter(({ type }) => type !== 'job.accepted') : found,
      ),
  },
  {
    name: 'a session that tells a subscriber twice',
    catches: 'nothing repeated to a subscriber',
    service: (service) => {
      if (!isObserving(service)) return service;
      const isTime = everyNth(7);
      return withSessions(service, (session) =>
        wrap(session, {
          emitEvent: (...event: Parameters<SessionPort['emitEvent']>) => {
            if (isTime()) session.emitEvent(...event);
            return session.emitEvent(...event);
          },
        }),
      );
    },
  },
  {
    name: 'a clock of the client that forgets timers, and a connection that loses answers',
    catches: 'no promise left hanging',
    clientClock: (clock) =>
      wrap(clock, {
        setTimer: (callback: () => void, ms: number) => (ms >= 30_000 ? () => {} : clock.setTimer(callback, ms)),
      }),
    far: (transport) =>
      withSends(transport, (text, pass) => {
        if (!/"type":"(?:artifact\.ref|pong)"/.test(text)) pass(text);
      }),
  },
  {
    name: 'a service of prompts that never hears an answer',
    catches: 'no promise left hanging',
    service: (service) =>
      service.offers?.includes('human_input') !== true
        ? service
        : wrap(service, {
            context: (job: Parameters<NonNullable<Service['context']>>[0]) => ({
              ...service.context?.(job),
              requestInput: () => new Promise(() => {}),
            }),
          }),
  },
  {
    name: 'subscriptions that ignore principals',
    catches: 'no leak to another principal',
    service: (service) =>
      !isObserving(service)
        ? service
        : withRuntime(service, (runtime) =>
            wrap(runtime, {
              log: wrap(runtime.log, {
                read: (query: LogQuery) => runtime.log.read({ ...query, principal: undefined }),
              }),
              ownsSession: () => true,
            }),
          ),
  },
  {
    name: 'artifacts that take everybody for alice',
    catches: 'no leak to another principal',
    service: (service) =>
      service.offers?.includes('artifacts') !== true
        ? service
        : withSessions(service, (session) => wrap(session, { principal: 'alice' })),
  },
  {
    name: 'a log that forgets which commands it has, and a connection that repeats them',
    catches: 'no command carried out twice',
    far: (transport) =>
      wrap(transport, {
        receive: (listener: Parameters<Transport['receive']>[0]) =>
          transport.receive((message) => {
            listener(message);
            if (String(message).includes('"type":"tool.invoke"')) listener(message);
          }),
      }),
    log: (log) =>
      wrap(log, {
        async commit(batch: Parameters<EventLog['commit']>[0]) {
          const { positions } = await log.commit(batch);
          const last = await log.last();
          return {
            positions: positions.map((position, index) =>
              position === undefined && batch.entries[index]?.type === 'tool.invoke' ? last : position,
            ),
          };
        },
      }),
  },
];

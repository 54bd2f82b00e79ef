// Bugs put between the parts, one or more for each invariant: the model must catch every one of them. Nothing of the library
// is changed: a log, a service, a transport or a clock is wrapped in one that does wrong now and then.

import { ArcpError } from '../../../src/arcp/errors.js';
import type { EventLog, LogQuery } from '../../../src/arcp/log/contract.js';
import type { RuntimePort, Service, SessionPort } from '../../../src/arcp/runtime/service.js';
import { toWireError } from '../../../src/arcp/wire-error.js';
import type { Transport } from '../../../src/transport/contract.js';
import type { Plant } from './world.js';
import {
  everyNth,
  isObserving,
  swapping,
  withAnswers,
  withEntries,
  withRuntime,
  withSends,
  withSessions,
  wrap,
} from './wrapping.js';

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

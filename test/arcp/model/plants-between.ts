// More bugs put between the parts: in schedules, workflows, streams of bytes, metrics, and between the two runtimes.

import type { EventLog } from '../../../src/arcp/log/contract.js';
import type { JobPort, RuntimePort, SessionPort } from '../../../src/arcp/runtime/service.js';
import type { Message } from '../../../src/transport/contract.js';
import type { Plant } from './world.js';
import { isOf, withReceipts, withRuntime, withSends, wrap } from './wrapping.js';

export const PLANTS_BETWEEN: readonly Plant[] = [
  {
    name: 'a log that forgets what is scheduled, with a restart',
    catches: 'one job for each time a schedule comes due',
    log: (log) =>
      wrap(log, {
        records: (kind: string, page: Parameters<EventLog['records']>[1]) =>
          kind === 'schedule' ? [] : log.records(kind, page),
      }),
  },
  {
    name: 'a service of schedules that never hears how a run ended',
    catches: 'one job for each time a schedule comes due',
    service: (service) => (isOf(service, 'job.schedule') ? wrap(service, { onJobEnd: undefined }) : service),
  },
  {
    name: 'a service of schedules that goes on when the run to come is cancelled',
    catches: 'one job for each time a schedule comes due',
    service: (service) => {
      if (!isOf(service, 'job.schedule')) return service;
      let port: RuntimePort | undefined;
      return wrap(service, {
        attach(runtime: RuntimePort) {
          port = runtime;
          service.attach?.(runtime);
        },
        onJobEnd(job: JobPort) {
          const wasToCome = service.keepsHeld?.(job) === true;
          service.onJobEnd?.(job);
          const { id: _, tool, invokeId, traceId } = job;
          if (wasToCome) port?.jobs.start(job.session, { tool, arguments: null, invokeId, traceId, isHeld: true });
        },
      });
    },
  },
  {
    name: 'a connection elsewhere that loses what is taken back',
    catches: 'a delegated job is one with the job that delegates it',
    farElsewhere: (transport) =>
      withReceipts(transport, (text) => (text.includes('"type":"cancel"') ? undefined : text)),
  },
  {
    name: 'a connection elsewhere that mixes traces up',
    catches: 'a delegated job is one with the job that delegates it',
    farElsewhere: (transport) =>
      withReceipts(transport, (text) => text.replaceAll(/"trace_id":"[^"]*"/g, '"trace_id":"another"')),
  },
  {
    name: 'a connection elsewhere that brings another result back',
    catches: 'a delegated job is one with the job that delegates it',
    farElsewhere: (transport) =>
      withSends(transport, (text, pass) => pass(text.replace('"payload":{"value":{', '"payload":{"value":{"more":1,'))),
  },
  {
    name: 'a service of handoffs that agrees, and that is all',
    catches: 'what is handed off ends here once and lives there',
    service: (service) =>
      isOf(service, 'agent.handoff')
        ? wrap(service, {
            handles: {
              ...service.handles,
              'agent.handoff': (session: SessionPort, message: Parameters<SessionPort['ack']>[0]) =>
                session.ack(message),
            },
          })
        : service,
  },
  {
    name: 'a move that is not made elsewhere',
    catches: 'what is handed off ends here once and lives there',
    farElsewhere: (transport) =>
      withReceipts(transport, (text) => text.replace('"tool":"moved"', '"tool":"none of these"')),
  },
  {
    name: 'a service of workflows that does everything twice',
    catches: 'a workflow runs once and completes once',
    service: (service) =>
      !isOf(service, 'workflow.start')
        ? service
        : withRuntime(service, (runtime) =>
            wrap(runtime, {
              jobs: wrap(runtime.jobs, {
                startOnce: (...[session, message, make]: Parameters<RuntimePort['jobs']['startOnce']>) =>
                  runtime.jobs.startOnce(session, message, () => {
                    const request = make();
                    const run: typeof request.run = async (...work) => {
                      await request.run?.(...work);
                      return request.run?.(...work);
                    };
                    return { ...request, run };
                  }),
              }),
            }),
          ),
  },
  {
    name: 'a connection that spoils frames',
    catches: 'bytes arrive as they were sent',
    far: (transport) =>
      wrap(transport, {
        send(message: Message) {
          if (typeof message === 'string') return transport.send(message);
          const spoilt = message.slice();
          spoilt[spoilt.length - 1] = (spoilt.at(-1) ?? 0) ^ 1;
          return transport.send(spoilt);
        },
      }),
  },
  {
    name: 'a connection that spoils base64',
    catches: 'bytes arrive as they were sent',
    far: (transport) =>
      withSends(transport, (text, pass) =>
        pass(
          text.includes('"type":"stream.chunk"')
            ? text.replace(/"data":"([A-Za-z0-9+/]{8,}={0,2})"/, '"data":"AAAA$1"')
            : text,
        ),
      ),
  },
  {
    name: 'a connection that spoils what a client writes',
    catches: 'bytes arrive as they were sent',
    far: (transport) =>
      withReceipts(transport, (text) =>
        text.includes('"type":"stream.chunk"')
          ? text.replace(/"data":"([A-Za-z0-9+/]{8,}={0,2})"/, '"data":"AAAA$1"')
          : text,
      ),
  },
  {
    name: 'a bus that tells the metrics twice',
    catches: 'each reserved metric is said once',
    service: (service) => {
      if (service.beforeJobEnd === undefined || Object.keys(service.handles).length > 0) return service;
      return withRuntime(service, (runtime) =>
        wrap(runtime, {
          bus: {
            subscribe: (listener: Parameters<RuntimePort['bus']['subscribe']>[0]) =>
              runtime.bus.subscribe((entry, envelope) => {
                listener(entry, envelope);
                if (entry.type === 'tool.invoke') listener(entry, envelope);
              }),
          },
        }),
      );
    },
  },
  {
    name: 'delegation that takes everybody for alice',
    catches: 'no leak to another principal',
    service: (service) =>
      !isOf(service, 'agent.delegate')
        ? service
        : wrap(service, {
            context: (job: JobPort) =>
              service.context?.(wrap(job, { session: wrap(job.session, { principal: 'alice' }) })),
          }),
  },
];

// The services of a runtime, as one: who answers which type, what they offer together, whom they must be told.

import { ArcpError } from '../errors.js';
import type { Capabilities, CapabilityFlag } from '../wire/capabilities.js';
import type { EnvelopeFields, Message } from '../wire/envelope.js';
import type { MessageId } from '../wire/ids.js';
import type { CoreType } from '../wire/payloads.js';
import type { RuntimeLimits } from './limits.js';
import type { Handler, JobEnd, JobPort, RuntimePort, Service, SessionPort } from './service.js';

/** The earliest of some times. */
export function earliest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

/** Reports a fault of a service: none may disturb the others. */
type Report = (error: unknown, where: string) => void;

/** The mounted services. */
export class Mounted {
  readonly #services: readonly Service[];
  readonly #handlers = new Map<string, Handler<CoreType>>();
  readonly #report: Report;
  readonly #contexts: readonly Service[];
  readonly #beforeEnds: readonly Service[];
  readonly #ends: readonly Service[];

  /** @throws {TypeError} two services that answer the same type. */
  constructor(services: readonly Service[], report: Report) {
    this.#services = services;
    this.#report = report;
    this.#contexts = services.filter((service) => service.context !== undefined);
    this.#beforeEnds = services.filter((service) => service.beforeJobEnd !== undefined);
    this.#ends = services.filter((service) => service.onJobEnd !== undefined);
    for (const { handles } of services) {
      for (const [type, handler] of Object.entries(handles)) {
        if (this.#handlers.has(type)) throw new TypeError(`two services answer ${type}`);
        this.#handlers.set(type, handler as Handler<CoreType>);
      }
    }
  }

  attach(runtime: RuntimePort): void {
    for (const service of this.#services) service.attach?.(runtime);
  }

  /** Capabilities that are there because the services are. */
  offers(limits: RuntimeLimits): Capabilities {
    const flags: { [Name in CapabilityFlag]?: boolean } = {};
    let others: Capabilities = {};
    for (const service of this.#services) {
      for (const flag of service.offers ?? []) flags[flag] = true;
      const { capabilities } = service;
      others = { ...others, ...(typeof capabilities === 'function' ? capabilities(limits) : capabilities) };
    }
    return { ...others, ...flags };
  }

  /** @throws {ArcpError} ERR_ARCP_UNIMPLEMENTED: nobody does. */
  handle(session: SessionPort, message: Message): void | Promise<void> {
    const handler = this.#handlers.get(message.type);
    if (handler === undefined) throw new ArcpError('UNIMPLEMENTED', `this runtime does not take ${message.type}`);
    return handler(session, message);
  }

  /** Lets a service see a message that needs no answer, where one wants to. */
  tell(session: SessionPort, message: Message): void | Promise<void> {
    return this.#handlers.get(message.type)?.(session, message);
  }

  contextsOf(job: JobPort): readonly object[] {
    return this.#contexts.map((service) => service.context?.(job) ?? {});
  }

  /** @throws {ArcpError} ERR_ARCP_UNIMPLEMENTED: nobody can ask a human. */
  interrupt(job: JobPort, prompt: string, command: EnvelopeFields): void {
    const service = this.#services.find((one) => one.interrupt !== undefined);
    if (service?.interrupt === undefined) throw new ArcpError('UNIMPLEMENTED', 'this runtime does not interrupt jobs');
    service.interrupt(job, prompt, command);
  }

  cancelStream(session: SessionPort, streamId: string, reason: string): (() => void) | undefined {
    for (const service of this.#services) {
      const end = service.cancelStream?.(session, streamId, reason);
      if (end !== undefined) return end;
    }
    return undefined;
  }

  openStreams(session: SessionPort): readonly MessageId[] {
    return this.#services.flatMap((service) => service.openStreams?.(session) ?? []);
  }

  beforeJobEnd(job: JobPort, type: JobEnd['type']): void {
    for (const service of this.#beforeEnds) this.#guard('beforeJobEnd', () => service.beforeJobEnd?.(job, type));
  }

  jobEnded(job: JobPort): void {
    for (const service of this.#ends) this.#guard('onJobEnd', () => service.onJobEnd?.(job));
  }

  sessionEnded(session: SessionPort): void {
    for (const service of this.#services) this.#guard('onSessionEnd', () => service.onSessionEnd?.(session));
  }

  keepsHeld(job: JobPort): boolean {
    return this.#services.some((service) => service.keepsHeld?.(job) === true);
  }

  get isBusy(): boolean {
    return this.#services.some((service) => service.isBusy?.() === true);
  }

  get nextDueMs(): number | undefined {
    return earliest(this.#services.map((service) => service.nextDueMs));
  }

  async recover(): Promise<void> {
    for (const service of this.#services) await service.recover?.();
  }

  async close(): Promise<void> {
    for (const service of this.#services) {
      try {
        await service.close?.();
      } catch (error) {
        this.#report(error, 'close');
      }
    }
  }

  #guard(where: string, call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#report(error, where);
    }
  }
}

// How a session speaks: what it may say to its client, how that is stamped, and what the log keeps of it.

import { encodeUtf8 } from '../../../bytes/utf8.js';
import type { JsonObject, JsonValue } from '../../../codec/json-value.js';
import { ArcpError } from '../../errors.js';
import type { LogEntry } from '../../log/contract.js';
import type { Negotiated } from '../../wire/capabilities.js';
import { ARCP_VERSION, encodeMessage, type RawEnvelope } from '../../wire/envelope.js';
import type { MessageId, SessionId } from '../../wire/ids.js';
import type { CoreType, Payloads } from '../../wire/payloads.js';
import { priorityRank } from '../../wire/priority.js';
import { REGISTRY } from '../../wire/registry.js';
import type { Core } from '../core.js';
import { DEFAULT_LIMITS } from '../limits.js';
import { logEntry } from '../log-entry.js';
import { canonicalError } from '../rust-crate.js';
import type { EmitFields } from '../service.js';
import { encodeAround } from '../subscriptions/verbatim.js';
import type { SessionLink } from './link.js';
import type { Keeping } from './out-item.js';
import type { Outbox } from './outbox.js';

/** Who speaks. */
export interface Speaker {
  readonly runtime: Core;
  readonly id: SessionId;
  readonly principal: string;
  readonly capabilities: Negotiated;
  readonly isRustCrate: boolean;
  readonly hasEnded: boolean;
}

/** What a session says, on its way into the outbox. */
export class Outgoing {
  readonly #speaker: Speaker;
  readonly #outbox: Outbox;

  constructor(speaker: Speaker, outbox: Outbox) {
    this.#speaker = speaker;
    this.#outbox = outbox;
  }

  /** As `SessionPort.emit`. */
  say<T extends CoreType>(
    type: T,
    payload: Payloads[T],
    fields: EmitFields | undefined,
    keeping: Keeping | undefined,
  ): MessageId {
    const { capabilities, isRustCrate } = this.#speaker;
    const { gate, knownToRust } = REGISTRY[type];
    if (gate !== undefined && capabilities[gate] !== true) throw notNegotiated(gate);
    if (isRustCrate && !knownToRust) throw new ArcpError('UNIMPLEMENTED', `the client does not know ${type}`);
    const body = (isRustCrate ? canonicalError(payload) : payload) as unknown as JsonObject;
    return this.#push(this.#envelope(type, body, fields), undefined, keeping);
  }

  /** As `SessionPort.emitEvent`. */
  sayEvent(event: string, fields: EmitFields): MessageId {
    if (this.#speaker.capabilities.subscriptions !== true) throw notNegotiated('subscriptions');
    const payload = {
      // Hardly anybody asks.
      get event() {
        return JSON.parse(event) as JsonValue;
      },
    };
    const envelope = this.#envelope('subscribe.event', payload, fields);
    return this.#push(envelope, encodeAround(envelope, event), undefined);
  }

  /** As `ExtensionPort.emitExtension`. */
  sayExtension(type: string, payload: JsonObject, fields: EmitFields | undefined): MessageId {
    if (this.#speaker.capabilities.extensions?.includes(type) !== true) throw notNegotiated(type);
    return this.#push(this.#envelope(type, payload, fields), undefined, undefined);
  }

  /** Answers on one connection, before anything else is sent on it. */
  answerFirst(link: SessionLink, type: CoreType, payload: JsonObject, fields: EmitFields, keeping: Keeping): void {
    const envelope = this.#envelope(type, payload, fields);
    this.#outbox.pushFirst(link, this.#entry(envelope), envelope, keeping);
  }

  #push(envelope: RawEnvelope, text: string | undefined, keeping: Keeping | undefined): MessageId {
    if (this.#speaker.hasEnded) return envelope.id;
    const rank = priorityRank(envelope.priority);
    const lane = envelope.job_id ?? envelope.stream_id ?? envelope.subscription_id ?? '';
    this.#outbox.push(this.#entry(envelope, text), envelope, rank, lane, keeping);
    return envelope.id;
  }

  #envelope(type: string, payload: JsonObject, fields: EmitFields | undefined): RawEnvelope {
    const { runtime, id } = this.#speaker;
    return {
      arcp: ARCP_VERSION,
      id: runtime.ids.message(),
      timestamp: runtime.timestamp(),
      session_id: id,
      ...fields,
      type,
      payload,
    };
  }

  #entry(envelope: RawEnvelope, text = encodeMessage(envelope)): LogEntry {
    const speaker = this.#speaker;
    const { runtime } = speaker;
    assertFits(text, Math.max(runtime.limits.maxMessageBytes, DEFAULT_LIMITS.maxMessageBytes));
    return logEntry(speaker, 'out', envelope, text, runtime.now());
  }
}

function notNegotiated(what: string): ArcpError {
  return new ArcpError('UNIMPLEMENTED', `${what} was not negotiated`);
}

/** @throws {RangeError} The client would not take it, and wait for it for ever. */
function assertFits(text: string, maxBytes: number): void {
  if (text.length * 3 > maxBytes && encodeUtf8(text).length > maxBytes) {
    throw new RangeError(`a message must be at most ${maxBytes} bytes long`);
  }
}

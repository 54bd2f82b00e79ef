// A runtime of ARCP behind a host's sockets: text messages over any WebSocket (ARCP v1.0, section 22).

import { type ArcpAcceptor, assertAcceptor, handOver } from '../arcp/acceptor.js';
import { SUBPROTOCOL } from '../channel/parties.js';
import { type DocumentLimits, documentLimits } from '../transport/document-limits.js';
import { type Desk, Reception } from './reception.js';
import {
  type Admission,
  assertHostOptions,
  type HostOptions,
  judgeVisit,
  type Refusal,
  type UpgradeRequest,
} from './upgrade.js';

/** What every host of a runtime may be told. */
export interface ArcpHostOptions extends HostOptions {
  /** Longest message that may come, in bytes; a longer one ends its connection. Default 8,388,608. */
  readonly maxMessageBytes?: number;
  /**
   * Bytes that may wait to be sent on one connection before it is cut. Default 33,554,432, or four times
   * `maxMessageBytes` where that is more.
   */
  readonly maxBufferedBytes?: number;
}

/** @throws {TypeError | RangeError} options of the wrong kind or out of range. @returns The limits of each connection. */
export function assertArcpHostOptions(options: ArcpHostOptions): DocumentLimits {
  assertHostOptions(options);
  return documentLimits(options);
}

/** @throws {TypeError | RangeError} no runtime, or options of the wrong kind or out of range. */
export function arcpReception(runtime: ArcpAcceptor, options: ArcpHostOptions): Reception<Admission> {
  assertAcceptor(runtime);
  const limits = assertArcpHostOptions(options);
  const desk: Desk<Admission> = {
    maxMessageBytes: limits.maxMessageBytes,
    transportOptions: limits,
    judge: (request, openConnections) => judgeArcp(request, openConnections, options),
    take(transport, { remoteAddress }) {
      handOver(runtime, transport, remoteAddress === undefined ? {} : { remoteAddress });
    },
  };
  return new Reception(desk);
}

/**
 * Decides about one request: as {@link judgeVisit}. ARCP has no subprotocol and asks for none. Clients that offer some
 * anyway are told the first, since a browser would give up otherwise; but never that this is a phone.
 */
export function judgeArcp(request: UpgradeRequest, openConnections: number, options: HostOptions): Admission | Refusal {
  const offered = offeredBy(request);
  const subprotocol = offered.find((name) => name !== SUBPROTOCOL);
  const verdict = judgeVisit(request, openConnections, options, {
    how: 'open a WebSocket, for ARCP',
    speaks: subprotocol !== undefined || offered.length === 0,
  });
  return verdict.accepted && subprotocol !== undefined ? { ...verdict, subprotocol } : verdict;
}

/** Names in the offer, as far as they are such: what goes back in a header must be a token (RFC 9110, section 5.6.2). */
function offeredBy(request: UpgradeRequest): readonly string[] {
  const offer = request.header('sec-websocket-protocol') ?? '';
  return offer
    .split(',')
    .map((name) => name.trim())
    .filter((name) => /^[!#$%&'*+.^_`|~0-9a-z-]{1,128}$/i.test(name));
}

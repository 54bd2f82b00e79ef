// A phone behind a host's sockets.

import { MAX_FRAME_BYTES } from '../channel/contract.js';
import type { PhoneServer } from '../phone/serve.js';
import { type Desk, Reception } from './reception.js';
import { assertHostOptions, type HostOptions, judgeUpgrade, type Upgrade } from './upgrade.js';

/** @throws {TypeError | RangeError} no server, or options of the wrong kind or out of range. */
export function phoneReception(server: PhoneServer, options: HostOptions): Reception<Upgrade> {
  if (typeof server?.accept !== 'function') throw new TypeError('server must be what serve() returned');
  assertHostOptions(options);
  const desk: Desk<Upgrade> = {
    maxMessageBytes: MAX_FRAME_BYTES,
    transportOptions: {},
    judge: (request, openConnections) => judgeUpgrade(request, openConnections, options),
    take(transport, { accepted: _, ...claim }) {
      // The server has closed the connection and told `onRefused`: nothing is left to do here.
      server.accept({ transport, ...claim }).catch(() => {});
    },
  };
  return new Reception(desk);
}

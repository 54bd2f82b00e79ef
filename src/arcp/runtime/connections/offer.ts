// What a runtime offers to every client: what stands behind it, less what its host turns off.

import type { Capabilities } from '../../wire/capabilities.js';

/** What there is to offer. */
export interface Standing {
  /** Whether strangers without credentials are let in. */
  readonly anonymous: boolean;
  /** Names of the extensions that are handled. */
  readonly extensions: readonly string[];
  /** What the services bring. */
  readonly services: Capabilities;
}

/**
 * Puts together what is offered.
 *
 * @param wanted What the host says otherwise.
 * @throws {TypeError} it wants a flag that nothing stands behind. @throws {RangeError} a heartbeat interval that is none.
 */
export function offerOf({ anonymous, extensions, services }: Standing, wanted: Capabilities): Capabilities {
  const offered: { -readonly [Name in keyof Capabilities]: Capabilities[Name] } = {
    durable_jobs: true,
    checkpoints: true,
    anonymous,
    heartbeat_recovery: 'fail',
    heartbeat_interval_seconds: 30,
    ...services,
  };
  if (extensions.length > 0) offered.extensions = extensions;
  for (const [name, value] of Object.entries(wanted)) {
    const key = name as keyof Capabilities;
    if (value === true && offered[key] !== true) throw new TypeError(`nothing stands behind the capability ${name}`);
    if (value !== undefined) Object.assign(offered, { [key]: value });
  }
  const interval = offered.heartbeat_interval_seconds ?? 0;
  if (!Number.isSafeInteger(interval) || interval < 1) {
    throw new RangeError('heartbeat_interval_seconds must be an integer of 1 or more');
  }
  return offered;
}

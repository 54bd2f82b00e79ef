// Trust elevation (ARCP v1.0, section 15): a permission like any other, but for its name, and that each is written down.

import type { LeaseScope } from '../../wire/permission.js';
import type { TrustLevel } from '../../wire/session.js';
import type { JobPort, SessionPort } from '../service.js';

const PREFIX = 'trust.elevate.';

const LEVELS: readonly string[] = ['untrusted', 'constrained', 'trusted', 'privileged'] satisfies readonly TrustLevel[];

/** Count of elevations, by level and outcome. */
const METRIC = 'arcpx.ringline.trust_elevations';

/** What became of an elevation. */
export type ElevationOutcome = 'granted' | 'denied' | 'unanswered' | 'revoked';

/** What is asked for when a session's trust is to be raised. */
export function elevationScope(session: SessionPort, level: TrustLevel): LeaseScope {
  return { permission: `${PREFIX}${level}`, resource: session.id, operation: 'elevate' };
}

/**
 * The level a permission raises trust to; `undefined` for any other permission.
 *
 * @throws {TypeError} It begins like one, but there is no such level.
 */
export function elevatedLevel(permission: string): TrustLevel | undefined {
  if (!permission.startsWith(PREFIX)) return undefined;
  const level = permission.slice(PREFIX.length);
  if (!LEVELS.includes(level)) throw new TypeError(`there is no trust level ${level}`);
  return level as TrustLevel;
}

/** Writes an elevation down, as a `log` and a `metric` of the session. Other permissions are not. */
export function auditElevation(
  to: JobPort | SessionPort,
  scope: LeaseScope,
  outcome: ElevationOutcome,
  lease?: { readonly id: string; readonly expiresAtMs: number },
): void {
  const level = elevatedLevel(scope.permission);
  if (level === undefined) return;
  const principal = 'session' in to ? to.session.principal : to.principal;
  const attributes = {
    level,
    outcome,
    principal,
    resource: scope.resource,
    operation: scope.operation,
    ...(lease === undefined ? undefined : { lease_id: lease.id, expires_at_ms: lease.expiresAtMs }),
  };
  to.emit('log', { level: 'warn', message: `trust elevation ${outcome}`, attributes });
  to.emit('metric', { name: METRIC, value: 1, unit: 'count', dims: { level, outcome } });
}

// Payloads of permissions and leases (ARCP v1.0, section 15).

import { leaseId, maybe, members, type SchemasOf, text, timestamp, uint } from './fields.js';
import type { LeaseId } from './ids.js';

/** What a lease is bound to, letter for letter. */
export interface LeaseScope {
  readonly permission: string;
  readonly resource: string;
  readonly operation: string;
}

/** Payload of `permission.request`. */
export interface PermissionRequest extends LeaseScope {
  readonly reason?: string | undefined;
  readonly requested_lease_seconds?: number | undefined;
}

/** Payload of `permission.grant`. */
export interface PermissionGrant extends LeaseScope {
  readonly lease_seconds: number;
}

/** Payload of `permission.deny`. */
export interface PermissionDeny {
  readonly permission: string;
  readonly reason: string;
}

/** Payload of `lease.granted`. */
export interface LeaseGranted extends LeaseScope {
  readonly lease_id: LeaseId;
  readonly expires_at: string;
}

/** Payload of `lease.refresh`. */
export interface LeaseRefresh {
  readonly lease_id: LeaseId;
  readonly additional_seconds: number;
}

/** Payload of `lease.extended`. */
export interface LeaseExtended {
  readonly lease_id: LeaseId;
  /** Replaces the old one. */
  readonly expires_at: string;
}

/** Payload of `lease.revoked`. */
export interface LeaseRevoked {
  readonly lease_id: LeaseId;
  readonly reason: string;
}

/** Payloads of this family. */
export interface PermissionPayloads {
  'permission.request': PermissionRequest;
  'permission.grant': PermissionGrant;
  'permission.deny': PermissionDeny;
  'lease.granted': LeaseGranted;
  'lease.refresh': LeaseRefresh;
  'lease.extended': LeaseExtended;
  'lease.revoked': LeaseRevoked;
}

const scope = { permission: text, resource: text, operation: text };

/** Schemas of this family. */
export const permissionSchemas = {
  'permission.request': members({ ...scope, reason: maybe(text), requested_lease_seconds: maybe(uint) }),
  'permission.grant': members({ ...scope, lease_seconds: uint }),
  'permission.deny': members({ permission: text, reason: text }),
  'lease.granted': members({ lease_id: leaseId, ...scope, expires_at: timestamp }),
  'lease.refresh': members({ lease_id: leaseId, additional_seconds: uint }),
  'lease.extended': members({ lease_id: leaseId, expires_at: timestamp }),
  'lease.revoked': members({ lease_id: leaseId, reason: text }),
} satisfies SchemasOf<PermissionPayloads>;

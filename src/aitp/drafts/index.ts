// `ringline/aitp/drafts`: what the protocol's authors still call drafts. Off unless imported; may change with them.

export {
  chainHash,
  DEFAULT_MAX_DELEGATION_HOPS,
  type ExtendDelegationOptions,
  extendDelegation,
  type VerifyMultihopOptions,
  verifyDelegationMultihop,
} from '../multihop.js';
export {
  buildRenewalRequest,
  type FindHolderManifest,
  MAX_RENEWAL_AGE_SEC,
  MAX_RENEWALS,
  type RenewedTct,
  type RenewTctOptions,
  readRenewal,
  renewTct,
} from '../renewal.js';
export { type SessionBook, type SessionBookOptions, sessionBook } from '../session-book.js';
export {
  type SessionBundle,
  type SessionMember,
  type VerifySessionBundleOptions,
  verifySessionBundle,
} from '../session-bundle.js';
export { type BuildSessionBundleOptions, buildSessionBundle } from '../session-bundle-shape.js';

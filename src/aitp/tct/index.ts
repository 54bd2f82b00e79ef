// Verifying trust context tokens, and nothing else: no handshake, no network, no signing. For resource servers, which ask
// for revocation by a check of their own; snapshots, vouchers and everything that issues is in `aitp`.

export { type Aid, isAid, sameKey } from '../aid.js';
export { AitpError, type AitpErrorCode, type AitpWireCode } from '../errors.js';
export {
  ownRevocations,
  type RevocationAnswer,
  type RevocationCheck,
  type RevocationDecision,
  type RevocationQuery,
} from '../revocation.js';
export { type ManifestBound, type Tct, type VerifyTctOptions, verifyTct } from '../tct.js';
export { type AitpClock, systemClockSec } from '../timestamps.js';

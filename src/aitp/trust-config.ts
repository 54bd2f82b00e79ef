// The local document that says whom an agent believes (AITP 0.2, section 8.7): issuers with their keys, pinned keys, and
// what to do when something cannot be looked up. Ours to write, so that a defect is a mistake of ours and not a peer's.

import { parseJsonStrict } from '../codec/json.js';
import {
  capability,
  closedObject,
  listOf,
  oneOf,
  optional,
  readClosed,
  seconds,
  someText,
  that,
  uriText,
} from './closed.js';
import { DEFAULT_MAX_STALENESS_SEC } from './constants.js';
import { AitpError } from './errors.js';
import { type IssuerKeys, issuerKeys } from './oidc-keys.js';
import { isPublicKeyText, type PinnedKeys, pinnedKeys } from './pinned-keys.js';
import type { FailMode } from './revocation.js';

/** Whom an agent believes, ready to be passed on. */
export interface TrustConfig {
  /** Issuers believed, as exact strings. */
  readonly trustAnchors: readonly string[];
  /** Their keys, as far as the document holds them. */
  readonly issuerKeys: IssuerKeys;
  readonly pinnedKeys: PinnedKeys;
  /** For whoever looks keys up over the network. No mode lets a signature pass that does not hold. */
  readonly keyResolution: {
    /** Use caches and pins alone. */
    readonly offlineMode: boolean;
    readonly cacheTtlSec: number;
    readonly failMode: FailMode;
  };
  /** What `snapshotRevocation` takes as policy. */
  readonly revocationPolicy: { readonly failMode: FailMode; readonly maxStalenessSec: number };
}

/**
 * Reads the document.
 *
 * @param input JSON text, or its UTF-8 bytes.
 * @throws {TypeError} not such a document; the message names the place.
 * @throws {VerifyError} ERR_VERIFY_KEY_UNUSABLE: a key of an issuer that is no key.
 */
export function readTrustConfig(input: string | Uint8Array): TrustConfig {
  const { trust_anchors: anchors = [], pinned_keys: pins = [], ...rest } = readDocument(input);
  const { offline_mode = false, cache_ttl_secs = 3_600, fail_mode = 'fail_closed' } = rest.key_resolution ?? {};
  // Two entries would be read by some as the first, by others as the last: which keys count is not to be guessed.
  if (new Set(anchors.map(({ issuer }) => issuer)).size !== anchors.length) {
    throw new TypeError('trust_anchors must not name an issuer twice');
  }
  const { mode = 'fail_closed', max_staleness_secs = DEFAULT_MAX_STALENESS_SEC } = rest.revocation_policy ?? {};
  return {
    trustAnchors: anchors.map(({ issuer }) => issuer),
    issuerKeys: issuerKeys(Object.fromEntries(anchors.map(({ issuer, keys }) => [issuer, keys]))),
    pinnedKeys: pinnedKeys(
      pins.map(({ subject, public_key: publicKey, allowed_capabilities: allowedCapabilities }) => ({
        subject,
        publicKey,
        ...(allowedCapabilities === undefined ? {} : { allowedCapabilities }),
      })),
    ),
    keyResolution: { offlineMode: offline_mode, cacheTtlSec: cache_ttl_secs, failMode: fail_mode },
    revocationPolicy: { failMode: mode, maxStalenessSec: max_staleness_secs },
  };
}

function readDocument(input: string | Uint8Array) {
  try {
    return readClosed(DOCUMENT, parseJsonStrict(input), 'UNKNOWN_FIELD', 'trust configuration');
  } catch (cause) {
    // The room's code names a fault of a peer, which this is not.
    throw cause instanceof AitpError ? new TypeError(cause.message) : new TypeError('not strict JSON', { cause });
  }
}

const DOCUMENT = /* @__PURE__ */ (() => {
  const key = that<string>('a public key', isPublicKeyText);
  const failMode = oneOf('fail_closed', 'fail_open', 'soft_fail');
  const flag = that<boolean>('a boolean', (value) => typeof value === 'boolean');
  return closedObject({
    trust_anchors: optional(listOf(closedObject({ issuer: uriText, keys: listOf(key, { min: 1 }) }))),
    pinned_keys: optional(
      listOf(closedObject({ subject: someText, public_key: key, allowed_capabilities: optional(listOf(capability)) })),
    ),
    key_resolution: optional(
      closedObject({
        offline_mode: optional(flag),
        cache_ttl_secs: optional(seconds(0)),
        fail_mode: optional(failMode),
      }),
    ),
    revocation_policy: optional(closedObject({ mode: optional(failMode), max_staleness_secs: optional(seconds(0)) })),
  });
})();

// What Manifests may say in their extension slot (section 10.3): addresses, all of them hints. Unknown keys are kept and
// never looked at, and a known key of the wrong kind counts as absent.

import { parseUrl } from '../bytes/parse-url.js';
import type { JsonObject, JsonValue } from '../codec/json-value.js';

/** Addresses a Manifest may name. Each is an `https` URL as it was written. */
export interface ManifestAddresses {
  /** Where a token can be verified. */
  readonly verifyUri?: string;
  /** Where a token can be renewed. */
  readonly renewUri?: string;
  /** Where a delegation can be redeemed. */
  readonly delegationVerifyUri?: string;
  /** Where the revocation snapshot is. */
  readonly revocationListUri?: string;
  /** Where session bundles are. */
  readonly bundleUri?: string;
}

/** The table: our name of each address, and its key on the wire. */
const KEYS = {
  verifyUri: 'rfc-aitp-0005.verify_uri',
  renewUri: 'rfc-aitp-0005.renew_uri',
  delegationVerifyUri: 'rfc-aitp-0006.delegation_verify_uri',
  revocationListUri: 'rfc-aitp-0008.revocation_list_uri',
  bundleUri: 'rfc-aitp-0010.bundle_uri',
} as const satisfies Record<keyof ManifestAddresses, string>;

/** Reads the addresses out of an extension slot; whatever is no `https` URL is left out. */
export function readManifestAddresses(extensions: JsonObject = {}): ManifestAddresses {
  const found = Object.entries(KEYS).map(([name, key]) => [name, ownMember(extensions, key)] as const);
  return Object.fromEntries(found.filter(([, value]) => isHttpsUrl(value))) as ManifestAddresses;
}

/**
 * Writes addresses into an extension slot.
 *
 * @param others Further members, kept.
 * @throws {TypeError} an address that is no `https` URL.
 */
export function writeManifestAddresses(addresses: ManifestAddresses, others: JsonObject = {}): JsonObject {
  const named = Object.entries(KEYS).flatMap(([name, key]) => {
    const value = addresses[name as keyof ManifestAddresses];
    if (value === undefined) return [];
    if (!isHttpsUrl(value)) throw new TypeError(`${name} must be an https URL`);
    return [[key, value]];
  });
  return { ...others, ...Object.fromEntries(named) };
}

function ownMember(object: JsonObject, name: string): JsonValue | undefined {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function isHttpsUrl(value: unknown): value is string {
  return typeof value === 'string' && /^https:\/\/[!-~]+$/.test(value) && parseUrl(value)?.protocol === 'https:';
}

// What a Manifest looks like on the wire (section 4.1). Closed, hint and proof included.

import type { JsonValue } from '../codec/json-value.js';
import { parseAid } from './aid.js';
import {
  aidText,
  anyObject,
  capability,
  closedObject,
  Defect,
  listOf,
  nonceText,
  oneOf,
  optional,
  type Read,
  type Shape,
  seconds,
  someText,
  text,
  that,
  uriText,
} from './closed.js';
import { AITP_VERSION } from './constants.js';

/** Longest `display_name`, in characters (code points). */
const MAX_DISPLAY_NAME = 128;

const hintMembers = /* @__PURE__ */ closedObject({
  type: /* @__PURE__ */ oneOf('oidc', 'pinned_key'),
  subject: someText,
  issuer: /* @__PURE__ */ optional(uriText),
  public_key: /* @__PURE__ */ optional(
    /* @__PURE__ */ that<string>('a key', (value) => typeof value === 'string' && /^[\w-]{43,44}$/.test(value)),
  ),
});

/** `identity_hint`: what is required and what is forbidden depends on the type. */
const identityHint: Shape<Read<typeof hintMembers>> = {
  read(value, path, found) {
    const hint = hintMembers.read(value, path, found);
    if (hint.type === 'oidc') {
      if (hint.issuer === undefined) throw new Defect(`${path}.issuer is missing`);
      if (hint.public_key !== undefined) throw new Defect(`${path}.public_key must not be there`);
    } else if (hint.public_key === undefined) throw new Defect(`${path}.public_key is missing`);
    return hint;
  },
};

const capabilities = /* @__PURE__ */ listOf(capability, { unique: true });

/** The inner object, member by member. */
const bodyMembers = /* @__PURE__ */ closedObject({
  version: /* @__PURE__ */ oneOf(AITP_VERSION),
  aid: aidText,
  display_name: /* @__PURE__ */ optional(
    /* @__PURE__ */ that<string>(`at most ${MAX_DISPLAY_NAME} characters`, isDisplayName),
  ),
  identity_hint: identityHint,
  handshake_endpoint: uriText,
  accepted_trust_anchors: /* @__PURE__ */ listOf(uriText, { unique: true }),
  offered_capabilities: capabilities,
  required_peer_capabilities: /* @__PURE__ */ optional(capabilities),
  accepted_identity_types: /* @__PURE__ */ optional(
    /* @__PURE__ */ listOf(/* @__PURE__ */ oneOf('oidc', 'pinned_key'), { unique: true }),
  ),
  accepted_signature_algorithms: /* @__PURE__ */ optional(
    /* @__PURE__ */ listOf(/* @__PURE__ */ oneOf('ed25519', 'p256'), { unique: true }),
  ),
  // The forms of signatures are part of the verdict on them.
  proof_of_possession: /* @__PURE__ */ closedObject({ challenge: nonceText, signature: text }),
  published_at: /* @__PURE__ */ seconds(0),
  expires_at: /* @__PURE__ */ seconds(1),
  extensions: /* @__PURE__ */ optional(anyObject),
  signature: text,
});

/**
 * The inner object.
 *
 * @param allowHttpLoopback Take the endpoints of a developer's machine.
 */
export function manifestBody(allowHttpLoopback: boolean): Shape<Read<typeof bodyMembers>> {
  return {
    read(value, path, found) {
      const body = bodyMembers.read(value, path, found);
      const { handshake_endpoint: endpoint, identity_hint: hint } = body;
      if (!endpoint.startsWith('https://') && !(allowHttpLoopback && isDevelopmentEndpoint(endpoint))) {
        throw new Defect(`${path}.handshake_endpoint must be https`);
      }
      // A hint with another key would have readers pin a key nobody proved to hold.
      if (hint.type === 'pinned_key' && hint.public_key !== parseAid(body.aid).identifier) {
        throw new Defect(`${path}.identity_hint.public_key must be the key of the agent`);
      }
      return body;
    },
  };
}

/** The published form. */
export function wrappedManifest(
  allowHttpLoopback: boolean,
): Shape<{ readonly manifest: Read<ReturnType<typeof manifestBody>> }> {
  return closedObject({ manifest: manifestBody(allowHttpLoopback) });
}

/** The inner object as it is read. */
export type ManifestMembers = Read<ReturnType<typeof manifestBody>>;

/** Whether a URL is one of the two a developer's machine may use without TLS. */
function isDevelopmentEndpoint(url: string): boolean {
  return /^http:\/\/(?:localhost|127\.0\.0\.1)(?::\d+)?(?:[/?#]|$)/.test(url);
}

function isDisplayName(value: JsonValue): boolean {
  return typeof value === 'string' && [...value].length <= MAX_DISPLAY_NAME;
}

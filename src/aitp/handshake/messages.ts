// The four messages of the handshake (AITP 0.2, section 8.1), each a closed payload in an envelope. The wire names live
// here and nowhere else. A Manifest and an identity descriptor are objects here; who reads them judges them.

import type { JsonObject } from '../../codec/json-value.js';
import { anyObject, capability, closedObject, listOf, nonceText, optional, readClosed, that } from '../closed.js';
import type { AitpMessageType, Envelope } from '../envelope.js';

/** Kinds of message of the handshake. */
export type HandshakeMessageType = Extract<AitpMessageType, `mutual_${string}`>;

/** What opens a handshake: the initiator's hello. */
export interface HelloPayload {
  /** Identity descriptor, not judged yet. */
  readonly identity: JsonObject;
  /** The bare inner Manifest, as received, not judged yet. */
  readonly manifest: JsonObject;
  /** What the sender wants to be granted. */
  readonly requestedGrants: readonly string[];
  /** Fresh, 22 characters. */
  readonly popNonce: string;
}

/** The responder's answer to a hello. */
export interface HelloAckPayload extends HelloPayload {
  /** `popNonce` of the hello. */
  readonly popNonceEcho: string;
}

/** The second round, the same in both directions. */
export interface CommitPayload {
  /** The sender's TCT for the receiver. */
  readonly tct: string;
  readonly grantVoucher?: string;
  /** Over the nonce the receiver chose. */
  readonly popSignature: string;
  /** The nonce the receiver chose. */
  readonly popNonceEcho: string;
}

/** @throws {AitpError} INVALID_ENVELOPE: a defect of the payload. UNKNOWN_FIELD: an unknown member only. */
export function readHello({ payload }: Envelope): HelloPayload {
  const { identity, manifest, requested_grants, pop_nonce } = readClosed(HELLO, payload, CODE, 'hello');
  return { identity, manifest, requestedGrants: requested_grants, popNonce: pop_nonce };
}

/** @throws as {@link readHello}. */
export function readHelloAck({ payload }: Envelope): HelloAckPayload {
  const read = readClosed(HELLO_ACK, payload, CODE, 'hello_ack');
  const { identity, manifest, requested_grants, pop_nonce, pop_nonce_echo } = read;
  return { identity, manifest, requestedGrants: requested_grants, popNonce: pop_nonce, popNonceEcho: pop_nonce_echo };
}

/** Reads a commit or a commit_ack. @throws as {@link readHello}. */
export function readCommit({ payload }: Envelope): CommitPayload {
  const { tct, grant_voucher, pop_signature, pop_nonce_echo } = readClosed(COMMIT, payload, CODE, 'commit');
  return {
    tct,
    popSignature: pop_signature,
    popNonceEcho: pop_nonce_echo,
    ...(grant_voucher === undefined ? {} : { grantVoucher: grant_voucher }),
  };
}

/** Payload of a hello. */
export function writeHello(hello: HelloPayload): JsonObject {
  const { identity, manifest, requestedGrants, popNonce } = hello;
  return { identity, manifest, requested_grants: requestedGrants, pop_nonce: popNonce };
}

/** Payload of a hello_ack. */
export function writeHelloAck(ack: HelloAckPayload): JsonObject {
  return { ...writeHello(ack), pop_nonce_echo: ack.popNonceEcho };
}

/** Payload of a commit or a commit_ack. */
export function writeCommit(commit: CommitPayload): JsonObject {
  const { tct, grantVoucher, popSignature, popNonceEcho } = commit;
  return {
    tct,
    pop_signature: popSignature,
    pop_nonce_echo: popNonceEcho,
    ...(grantVoucher === undefined ? {} : { grant_voucher: grantVoucher }),
  };
}

const CODE = 'INVALID_ENVELOPE';

const COMPACT_JWS = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const SIGNATURE = /^(?:(?:ed25519|p256)\.)?[\w-]{86}$/;

const compactJws = /* @__PURE__ */ that<string>(
  'a compact JWS',
  (value) => typeof value === 'string' && COMPACT_JWS.test(value),
);

const signatureText = /* @__PURE__ */ that<string>(
  'a signature',
  (value) => typeof value === 'string' && SIGNATURE.test(value),
);

const HELLO_MEMBERS = /* @__PURE__ */ (() => ({
  identity: anyObject,
  manifest: anyObject,
  requested_grants: listOf(capability, { unique: true }),
  pop_nonce: nonceText,
  extensions: optional(anyObject),
}))();

const HELLO = /* @__PURE__ */ closedObject(HELLO_MEMBERS);

const HELLO_ACK = /* @__PURE__ */ (() => closedObject({ ...HELLO_MEMBERS, pop_nonce_echo: nonceText }))();

const COMMIT = /* @__PURE__ */ (() =>
  closedObject({
    tct: compactJws,
    grant_voucher: optional(compactJws),
    pop_signature: signatureText,
    pop_nonce_echo: nonceText,
    extensions: optional(anyObject),
  }))();

// `ringline/aitp`: the AITP 0.2 draft without a wire: identities, Manifests, the handshake as text in and text out,
// tokens, delegation, revocation. Opt-in drafts are in `aitp/drafts`; verifiers of tokens alone take `aitp/tct`.

export {
  type AgentManifestOptions,
  type AgentRenewalOptions,
  type AgentVerifyTctOptions,
  AitpAgent,
  type AitpAgentOptions,
  type HolderManifests,
  type TctVerdict,
} from './agent.js';
export {
  type Aid,
  type AitpSuite,
  aidFromDid,
  aidJkt,
  aidOfKey,
  didFromAid,
  isAid,
  type ParsedAid,
  parseAid,
  sameKey,
} from './aid.js';
export { AITP_SPEC_VERSION as SPEC_VERSION, AITP_VERSION, TIMESTAMP_TOLERANCE_SEC } from './constants.js';
export {
  type Delegation,
  type DelegationProof,
  type IssueDelegationOptions,
  issueDelegation,
  issueTctForDelegatee,
  proveDelegation,
  type RedeemDelegationOptions,
  type VerifyDelegationOptions,
  verifyDelegation,
} from './delegation.js';
export {
  type AnswerPopChallengeOptions,
  answerPopChallenge,
  type IssuePopChallengeOptions,
  issuePopChallenge,
  type PopChallenge,
  type PopProof,
  type VerifyPopResponseOptions,
  verifyPopResponse,
} from './downstream-pop.js';
export {
  type AitpMessageType,
  buildEnvelope,
  type Envelope,
  type EnvelopeContent,
  encodeEnvelope,
} from './envelope.js';
export { type ReplayDecision, type VerifyEnvelopeOptions, verifyEnvelope } from './envelope-verify.js';
export {
  AitpError,
  type AitpErrorCode,
  type AitpWireCode,
  aitpErrorCode,
  aitpWireCode,
  isAitpWireCode,
  isRetryable,
} from './errors.js';
export { HandshakeInitiator, type HandshakeStepOptions } from './handshake/initiator.js';
export type { HandshakeOptions, MintJwt, MintJwtRequest } from './handshake/options.js';
export { buildRefusal } from './handshake/refusal.js';
export {
  type CommitAnswer,
  HandshakeResponder,
  type HandshakeResponderOptions,
  type HelloAnswer,
} from './handshake/responder.js';
export type { HandshakeResult, IssuedGrant } from './handshake/second-round.js';
export {
  type Authorization,
  type AuthorizePolicy,
  authorizeInvocation,
  authorizePresented,
  type BuildInvocationOptions,
  buildInvocation,
  type Invocation,
  type VerifyInvocationOptions,
  verifyInvocation,
} from './invocation.js';
export { type JcsOptions, signJcs, verifyJcs } from './jcs-profile.js';
export { signJws, type VerifyJwsOptions, verifyJws } from './jws-profile.js';
export {
  checkCompatible,
  encodeManifest,
  type FetcherIdentity,
  type IdentityHint,
  type IdentityType,
  type Manifest,
  newerManifest,
  type VerifyManifestOptions,
  verifyManifest,
  verifyManifestBody,
} from './manifest.js';
export { buildManifest, type ManifestContent } from './manifest-build.js';
export { type ManifestCache, manifestCache } from './manifest-cache.js';
export { newNonce } from './nonce.js';
export { type IssuerKeyRequest, type IssuerKeys, issuerKeys } from './oidc-keys.js';
export { AitpPeerError } from './peer-error.js';
export { type PeerBook, type PeerBookOptions, peerBook, type SendRenewal } from './peers.js';
export { type PinnedKey, type PinnedKeys, pinnedKeys, trustAnyPinnedKey } from './pinned-keys.js';
export { decideGrants, type GrantPolicy, type GrantRequester, grantWhatIsOffered } from './policy.js';
export { signPop } from './pop.js';
export { memoryReplayStore, type ReplayStore, type ReplayStoreOptions, storedReplayStore } from './replay-store.js';
export {
  type FailMode,
  type LoadSnapshot,
  ownRevocations,
  type RevocationAnswer,
  type RevocationCheck,
  type RevocationDecision,
  type RevocationPolicy,
  type RevocationQuery,
  type SnapshotRevocationOptions,
  snapshotMemory,
  snapshotRevocation,
} from './revocation.js';
export {
  type RevocableGrant,
  type RevocationBook,
  type RevocationBookOptions,
  revocationBook,
} from './revocation-book.js';
export {
  buildSnapshot,
  type RevocationEntry,
  type RevocationSnapshot,
  type SnapshotContent,
  type VerifySnapshotOptions,
  verifySnapshot,
} from './revocation-snapshot.js';
export {
  type AitpSigner,
  aitpSignerFromCryptoKeys,
  aitpSignerFromIdentity,
  aitpSignerFromSeed,
  generateAitpSigner,
} from './signer.js';
export {
  type IssuedTct,
  type IssueTctOptions,
  issueTct,
  type ManifestBound,
  type Tct,
  type VerifyTctOptions,
  verifyTct,
} from './tct.js';
export { type AitpClock, systemClockSec } from './timestamps.js';
export { readTrustConfig, type TrustConfig } from './trust-config.js';
export { type GrantVoucher, type VerifyVoucherOptions, verifyVoucher } from './voucher.js';
export { type TctWatch, type WatchTctOptions, watchTct } from './watch-tct.js';

// `ringline/aitp/http`: AITP over HTTP, as one fetch handler and as functions over `fetch`.

export type { AllowedOrigins } from '../../http/cors.js';
export { type TctWatch, type WatchTctOptions, watchTct } from '../watch-tct.js';
export { type BundleRequestOptions, bundleUrl, fetchBundle, publishBundle } from './bundles.js';
export type { AitpHandler } from './endpoints.js';
export { fetchManifest, MANIFEST_PATH, manifestUrl } from './fetch-manifest.js';
export {
  fetchRevocationList,
  httpRevocation,
  REVOCATION_LIST_PATH,
  revocationListUrl,
} from './fetch-revocation-list.js';
export { type HandshakeOverHttpOptions, handshakeOverHttp } from './handshake-over-http.js';
export { invocationHeaders, type PopHeadersOptions, popResponseHeaders, type TctRequest } from './invoke.js';
export { ISSUER_KEYS_PATH } from './issuer-address.js';
export { type HttpIssuerKeysOptions, httpIssuerKeys } from './issuer-keys.js';
export { type HttpRenewalOptions, httpRenewal, type RenewOverHttpOptions, renewOverHttp } from './renew.js';
export { requireTct, type TctGate, type TctVerdictOverHttp } from './require-tct.js';
export type { RequireTctOptions } from './require-tct-options.js';
export { serveAitp } from './serve-aitp.js';
export {
  type AcceptBundlesOptions,
  BUNDLE_PATH,
  type HandOutBundlesOptions,
  type ServeBundlesOptions,
  serveBundles,
} from './serve-bundles.js';
export type { PublishedIssuerKeys } from './serve-issuer-keys.js';
export { type AitpServerLimits, DEFAULT_AITP_SERVER_LIMITS, type ServeAitpOptions } from './serve-options.js';
export { type ServeRenewalOptions, serveRenewal } from './serve-renewal.js';

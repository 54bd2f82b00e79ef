// `ringline/aitp/http`: AITP over HTTP, as one fetch handler and as functions over `fetch`.

export type { AllowedOrigins } from '../../http/cors.js';
export { fetchManifest, MANIFEST_PATH, manifestUrl } from './fetch-manifest.js';
export {
  fetchRevocationList,
  httpRevocation,
  REVOCATION_LIST_PATH,
  revocationListUrl,
} from './fetch-revocation-list.js';
export { type HandshakeOverHttpOptions, handshakeOverHttp } from './handshake-over-http.js';
export { invocationHeaders, type PopHeadersOptions, popResponseHeaders, type TctRequest } from './invoke.js';
export { type HttpIssuerKeysOptions, httpIssuerKeys } from './issuer-keys.js';
export { type RequireTctOptions, requireTct, type TctGate, type TctVerdictOverHttp } from './require-tct.js';
export { type AitpHandler, serveAitp } from './serve-aitp.js';
export { type AitpServerLimits, DEFAULT_AITP_SERVER_LIMITS, type ServeAitpOptions } from './serve-options.js';

// `ringline/a2a/discovery`: agent cards over HTTP, found and served.

export type { AllowedOrigins } from '../../http/cors.js';
export { CardCache, type CardCacheOptions, cardCache } from './card-cache.js';
export { type CardLocationOptions, LEGACY_PATH, WELL_KNOWN_PATH } from './card-location.js';
export {
  assertExtendedCardOffered,
  type ExtendedCardFacts,
  extendedCardApplies,
  type HeldExtendedCard,
  judgeExtendedCard,
} from './extended-card.js';
export {
  type FetchAgentCardOptions,
  type FetchCardWarning,
  type FetchedCard,
  type FetchedVerifiedCard,
  fetchAgentCard,
} from './fetch-card.js';
export { type CardHandler, type CardSource, type ServeAgentCardOptions, serveAgentCard } from './serve-card.js';

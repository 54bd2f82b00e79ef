// `ringline/testing`: what our own tests use against hostile peers, for yours.

export { type DelayedPair, delayedPair } from './delayed-pair.js';
export { type FakeClock, fakeClock } from './fake-clock.js';
export { hostileLink, hostileLinkBetween } from './hostile-link.js';

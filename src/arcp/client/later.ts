// What a session takes only once it is needed, loaded as one: every further part would split what is loaded at first, too.

import { artifactsOf } from './artifacts.js';
import { cancel } from './cancel.js';
import { createCheckpoint, interrupt, refreshLease } from './commands.js';
import { Desk } from './desk.js';
import { offerSidecar } from './offer-sidecar.js';
import { openStream } from './stream-writing.js';
import { Observers } from './subscription.js';

/** All of it. */
export const LATER = {
  artifactsOf,
  cancel,
  createCheckpoint,
  Desk,
  interrupt,
  Observers,
  offerSidecar,
  openStream,
  refreshLease,
};

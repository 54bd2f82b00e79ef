// The one place that loads the rest of a session.

/** Loads it, once. */
export const later = async () => (await import('./later.js')).LATER;

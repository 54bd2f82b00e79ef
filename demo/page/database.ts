// Where this browser keeps the identity: for the page, and for pages of its own that stand beside it.

/** Name of the database. */
export const DATABASE = 'ringline-demo';

// What the window holds before the package comes.

globalThis.harness.before = Object.getOwnPropertyNames(globalThis);

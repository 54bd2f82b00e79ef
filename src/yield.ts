// Giving way to the event loop. Floor 0, beside clock.ts: whatever produces at a stranger's pace needs it.

/**
 * Lets the runtime do its other work once: a macrotask, without the 4 ms that browsers add to nested timers.
 *
 * The port lives for one turn only, so that it never keeps a process alive. Workers of a compatibility date before
 * 2025-08-15 have no ports: there it is a timer.
 */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => {
    try {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        port1.close();
        resolve();
      };
      port2.postMessage(null);
    } catch {
      setTimeout(resolve);
    }
  });
}

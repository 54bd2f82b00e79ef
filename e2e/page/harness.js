// First script of every page: watches for violations of the page's policy, and carries jobs in and answers out. A classic
// script, so that it runs before anything else does.

globalThis.harness = (() => {
  const violations = [];
  document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI, sourceFile, lineNumber }) => {
    // The icon of a tab is a wish of the browser's own.
    if (blockedURI.endsWith('/favicon.ico')) return;
    violations.push(`${effectiveDirective} ${blockedURI} at ${sourceFile}:${lineNumber}`);
  });
  const id = new URL(location.href).searchParams.get('job');

  const post = (answer) => fetch(`/answers/${id}`, { method: 'POST', body: JSON.stringify({ ...answer, violations }) });

  const describe = (error) =>
    error instanceof Error ? `${error.code ?? ''} ${error.stack ?? error}`.trim() : String(error);

  // What nobody caught is nobody's answer: the job fails.
  addEventListener('error', ({ error, message }) => post({ error: describe(error ?? message) }));
  addEventListener('unhandledrejection', ({ reason }) => post({ error: `unhandled: ${describe(reason)}` }));

  return {
    violations,
    /** Does the job of this page with the work that is registered for its kind. */
    async run(works) {
      const { kind, data } = await (await fetch(`/jobs/${id}`)).json();
      try {
        const value = await works[kind](data);
        // Reports of violations come in tasks of their own.
        await new Promise((resolve) => setTimeout(resolve));
        await post({ value });
      } catch (error) {
        await post({ error: describe(error) });
      }
    },
    /** Resolves when so many pages wait for it by this name. */
    barrier: (name, parties) => fetch(`/barriers/${name}?parties=${parties}`, { method: 'POST' }),
  };
})();

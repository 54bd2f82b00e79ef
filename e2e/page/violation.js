// Breaks the policy in the ways that matter, to see that each is stopped and seen.

const attempt = (action) => {
  try {
    action();
    return 'went through';
  } catch (error) {
    return error.name;
  }
};

globalThis.harness.run({
  break() {
    // Trusted as a type, but still text that would become code.
    const trusted = globalThis.trustedTypes
      ?.createPolicy('breaker', { createScript: (text) => text })
      .createScript('1');
    return {
      inline: globalThis.inlineRan === true ? 'went through' : 'did not run',
      // biome-ignore lint/security/noGlobalEval: it is what must not work.
      eval: attempt(() => globalThis.eval(trusted ?? '1')),
      html: attempt(() => {
        document.createElement('div').innerHTML = '<b>x</b>';
      }),
      elsewhere: attempt(() => new WebSocket('ws://localhost:9/')),
    };
  },
});

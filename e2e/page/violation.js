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
  async break() {
    // Trusted as a type, but still text that would become code.
    const trusted = globalThis.trustedTypes
      ?.createPolicy('breaker', { createScript: (text) => text })
      .createScript('1');
    const outcome = {
      inline: globalThis.inlineRan === true ? 'went through' : 'did not run',
      // biome-ignore lint/security/noGlobalEval: it is what must not work.
      eval: attempt(() => globalThis.eval(trusted ?? '1')),
      html: attempt(() => {
        document.createElement('div').innerHTML = '<b>x</b>';
      }),
      elsewhere: attempt(() => new WebSocket('ws://localhost:9/')),
    };
    await fetch('http://localhost:9/').catch(() => {});
    // Some browsers find out about connections a little later.
    const { violations } = globalThis.harness;
    const seen = () => violations.some((violation) => violation.startsWith('connect-src'));
    for (let tries = 0; tries < 100 && !seen(); tries++) await new Promise((go) => setTimeout(go, 50));
    return outcome;
  },
});

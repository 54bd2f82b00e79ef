// The package by script tag: one global, and everything behind it.

globalThis.harness.run({
  async call({ did, agentUrl }) {
    const { harness, ringline } = globalThis;
    // Names with two underscores are of those who drive the browser.
    const names = Object.getOwnPropertyNames(globalThis).filter((name) => !name.startsWith('__'));
    const added = names.filter((name) => !harness.before.includes(name));
    const identity = await ringline.createIdentity();
    const session = await ringline.connect({ identity, transport: ringline.webSocket(agentUrl), remoteDid: did });
    const reply = await session.call('echo', { from: 'a script tag' });
    const seen = [];
    for await (const n of session.stream('count', { n: 100 })) seen.push(n);
    const { clean } = await session.close();
    return { added, reply, items: seen.length, clean };
  },
});

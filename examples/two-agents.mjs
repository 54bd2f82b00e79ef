// Two agents that have never met shake hands. One grants the other something, is called under it, sees a part of it passed
// on to a third, and takes it all back.

import { connect, createIdentity, memoryPair, serve } from 'ringline';
import { AitpAgent, didFromAid, pinnedKeys, snapshotRevocation } from 'ringline/aitp';
import { aitpPhone, presentTct } from 'ringline/aitp/phone';

// What each agent would serve over https: its list of tokens taken back. Nobody takes a token without asking for it.
const published = new Map();
const revocation = snapshotRevocation(async (issuer) => published.get(issuer), { cacheSec: 0 });

async function moveIn(name, offeredCapabilities) {
  const identity = await createIdentity();
  const agent = AitpAgent.fromIdentity(identity, { revocation });
  const manifest = await agent.buildManifest({
    displayName: name,
    handshakeEndpoint: `https://${name.toLowerCase()}.example/aitp/`,
    offeredCapabilities,
  });
  published.set(agent.aid, await agent.signRevocationList([]));
  // What a friend notes down about it: a name, and the key that goes with it.
  return { identity, agent, manifest, pin: { subject: name, publicKey: agent.manifest.identityHint.publicKey } };
}

const anna = await moveIn('Anna', ['trips.read']);
const bert = await moveIn('Bert', ['agenda.read', 'agenda.write']);
const cleo = await moveIn('Cleo', []);

// The handshake: four messages, JSON text in and out, over any wire.
const caller = anna.agent.newSession({ pinnedKeys: pinnedKeys([bert.pin]) });
const called = bert.agent.newResponder({ pinnedKeys: pinnedKeys([anna.pin]) });

const hello = await caller.buildHello(bert.manifest, ['agenda.read', 'agenda.write']);
const { ackJson: helloAck } = await called.processHello(hello);
const commit = await caller.processHelloAck(helloAck);
const { ackJson: commitAck, completed } = await called.processCommit(commit);
const granted = await caller.complete(commitAck);

for (const message of [hello, helloAck, commit, commitAck]) {
  console.log(`${JSON.parse(message).message_type.padEnd(17)} ${message.length} characters`);
}
console.log('Anna may use:', granted.claims.grants.join(', '));
console.log('Bert may use:', completed.claims.grants.join(', '));

// Bert answers calls, each method under a capability of its own. Whoever shows a token has to be the agent it is for.
const phone = aitpPhone({ agent: bert.agent, revocation });
const agenda = ['Mon: dentist'];
const redeemed = [];
const server = serve({
  identity: bert.identity,
  authorize: phone.requireEach({ read: 'agenda.read', write: 'agenda.write', redeem: null }),
  handlers: {
    ...phone.handlers,
    read: () => agenda,
    write: (entry) => agenda.push(entry),
    async redeem(delegation, { peer }) {
      // No proof is asked for, since the session is one: its caller holds the key that the delegation has to be for.
      const verified = await bert.agent.verifyDelegation(delegation, { revocation, pop: { dangerouslySkipPop: true } });
      if (didFromAid(verified.delegatee) !== peer.did) throw new Error('a delegation for somebody else');
      const { tct } = await bert.agent.issueTctForDelegatee(verified);
      redeemed.push({ jti: tct.jti });
      return tct.token;
    },
  },
});

function call({ identity }) {
  const [near, far] = memoryPair();
  server.accept(far).catch(() => {});
  return connect({ identity, transport: near, remoteDid: bert.identity.did });
}

const answerOf = (call) => call.catch((error) => `refused, ${error.peerCode ?? error.message}`);

const fromAnna = await call(anna);
console.log('Anna, without her token:', await answerOf(fromAnna.call('read')));
await presentTct(fromAnna, granted.tct);
await fromAnna.call('write', 'Tue: train to Basel');
console.log('Anna reads:', (await fromAnna.call('read')).join('; '));

// Anna passes on a part of it. Cleo takes that to Bert, and gets a token of her own.
const delegation = await anna.agent.buildDelegation(granted.grantVoucher, cleo.agent.aid, ['agenda.read']);
const fromCleo = await call(cleo);
console.log("Cleo, with Anna's token:", await answerOf(presentTct(fromCleo, granted.tct)));
await presentTct(fromCleo, await fromCleo.call('redeem', delegation));
console.log('Cleo reads:', (await fromCleo.call('read')).join('; '));
console.log('Cleo writes:', await answerOf(fromCleo.call('write', 'Wed: party')));

// Bert takes back what he granted Anna, and the token he gave for her delegation. Both are over with the next call, and
// the delegation will not be redeemed again.
published.set(bert.agent.aid, await bert.agent.signRevocationList([{ jti: completed.issued.jti }, ...redeemed]));
console.log('Anna, taken back:', await answerOf(fromAnna.call('read')));
console.log('Cleo, taken back:', await answerOf(fromCleo.call('read')));
const refused = bert.agent.verifyDelegation(delegation, { revocation, pop: { dangerouslySkipPop: true } });
console.log('The delegation:', await refused.catch((error) => error.wireCode));

await fromAnna.close();
await fromCleo.close();

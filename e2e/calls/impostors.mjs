// The two liars. The package refuses to lie, so they are put together from its lower rooms.

/**
 * Calls under the name of somebody else, with a key of its own, and asks for something right behind the handshake.
 *
 * @param {any} library
 * @param {{ dialer: any, did: string, victimDid: string, method?: string }} target `did`: of the agent that is called.
 * @returns {Promise<{ code: number, answers: number }>} How the connection ended, 0 when it did not, and how much came
 *   after message 2.
 */
export async function claimAnotherName(
  { front, identity, noise, channel },
  { dialer, did, victimDid, method = 'echo' },
) {
  const liar = await front.createIdentity();
  const initiator = new noise.XkInitiator({
    suite: noise.nobleSuite,
    staticKey: { publicKey: identity.didToX25519(liar.did), agree: (publicKey) => liar.agree(publicKey) },
    remoteStaticKey: identity.didToX25519(did),
    prologue: noise.buildPrologue(victimDid, did),
  });
  const transport = await dialer.dial({ subprotocol: channel.SUBPROTOCOL, callerDid: victimDid });
  const arrived = [];
  let answered;
  const answer = new Promise((resolve) => {
    answered = resolve;
  });
  const message2 = new Promise((resolve, reject) => {
    transport.receive((message) => {
      if (arrived.push(message) === 1) resolve(message);
      else answered({ code: 0 });
    });
    transport.closed.then(({ code }) => reject(new Error(`the agent hung up before message 2, with ${code}`)));
  });
  transport.send(await initiator.writeMessage1());
  await initiator.readMessage2(await message2);
  transport.send(initiator.writeMessage3());
  const { send } = initiator.split();
  const request = `{"method":"${method}","params":{},"seq":0,"stream_id":1,"type":"req"}`;
  // The agent may have hung up already, which is what is asked of it.
  try {
    transport.send(send.encryptWithAd(new Uint8Array(), new TextEncoder().encode(request)));
  } catch (error) {
    if (error?.code !== 'ERR_CHANNEL_CLOSED') throw error;
  }
  // To be answered would be the end of it, too.
  const { code } = await Promise.race([transport.closed, answer]);
  transport.abort();
  return { code, answers: arrived.length - 1 };
}

/**
 * An agent that answers in the name of another. It cannot know the secret that message 2 has to prove, so it makes the
 * proof up: a good public key, and a tag out of thin air.
 *
 * @param {any} library @param {string} did The name it uses.
 * @returns {Promise<any>} As `serve` returns it, for a host.
 */
export async function falseAgent({ front, channel, identity }, did) {
  const own = await front.createIdentity();
  return {
    ...front.serve({ identity: own }),
    did,
    async accept(connection) {
      const { SUBPROTOCOL: subprotocol } = channel;
      const { transport } = 'accept' in connection ? await connection.accept({ subprotocol }) : connection;
      const message2 = crypto.getRandomValues(new Uint8Array(48));
      message2.set(identity.didToX25519(own.did));
      transport.receive(() => transport.send(message2));
      await transport.closed;
      throw new Error('the caller has left');
    },
  };
}

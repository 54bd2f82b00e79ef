// A caller that lies: it claims a name, holds another key, and does everything else right. The package refuses to lie
// in the first place, so this is put together from its lower rooms. Loaded only when the trial is asked for.

import { SUBPROTOCOL } from 'ringline/channel';
import { createIdentity, didToX25519 } from 'ringline/identity';
import { buildPrologue, nobleSuite, XkInitiator } from 'ringline/noise';
import { type Transport, webSocket } from 'ringline/transport';

/** What the liar got. */
export interface FalseCall {
  /** Messages that came after the handshake. */
  readonly answers: number;
  /** WebSocket close code; 0 when the agent did not hang up. */
  readonly closeCode: number;
}

const ORDER = '{"method":"order","params":{"what":"100 pizzas"},"seq":0,"stream_id":1,"type":"req"}';

/** An agent that refuses does so at once. */
const PATIENCE_MS = 3_000;

/**
 * Calls an agent under somebody else's name, and orders right behind the handshake, without waiting to be let in.
 *
 * @param victimDid The name that is claimed.
 */
export async function callAs(
  victimDid: string,
  agent: { readonly url: string; readonly did: string },
): Promise<FalseCall> {
  const stranger = await createIdentity();
  const initiator = new XkInitiator({
    suite: nobleSuite,
    staticKey: { publicKey: didToX25519(stranger.did), agree: (publicKey) => stranger.agree(publicKey) },
    remoteStaticKey: didToX25519(agent.did),
    prologue: buildPrologue(victimDid, agent.did),
  });
  const transport = await webSocket(agent.url).dial({ subprotocol: SUBPROTOCOL, callerDid: victimDid });
  const inbox = new Inbox(transport);
  const message1 = await initiator.writeMessage1();
  const message2 = inbox.next();
  transport.send(message1);
  await initiator.readMessage2(await message2);
  transport.send(initiator.writeMessage3());
  const { send } = initiator.split();
  transport.send(send.encryptWithAd(new Uint8Array(), new TextEncoder().encode(ORDER)));

  const tooLong = new Promise<undefined>((resolve) => setTimeout(resolve, PATIENCE_MS, undefined));
  const answer = inbox.next().catch(() => undefined);
  await Promise.race([transport.closed, answer, tooLong]);
  const ended = await Promise.race([transport.closed, undefined]);
  transport.abort();
  return { answers: inbox.count - 1, closeCode: ended?.code ?? 0 };
}

/** The messages of a transport, one after the other. */
class Inbox {
  count = 0;
  readonly #ended: Promise<never>;
  #arrived: (message: Uint8Array) => void = () => {};

  constructor(transport: Transport) {
    this.#ended = transport.closed.then(() => Promise.reject(new Error('the agent hung up')));
    this.#ended.catch(() => {});
    transport.receive((message) => {
      this.count++;
      if (typeof message !== 'string') this.#arrived(message);
    });
  }

  /** The next message. Ask before it can come. */
  next(): Promise<Uint8Array> {
    const arrival = new Promise<Uint8Array>((resolve) => {
      this.#arrived = resolve;
    });
    return Promise.race([arrival, this.#ended]);
  }
}

// @ts-check
// What the agent grants whoever proves a key: its guest book, for a while. The handshake over HTTP, and the calls it leads
// to on the phone.

import { AitpAgent, aidFromDid, ownRevocations, trustAnyPinnedKey } from 'ringline/aitp';
import { serveAitp } from 'ringline/aitp/http';
import { aitpPhone } from 'ringline/aitp/phone';

/** Names that are kept. */
const MAX_NAMES = 100;

const OFFERS = ['guestbook.sign', 'guestbook.read'];

/**
 * @typedef {object} Trust
 * @property {import('ringline/host/node-http').FetchHandler} answer Answers what is asked over HTTP.
 * @property {import('ringline').Handlers} handlers
 * @property {import('ringline').Authorize} authorize
 */

/**
 * Makes it.
 *
 * @param {import('ringline').Identity} identity
 * @param {string} origin Where it is asked over HTTP.
 * @param {readonly string[]} open Methods that everybody may call.
 * @returns {Promise<Trust>}
 */
export async function trustOf(identity, origin, open) {
  const agent = AitpAgent.fromIdentity(identity, {
    // It picks up for anybody who has a key, and writes down who that was.
    pinnedKeys: trustAnyPinnedKey(),
    // It makes no use of what others grant it.
    revocation: { dangerouslyIgnoreRevocation: true },
    allowHttpLoopback: true,
  });
  await agent.buildManifest({
    displayName: 'The demo agent',
    handshakeEndpoint: new URL('/aitp/', origin).href,
    offeredCapabilities: OFFERS,
    // The demo stays for as long as somebody looks at it.
    ttlSec: 7 * 24 * 3_600,
  });
  /** @type {Map<string, string[]>} Numbers of tokens by their holder. */
  const issued = new Map();
  /** @type {Map<string, number>} When tokens were taken back, in Unix seconds, by their number. */
  const revoked = new Map();
  /** @type {string[]} */
  const names = [];

  const remember = (/** @type {import('ringline/aitp').HandshakeResult} */ { peer, issued: { jti } }) => {
    issued.set(peer.aid, [...(issued.get(peer.aid) ?? []), jti]);
  };
  const phone = aitpPhone({ agent, revocation: ownRevocations(revoked), onHandshake: remember });
  const everybody = Object.fromEntries(open.map((method) => [method, null]));
  return {
    answer: serveAitp({
      agent,
      revocations: () => Array.from(revoked, ([jti, revokedAtSec]) => ({ jti, revokedAtSec })),
      onHandshake: remember,
      manifestMaxAgeSec: 0,
    }),
    handlers: {
      ...phone.handlers,
      'guestbook.sign'({ name }, { peer }) {
        names.push(`${String(name).slice(0, 40)}, ${peer.did.slice(-6)}`);
        if (names.length > MAX_NAMES) names.shift();
        return { said: `Entry ${names.length} in the guest book: ${names.at(-1)}.` };
      },
      'guestbook.leave'(_params, { peer }) {
        const jtis = issued.get(aidFromDid(peer.did)) ?? [];
        for (const jti of jtis) revoked.set(jti, Math.floor(Date.now() / 1000));
        return { said: `${jtis.length === 1 ? 'Your token is' : `Your ${jtis.length} tokens are`} on the list.` };
      },
    },
    authorize: phone.requireEach({ ...everybody, 'guestbook.sign': 'guestbook.sign', 'guestbook.leave': null }),
  };
}

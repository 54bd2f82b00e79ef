// What the tests sign and then break: one token, voucher and delegation between three agents.

import { handshakeOptions, signerOf, verifyWith } from './aitp-agents.mjs';
import { NOW } from './aitp-session.mjs';

const now = () => NOW;

/**
 * An issuer, a holder and a third agent, and what the first two have signed for each other.
 *
 * @param {any} library @param {string} suite @param {string} backend
 */
export async function makeTokens(library, suite, backend) {
  const { aitp } = library;
  const name = (role) => `${role} of tokens, ${suite}, ${backend}`;
  const own = { suite, backend, now, identity: 'oidc' };
  const { signer: issuer, manifest } = await handshakeOptions(library, { ...own, name: name('issuer') });
  const [holder, third] = await Promise.all(
    ['holder', 'third'].map((role) => signerOf(library, name(role), suite, backend)),
  );
  verifyWith(
    library,
    [issuer, holder, third].map(({ aid }) => aid),
    backend,
  );
  const grants = ['tide.read', 'tide.write'];
  const { tct, voucher } = await aitp.issueTct(issuer, { subject: holder.aid, grants, now, issuerManifest: manifest });
  const content = { voucher, delegatee: third.aid, scope: ['tide.read'], now };
  const delegation = await aitp.issueDelegation(holder, content);
  const nonce = 'E1P1xitRfiKsGDoeyKCI0w';
  const pop = { nonce, signature: await aitp.signPop(nonce, third) };
  return { issuer, holder, third, manifest, tct, voucher, delegation, pop };
}

/** A compact token with other claims, signed anew by whoever is told to. */
export function reissue({ aitp, codec }, token, signer, typ, change) {
  const claims = JSON.parse(new TextDecoder().decode(codec.decodeBase64url(token.split('.')[1])));
  return aitp.signJws({ ...claims, iss: signer.aid, ...change }, typ, signer);
}

/** A token or a document with one digit in the middle of its signature changed, where all bits count. */
export function damaged(text) {
  const at = (text.startsWith('{') ? text.lastIndexOf('"signature":"') + 12 : text.lastIndexOf('.')) + 30;
  return text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
}

// A token as one would print it: who grants whom what, until when. All of it comes from the token, once it was verified.

import type { TokenFacts } from '../trust/actors.js';
import { make } from './dom.js';
import { drawFingerprint } from './fingerprint.js';
import { shortDid } from './format.js';

const times = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false });

/** Whoever stands behind an AID. */
export interface Party {
  readonly name: string;
  readonly did: string;
}

/** Draws a token. @param partyOf Whom this view knows by an AID. */
export function drawToken(facts: TokenFacts, partyOf: (aid: string) => Party): HTMLElement {
  const { issuer, holder, grants, issuedAtSec, expiresAtSec, jti } = facts;
  const end = (aid: string, role: string) => {
    const { name, did } = partyOf(aid);
    const ring = make('span', 'token-ring', drawFingerprint(did));
    return make('span', 'token-end', ring, make('b', '', name), make('span', 'label', role));
  };
  const arrow = make('span', 'token-arrow', '\u2192');
  arrow.setAttribute('aria-hidden', 'true');
  const list = make('ul', 'token-grants', ...grants.map((grant) => make('li', 'tag mono', grant)));
  list.setAttribute('aria-label', 'Granted');
  const row = (name: string, value: string, mono = true) =>
    make('div', '', make('dt', '', name), make('dd', mono ? 'mono' : '', value));
  const ticket = make(
    'article',
    'token',
    make('p', 'token-ends', end(issuer, 'grants'), arrow, end(holder, 'holds')),
    list,
    make(
      'dl',
      'facts',
      row('Until', `${times.format(expiresAtSec * 1000)}, for ${formatLifetime(expiresAtSec - issuedAtSec)}`, false),
      row('Issuer', shortDid(issuer)),
      row('Holder', shortDid(holder)),
      row('Number', `${jti.slice(0, 8)}\u2026`),
    ),
  );
  ticket.dataset.jti = jti;
  ticket.setAttribute('aria-label', `Token of ${partyOf(holder).name}, granted by ${partyOf(issuer).name}`);
  return ticket;
}

/** Marks every token of these numbers that is on the page. */
export function markTakenBack(jtis: readonly string[]): void {
  for (const ticket of document.querySelectorAll<HTMLElement>('.token')) {
    if (ticket.dataset.takenBack !== undefined || !jtis.includes(ticket.dataset.jti ?? '')) continue;
    ticket.dataset.takenBack = '';
    ticket.append(make('p', 'token-mark stamp stamp-bad', 'Taken back'));
  }
}

function formatLifetime(sec: number): string {
  return sec < 120 ? `${sec} s` : `${Math.round(sec / 60)} min`;
}

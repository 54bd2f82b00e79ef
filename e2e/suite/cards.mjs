// Agent cards: what they are in each canonical form, whose signatures hold, and what is left of a card that somebody
// changed.

import forms from '../../vectors/a2a/forms.json' with { type: 'json' };
import keyFile from '../../vectors/a2a/keys.json' with { type: 'json' };
import rejected from '../../vectors/a2a/rejected.json' with { type: 'json' };
import signed from '../../vectors/a2a/signed.json' with { type: 'json' };
import { cardOf } from '../calls/a2a-agent.mjs';
import { equal, failure, ok, refuses } from './assert.mjs';
import { askingBoth } from './documents.mjs';

const ORIGIN = 'https://tide.example';

/** @param {any} library */
export function cardCases(library) {
  return [
    { name: 'cards: the canonical texts of the vectors, in every profile', run: () => canonicalTexts(library) },
    {
      name: 'cards: the signatures of the vectors hold in the profiles they should, and say the same to both backends',
      run: () => signedVectors(library),
    },
    {
      name: 'cards: every card of the vectors to be refused is, for one reason with both backends',
      run: () => rejectedVectors(library),
    },
    { name: 'cards: signed by an identity, verified by its DID', run: () => byIdentity(library) },
    { name: 'cards: signed with a key of P-256, verified by JWK, key, set and callback', run: () => byKey(library) },
    { name: 'cards: any text changed, added or taken away is found out', run: () => tampering(library) },
    { name: 'cards: what no signature covers is dropped, kept or refused, as told', run: () => uncovered(library) },
    { name: 'cards: where others read a card differently, it is signed twice', run: () => twice(library) },
    { name: 'cards: members called __proto__ are members', run: () => oddNames(library) },
    { name: 'cards: keys for some origins only, or for some time', run: () => scopes(library) },
    { name: 'cards: keys where the header points to, where that is allowed', run: () => pointers(library) },
    { name: 'cards: from a verified card to the phone of whoever signed it', run: () => phones(library) },
  ];
}

const profilesOf = ({ cards }) => [...cards.DEFAULT_PROFILES, cards.pythonLegacy];

function canonicalTexts(library) {
  ok(forms.length >= 10);
  for (const { id, card, forms: texts } of forms) {
    for (const profile of profilesOf(library)) {
      equal(library.cards.canonicalSigningPayload(card, profile).text, texts[profile.name], `${id}, ${profile.name}:`);
    }
  }
}

async function signedVectors(library) {
  const { verifyAgentCard } = library.cards;
  const { keySet } = library.documents;
  const all = keySet([...keyFile.jwks.keys, keyFile.stranger]);
  const both = askingBoth(library.verifier);
  ok(signed.length >= 20);
  for (const { id, card, keys, verifiesUnder } of signed) {
    for (const [i, names] of verifiesUnder.entries()) {
      const one = { ...card, signatures: [card.signatures[i]] };
      for (const profile of profilesOf(library)) {
        const verification = verifyAgentCard(one, { keys: all, profiles: [profile] });
        const verdict = await verification.then(
          (verified) => verified.profile,
          (error) => error.code,
        );
        const due = names.includes(profile.name) ? profile.name : 'ERR_A2A_VERIFICATION_FAILED';
        equal(verdict, due, `${id}, signature ${i}, ${profile.name}:`);
      }
    }
    const held = keyFile.jwks.keys.filter(({ kid }) => keys.includes(kid));
    const options = { keys: both(keySet(held)), profiles: profilesOf(library) };
    const fromText = await verifyAgentCard(JSON.stringify(card, undefined, 1), options);
    const fromValue = await verifyAgentCard(card, options);
    equal(fromText.card, fromValue.card, id);
    equal(fromText.signedText, fromValue.signedText, id);
    equal(fromText.uncovered, fromValue.uncovered, id);
  }
}

async function rejectedVectors(library) {
  const { verifyAgentCard } = library.cards;
  const roots = askingBoth(library.verifier)(library.documents.keySet(keyFile.jwks));
  ok(rejected.length >= 100);
  for (const { id, expect, why, card, cardText, options = {} } of rejected) {
    const { allowedOrigins, notBefore, notAfter, now, ...rest } = options;
    const scope = {
      ...(allowedOrigins && { allowedOrigins }),
      ...(notBefore && { notBefore: new Date(notBefore) }),
      ...(notAfter && { notAfter: new Date(notAfter) }),
    };
    const keys = Object.keys(scope).length === 0 ? roots : { keys: roots, ...scope };
    for (const input of cardText === undefined ? [card, JSON.stringify(card)] : [cardText]) {
      const verification = verifyAgentCard(input, { ...rest, keys, ...(now && { now: () => Date.parse(now) }) });
      const verdict = await verification.then(
        () => 'valid',
        (error) => error.wireCode ?? String(error),
      );
      equal(verdict, expect, `${id} (${why}):`);
    }
  }
}

async function byIdentity(library) {
  const { cards, front } = library;
  const [alice, mallory] = await Promise.all([front.createIdentity(), front.createIdentity()]);
  const card = cardOf(library, ORIGIN);
  const made = await cards.signAgentCard(card, alice);
  const { header } = cards.verificationInput(made);
  equal([made.signatures.length, header.alg, header.typ, header.kid], [1, 'EdDSA', 'JOSE', alice.did]);
  for (const input of [made, JSON.stringify(made), new TextEncoder().encode(JSON.stringify(made, undefined, 2))]) {
    const verified = await cards.verifyAgentCard(input, { keys: alice.did });
    equal(verified.card, card);
    equal([verified.kid, verified.alg, verified.key.did, verified.uncovered], [alice.did, 'EdDSA', alice.did, []]);
    ok(Object.isFrozen(verified.card) && Object.isFrozen(verified.card.skills[0]), 'not frozen');
  }
  await refuses(() => cards.verifyAgentCard(made, { keys: mallory.did }), 'ERR_A2A_KEY_NOT_FOUND');
  await refuses(() => cards.verifyAgentCard(card, { keys: alice.did }), 'ERR_A2A_MISSING_SIGNATURES');
  await refuses(
    () => cards.verifyAgentCard(made, { keys: alice.did, algorithms: ['ES256'] }),
    'ERR_A2A_UNSUPPORTED_ALGORITHM',
  );
  // Under her name, with another key.
  const forged = await cards.signAgentCard(card, mallory, { kid: alice.did });
  await refuses(() => cards.verifyAgentCard(forged, { keys: alice.did }), 'ERR_A2A_VERIFICATION_FAILED');
  const both = { ...made, signatures: [...forged.signatures, ...made.signatures] };
  const verified = await cards.verifyAgentCard(both, { keys: alice.did });
  equal(
    verified.attempts.map(({ code }) => code),
    ['ERR_A2A_VERIFICATION_FAILED', undefined],
  );
  await refuses(() => cards.verifyAgentCard(both, { keys: alice.did, accept: 'all' }), 'ERR_A2A_VERIFICATION_FAILED');
}

async function byKey(library) {
  const { cards, documents } = library;
  const ec = keyFile.private.find(({ crv }) => crv === 'P-256');
  const jwk = keyFile.jwks.keys.find(({ kid }) => kid === ec.kid);
  const made = await cards.signAgentCard(cardOf(library, ORIGIN), ec);
  for (const keys of [
    jwk,
    keyFile.jwks,
    documents.keyFromJwk(jwk),
    documents.keySet([jwk]),
    ['did:key:z6MkehRgf7yJbgaGfYsdoAsKdBPE3dj2CYhowQdcjqSJgvVd', jwk],
  ]) {
    equal((await cards.verifyAgentCard(made, { keys })).alg, 'ES256');
  }
  // A key without a name answers to its thumbprint.
  const { privateKey, publicKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, false, [
    'sign',
    'verify',
  ]);
  const byHidden = await cards.signAgentCard(
    cardOf(library, ORIGIN),
    await documents.signerFromCryptoKey(privateKey, publicKey),
  );
  const { kid } = await cards.verifyAgentCard(byHidden, { keys: publicKey });
  equal(kid, await documents.jwkThumbprint(documents.keyToJwk(await documents.keyFromCryptoKey(publicKey))));

  const asked = [];
  const check = async ({ header, signingInput, signature }) => {
    asked.push(header.alg);
    return documents.keyFromJwk(jwk).verify(signingInput, signature);
  };
  equal((await cards.verifySignatures(made, ['ES256'], check)).kid, ec.kid);
  equal(asked, ['ES256']);
  await refuses(() => cards.verifySignatures(made, ['ES384'], check), 'ERR_A2A_UNSUPPORTED_ALGORITHM');
  await refuses(() => cards.verifySignatures(made, ['ES256'], () => 1), 'ERR_A2A_VERIFICATION_FAILED');
  for (const header of [{ crit: ['x'] }, { b64: false }, { alg: 'none' }]) {
    await refuses(() => cards.signAgentCard(cardOf(library, ORIGIN), ec, { header }), 'ERR_A2A_INVALID_HEADER');
  }
}

async function tampering(library) {
  const { cards, front } = library;
  const identity = await front.createIdentity();
  const text = JSON.stringify(await cards.signAgentCard(cardOf(library, ORIGIN), identity));
  const changes = {
    'Tide Table': 'Tide Tablf',
    [`${ORIGIN}/a2a/rpc`]: 'https://evil.example/a2a/rpc',
    JSONRPC: 'GRPC',
    '"streaming":true': '"streaming":false',
    '"pushNotifications":true,': '',
    '["tide"]': '["tide","high"]',
    '"version":"3.1.0"': '"version":"3.1.0","iconUrl":"https://evil.example/"',
  };
  for (const [from, to] of Object.entries(changes)) {
    ok(text.includes(from), from);
    const changed = text.replace(from, to);
    const verification = cards.verifyAgentCard(changed, { keys: identity.did, uncovered: 'reject' });
    const error = await failure(() => verification);
    // What was only added is left out where nobody asks for more.
    ok(['ERR_A2A_VERIFICATION_FAILED', 'ERR_A2A_UNCOVERED_CONTENT'].includes(error.code), `${from}: ${error.code}`);
  }
  const twice = text.replace('{', '{"name":"Evil Table",');
  await refuses(() => cards.verifyAgentCard(twice, { keys: identity.did }), 'ERR_A2A_INVALID_CARD');
}

/** A card with security schemes in the form of the official server's memory, which its signature does not cover. */
async function uncovered({ cards }) {
  const { card } = signed.find(({ id }) => id === 'case-shape-by-sdk');
  const verify = (policy) => cards.verifyAgentCard(card, { keys: keyFile.jwks, uncovered: policy });
  const [dropped, kept] = [await verify('drop'), await verify('keep')];

  ok(dropped.uncovered.length > 0 && dropped.uncovered.includes('/securitySchemes'));
  equal(kept.uncovered, dropped.uncovered);
  ok(JSON.stringify(kept.card).length > JSON.stringify(dropped.card).length, 'nothing was dropped');
  const error = await failure(() => verify('reject'));
  equal([error.code, error.uncovered], ['ERR_A2A_UNCOVERED_CONTENT', dropped.uncovered]);
}

async function twice(library) {
  const { cards } = library;
  const [ed] = keyFile.private;
  // Something that is required and empty: the specification keeps it, the official SDKs take it out.
  const card = { ...cardOf(library, ORIGIN), description: '' };
  const made = await cards.signAgentCard(card, ed);
  equal(made.signatures.length, 2);
  for (const [i, profile] of [cards.spec, cards.sdk].entries()) {
    const one = { ...made, signatures: [made.signatures[i]] };
    equal((await cards.verifyAgentCard(one, { keys: keyFile.jwks, profiles: [profile] })).profile, profile.name);
  }
  equal((await cards.verifyAgentCard(made, { keys: keyFile.jwks, accept: 'all' })).kid, ed.kid);
  equal((await cards.signAgentCard(card, ed, { compat: 'off' })).signatures.length, 1);
  equal((await cards.signAgentCard(cardOf(library, ORIGIN), ed)).signatures.length, 1, 'both read it alike');
  // Somebody else signs too: the first signature stays, unless told.
  const [, , ec] = keyFile.private;
  const signers = async (options) => {
    const again = await cards.signAgentCard(await cards.signAgentCard(cardOf(library, ORIGIN), ed), ec, options);
    return again.signatures.map((_, i) => cards.verificationInput(again, i).header.kid);
  };
  equal([await signers(), await signers({ existing: 'replace' })], [[ed.kid, ec.kid], [ec.kid]]);
}

async function oddNames(library) {
  const { cards, front } = library;
  const identity = await front.createIdentity();
  const params = JSON.parse('{"__proto__":{"admin":true},"constructor":{"prototype":1},"toString":"x"}');
  const extension = { uri: 'https://tide.example/ext', params };
  const card = { ...cardOf(library, ORIGIN), capabilities: { extensions: [extension] } };
  const text = JSON.stringify(await cards.signAgentCard(card, identity));
  ok(text.includes('"__proto__":{"admin":true}'), 'the member is gone');
  const verified = await cards.verifyAgentCard(text, { keys: identity.did });
  const [{ params: read }] = verified.card.capabilities.extensions;
  equal(Object.keys(read).sort(), ['__proto__', 'constructor', 'toString']);
  equal(
    [JSON.stringify(Object.getOwnPropertyDescriptor(read, '__proto__').value), read.admin, {}.admin],
    ['{"admin":true}', undefined, undefined],
  );
  for (const changed of [
    text.replace('"admin":true', '"admin":false'),
    text.replace('"__proto__":{"admin":true},', ''),
  ]) {
    await refuses(() => cards.verifyAgentCard(changed, { keys: identity.did }), 'ERR_A2A_VERIFICATION_FAILED');
  }
  const parsed = cards.parseAgentCard(text);
  equal([Object.hasOwn(parsed.capabilities.extensions[0].params, '__proto__'), {}.admin], [true, undefined]);
}

async function scopes(library) {
  const { cards, front } = library;
  const identity = await front.createIdentity();
  const made = await cards.signAgentCard(cardOf(library, ORIGIN), identity);
  const keys = identity.did;
  const verify = (scope, options) => cards.verifyAgentCard(made, { keys: [{ keys, ...scope }], ...options });
  equal((await verify({ allowedOrigins: [ORIGIN] }, { cardUrl: `${ORIGIN}/card.json` })).kid, keys);
  await refuses(() => verify({ allowedOrigins: ['https://other.example'] }), 'ERR_A2A_ORIGIN_NOT_ALLOWED');
  const elsewhere = { cardUrl: 'https://other.example/card.json' };
  await refuses(() => verify({ allowedOrigins: [ORIGIN] }, elsewhere), 'ERR_A2A_ORIGIN_NOT_ALLOWED');
  const now = () => 1_000;
  equal((await verify({ notBefore: new Date(1_000), notAfter: new Date(1_000) }, { now })).kid, keys);
  await refuses(() => verify({ notAfter: new Date(999) }, { now }), 'ERR_A2A_KEY_UNUSABLE');
  await refuses(() => verify({ notBefore: new Date(1_001) }, { now }), 'ERR_A2A_KEY_UNUSABLE');
}

async function pointers(library) {
  const { cards } = library;
  const [, , ec] = keyFile.private;
  const jku = 'https://keys.example/agents/jwks.json';
  const made = await cards.signAgentCard(cardOf(library, ORIGIN), ec, { jku });
  const asked = [];
  const fetch = async (url) => {
    asked.push(url);
    return Response.json(keyFile.jwks);
  };
  const follow = (allow) => cards.jkuPolicy({ allow, remote: { fetch } });
  await refuses(() => cards.verifyAgentCard(made, { keys: [] }), 'ERR_A2A_KEY_NOT_FOUND');
  const other = follow(['https://keys.example/others/', 'https://keys.example/agents']);
  await refuses(() => cards.verifyAgentCard(made, { keys: [], jku: other }), 'ERR_A2A_JKU_NOT_ALLOWED');
  equal(asked, []);
  const policy = follow(['https://keys.example/agents/']);
  for (let times = 0; times < 2; times++) {
    equal((await cards.verifyAgentCard(made, { keys: [], jku: policy })).kid, ec.kid);
  }
  equal(asked, [jku], 'asked once');
}

async function phones(library) {
  const { a2aPhone, cards, front } = library;
  const [alice, bob] = await Promise.all([front.createIdentity(), front.createIdentity()]);
  const url = 'wss://tide.example/phone';
  const card = cardOf(library, ORIGIN, [a2aPhone.phoneInterface({ url, did: alice.did })]);
  const verified = await cards.verifyAgentCard(await cards.signAgentCard(card, alice), { keys: alice.did });
  const target = a2aPhone.phoneTarget(verified);
  equal([target.remoteDid, typeof target.transport.dial], [alice.did, 'function']);
  equal(a2aPhone.readPhoneAddress(verified.card), { url, did: alice.did });
  // Bob may be trusted, and still has no say about who answers her phone.
  const byBob = await cards.verifyAgentCard(await cards.signAgentCard(card, bob), { keys: [alice.did, bob.did] });
  await refuses(() => a2aPhone.phoneTarget(byBob), 'ERR_A2A_SIGNER_MISMATCH');
  const none = await cards.signAgentCard(cardOf(library, ORIGIN), alice);
  const mute = await cards.verifyAgentCard(none, { keys: alice.did });
  await refuses(() => a2aPhone.phoneTarget(mute), 'ERR_A2A_NO_COMPATIBLE_INTERFACE');
  // A card is no leave to dial this machine.
  const inside = cardOf(library, ORIGIN, [a2aPhone.phoneInterface({ url: 'ws://127.0.0.1:9/', did: alice.did })]);
  const local = await cards.verifyAgentCard(await cards.signAgentCard(inside, alice), { keys: alice.did });
  await refuses(() => a2aPhone.phoneTarget(local), 'ERR_A2A_ADDRESS_NOT_ALLOWED');
  equal(a2aPhone.phoneTarget(local, { allowLoopback: true }).remoteDid, alice.did);
}

// Names, keys and signatures, over WebCrypto and over noble: one verdict from both, whatever the runtime.

import dids from '../../vectors/did-key/edge-cases.json' with { type: 'json' };
import method from '../../vectors/did-key/method.json' with { type: 'json' };
import rfc8032 from '../../vectors/rfc8032/ed25519.json' with { type: 'json' };
import wycheproofEd25519 from '../../vectors/wycheproof/ed25519_test.json' with { type: 'json' };
import wycheproofX25519 from '../../vectors/wycheproof/x25519_test.json' with { type: 'json' };
import { equal, hex, ok, refuses, unhex } from './assert.mjs';

/** What a program gets that names none, which is WebCrypto, see below; and what it gets where that lacks a curve. */
const BACKENDS = { default: undefined, noble: 'noble' };

/** Seeds of other beginnings than 0, which one runtime does not import. */
const SEED = Uint8Array.from({ length: 32 }, (_, i) => i + 1);

/** @param {any} library */
export function identityCases(library) {
  const { decodeDidKey, didToX25519, encodeDidKey, proveIdentity, verifyWithDid } = library.identity;
  const { createIdentity, identityFromSeed } = library.front;
  return [
    {
      name: 'did:key: reads and writes the known name',
      run() {
        equal(encodeDidKey(unhex(dids.publicKey)), dids.did);
        equal(decodeDidKey(dids.did), { did: dids.did, publicKey: unhex(dids.publicKey) });
        equal(hex(didToX25519(dids.did)), dids.x25519);
      },
    },
    {
      name: 'did:key: twins differ, and share their X25519 key',
      run() {
        ok(hex(decodeDidKey(dids.twin).publicKey) !== dids.publicKey);
        equal(hex(didToX25519(dids.twin)), dids.x25519);
      },
    },
    {
      name: 'did:key: small-order, non-canonical and off-curve keys are refused',
      async run() {
        ok(dids.refusedKey.length >= 10);
        for (const { did, why } of dids.refusedKey) await refuses(() => decodeDidKey(did), 'ERR_IDENTITY_KEY', why);
      },
    },
    {
      name: 'did:key: texts that merely resemble one are refused',
      async run() {
        ok(dids.refusedText.length >= 10);
        for (const { did, why, repeat } of dids.refusedText) {
          const text = repeat === undefined ? did : did + repeat.character.repeat(repeat.times);
          await refuses(() => decodeDidKey(text), 'ERR_IDENTITY_DID', why);
        }
      },
    },
    {
      name: 'identityFromSeed names the keys of the did:key method',
      async run() {
        for (const { seed, did } of method) equal((await identityFromSeed(unhex(seed))).did, did);
      },
    },
    {
      name: 'createIdentity makes a new one each time, whose DID is its own',
      async run() {
        const [one, two] = await Promise.all([createIdentity(), createIdentity()]);
        ok(one.did !== two.did);
        for (const identity of [one, two]) equal((await proveIdentity(identity)).did, identity.did);
      },
    },
    {
      name: 'an identity under the name of another is found out',
      async run() {
        const [one, two] = await Promise.all([createIdentity(), createIdentity()]);
        await refuses(() => proveIdentity({ ...one, did: two.did }), 'ERR_IDENTITY_MISMATCH');
        const mixed = { did: one.did, sign: one.sign, agree: two.agree };
        await refuses(() => proveIdentity(mixed), 'ERR_IDENTITY_MISMATCH');
      },
    },
    ...Object.entries(BACKENDS).flatMap(([name, backend]) => backendCases(library, name, backend)),
    {
      name: 'WebCrypto has both curves, and they and noble verify each other and agree with each other',
      async run() {
        const both = ['webcrypto', 'noble'];
        const [native, noble] = await Promise.all(both.map((name) => library.seedIdentity.identityOver(SEED, name)));
        const { publicKey } = decodeDidKey(native.did);
        equal(native.did, noble.did);
        const message = Uint8Array.of(1, 2, 3);
        const peer = await createIdentity();
        equal(await native.agree(didToX25519(peer.did)), await noble.agree(didToX25519(peer.did)));
        const signatures = await Promise.all([native.sign(message), noble.sign(message)]);
        for (const backend of both) {
          for (const signature of signatures) {
            ok(await library.ed25519.verifyEd25519(publicKey, message, signature, backend), backend);
          }
        }
      },
    },
    {
      name: 'a signature holds for its message and its signer only',
      async run() {
        const [one, two] = await Promise.all([createIdentity(), createIdentity()]);
        const message = new TextEncoder().encode('I was here');
        const signature = await one.sign(message);
        await verifyWithDid(one.did, message, signature);
        await refuses(() => verifyWithDid(two.did, message, signature), 'ERR_VERIFY_SIGNATURE');
        await refuses(() => verifyWithDid(one.did, message.subarray(1), signature), 'ERR_VERIFY_SIGNATURE');
        await refuses(() => verifyWithDid(one.did, message, signature.subarray(1)), 'ERR_VERIFY_SIGNATURE');
        const { did, signature: forged } = dids.refusedSignature;
        await refuses(() => verifyWithDid(did, message, unhex(forged)), 'ERR_IDENTITY_KEY');
      },
    },
    {
      name: 'seeds of the wrong kind or length are refused by name',
      async run() {
        await refuses(() => identityFromSeed('seed'), TypeError);
        await refuses(() => identityFromSeed(new Uint8Array(31)), RangeError);
        await refuses(() => decodeDidKey(7), TypeError);
      },
    },
  ];
}

/** @param {any} library @param {string} name @param {string | undefined} backend */
function backendCases({ seedIdentity, ed25519, x25519 }, name, backend) {
  return [
    {
      name: `${name} backend: the keys and signatures of RFC 8032`,
      async run() {
        ok(rfc8032.length >= 3);
        for (const { seed, publicKey, message, signature } of rfc8032) {
          const pair = await ed25519.ed25519FromSeed(unhex(seed), backend);
          equal(hex(pair.publicKey), publicKey);
          const signed = await pair.sign(unhex(message));
          for (const mark of [signed, unhex(signature)]) {
            ok(await ed25519.verifyEd25519(unhex(publicKey), unhex(message), mark, backend));
          }
        }
      },
    },
    {
      name: `${name} backend: Ed25519 verdicts of Wycheproof, every one`,
      async run() {
        let count = 0;
        for (const { publicKey, tests } of wycheproofEd25519.testGroups) {
          for (const test of tests) {
            const verdict = await ed25519.verifyEd25519(unhex(publicKey.pk), unhex(test.msg), unhex(test.sig), backend);
            equal(verdict, test.result === 'valid', `tcId ${test.tcId}:`);
            count++;
          }
        }
        equal(count, wycheproofEd25519.numberOfTests);
      },
    },
    {
      name: `${name} backend: strict Ed25519 refuses S + L, small-order and non-canonical points`,
      async run() {
        const pair = await ed25519.ed25519FromSeed(unhex(dids.seed), backend);
        const message = Uint8Array.of(1);
        const signature = await pair.sign(message);
        const verify = (key, mark) => ed25519.verifyEd25519(key, message, mark, backend);
        ok(await verify(pair.publicKey, signature), 'its own');
        ok(!(await verify(pair.publicKey, plusOrder(signature))), 'S + L');
        // The identity as key and as R, S = 0: holds for every message where nobody looks.
        const neutral = Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : 0));
        ok(!(await verify(neutral, Uint8Array.from([...neutral, ...new Uint8Array(32)]))), 'small order');
        const nonCanonical = unhex(`ee${'ff'.repeat(30)}7f`);
        ok(!(await verify(nonCanonical, Uint8Array.from([...nonCanonical, ...new Uint8Array(32)]))), 'y = p + 1');
      },
    },
    {
      name: `${name} backend: X25519 agreements of Wycheproof, and none of the all-zero ones`,
      async run() {
        let count = 0;
        for (const { tests } of wycheproofX25519.testGroups) {
          for (const test of tests) {
            const pair = await x25519.x25519FromSecret(unhex(test.private), backend);
            const agreed = await pair.agree(unhex(test.public)).then(hex, (error) => error.code);
            const refused = 'ERR_IDENTITY_AGREEMENT';
            const due = test.flags.includes('ZeroSharedSecret') ? refused : test.shared;
            // Firefox refuses keys that are not canonical, which nobody honest sends.
            const refusable = test.flags.includes('NonCanonicalPublic');
            if (!(refusable && agreed === refused)) equal(agreed, due, `tcId ${test.tcId}:`);
            count++;
          }
        }
        equal(count, wycheproofX25519.numberOfTests);
      },
    },
    {
      name: `${name} backend: an identity of a known seed has the known name`,
      async run() {
        const identity = await seedIdentity.identityOver(unhex(dids.seed), backend);
        equal(identity.did, dids.did);
        await refuses(() => identity.agree(new Uint8Array(32)), 'ERR_IDENTITY_AGREEMENT');
      },
    },
  ];
}

const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

/** The same signature with S + L in the place of S. @param {Uint8Array} signature */
function plusOrder(signature) {
  let s = ORDER;
  for (let i = 0; i < 32; i++) s += BigInt(signature[32 + i]) << BigInt(8 * i);
  const forged = signature.slice();
  for (let i = 0; i < 32; i++) forged[32 + i] = Number((s >> BigInt(8 * i)) & 0xffn);
  return forged;
}

// Makes ringline.json: handshakes of agent-phone v1 between fixed seeds, spoken by noise-c (compiled to WebAssembly, npm
// noise-c.wasm), which is not our implementation. Names and keys come from noble and scure.
// Run: node vectors/noise-xk/make.mjs

import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { base58 } from '@scure/base';

const require = createRequire(import.meta.url);
const NAME = 'Noise_XK_25519_ChaChaPoly_BLAKE2s';

const hex = (bytes) => Buffer.from(bytes).toString('hex');
const repeat = (byte, bytes) => new Uint8Array(bytes).fill(byte);
const counting = (from, bytes) => Uint8Array.from({ length: bytes }, (_, i) => from + i);

const wasmBinary = readFileSync(require.resolve('noise-c.wasm/src/noise-c.wasm'));
const noise = await new Promise((resolve) => require('noise-c.wasm')({ wasmBinary }, resolve));
const { _lib_internal: lib, constants } = noise;

/** An agent of agent-phone: its name and its Curve25519 key, both of one Ed25519 seed. */
function agent(seed) {
  const publicKey = ed25519.getPublicKey(seed);
  return {
    did: `did:key:z${base58.encode(Uint8Array.of(0xed, 0x01, ...publicKey))}`,
    staticSecret: sha512(seed).slice(0, 32),
    staticPublic: ed25519.utils.toMontgomery(publicKey),
  };
}

function prologueOf(...dids) {
  const prefixed = dids.flatMap((did) => [did.length >> 8, did.length & 0xff, ...Buffer.from(did)]);
  return Uint8Array.from([...Buffer.from('agent-phone/1'), ...prefixed]);
}

function state(role, { secret, remote, ephemeral, prologue }) {
  const handshake = noise.HandshakeState(NAME, role);
  const pair = lib._noise_handshakestate_get_fixed_ephemeral_dh(handshake._state);
  const bytes = lib.allocateBytes(0, ephemeral);
  if (lib._noise_dhstate_set_keypair_private(pair, bytes, 32) !== 0) throw new Error('ephemeral not taken');
  bytes.free();
  handshake.Initialize(prologue, secret, remote);
  return handshake;
}

function call({ initSeed, respSeed, initEphemeral, respEphemeral, frames }) {
  const caller = agent(initSeed);
  const callee = agent(respSeed);
  const prologue = prologueOf(caller.did, callee.did);
  const initiator = state(constants.NOISE_ROLE_INITIATOR, {
    secret: caller.staticSecret,
    remote: callee.staticPublic,
    ephemeral: initEphemeral,
    prologue,
  });
  const responder = state(constants.NOISE_ROLE_RESPONDER, {
    secret: callee.staticSecret,
    remote: null,
    ephemeral: respEphemeral,
    prologue,
  });
  const messages = [];
  for (const [from, to] of [
    [initiator, responder],
    [responder, initiator],
    [initiator, responder],
  ]) {
    const ciphertext = from.WriteMessage();
    to.ReadMessage(ciphertext);
    messages.push({ payload: '', ciphertext: hex(ciphertext) });
  }
  const handshakeHash = hex(initiator.GetHandshakeHash());
  if (handshakeHash !== hex(responder.GetHandshakeHash())) throw new Error('the two sides disagree');
  const [sendInit] = initiator.Split();
  const [sendResp] = responder.Split();
  // As in the other files: transport messages take turns, the responder first.
  frames.forEach((payload, i) => {
    const ciphertext = (i % 2 === 0 ? sendResp : sendInit).EncryptWithAd(new Uint8Array(0), payload);
    messages.push({ payload: hex(payload), ciphertext: hex(ciphertext) });
  });
  return {
    protocol_name: NAME,
    init_did: caller.did,
    resp_did: callee.did,
    init_prologue: hex(prologue),
    init_static: hex(caller.staticSecret),
    init_ephemeral: hex(initEphemeral),
    init_remote_static: hex(callee.staticPublic),
    resp_prologue: hex(prologue),
    resp_static: hex(callee.staticSecret),
    resp_ephemeral: hex(respEphemeral),
    handshake_hash: handshakeHash,
    messages,
  };
}

const text = (value) => Uint8Array.from(Buffer.from(value));
const vectors = [
  call({
    initSeed: counting(0x00, 32),
    respSeed: counting(0x20, 32),
    initEphemeral: counting(0x40, 32),
    respEphemeral: counting(0x60, 32),
    frames: [text('{}'), text('hello'), repeat(0, 0), repeat(0, 0), repeat(0xff, 64), counting(0, 129)],
  }),
  call({
    initSeed: repeat(0xff, 32),
    respSeed: repeat(0x01, 32),
    initEphemeral: repeat(0x80, 32),
    respEphemeral: repeat(0x7f, 32),
    frames: [63, 64, 65, 15, 16, 17, 255, 256].map((bytes) => counting(bytes, bytes)),
  }),
];

writeFileSync(new URL('ringline.json', import.meta.url), `${JSON.stringify({ vectors }, null, 2)}\n`);
process.exit(0);

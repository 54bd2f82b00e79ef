// Coming in: credentials of every scheme, what is negotiated, and the handshake as a client sees it.

import { CAPABILITIES, CLIENT, codeOf, nextOf, TOKENS, withBench } from './arcp-bench.mjs';
import { equal, failure, ok, refuses } from './assert.mjs';

const AUDIENCE = 'arcp://runtime.example';
const SECRET = 'a secret of thirty-two bytes, or'.slice(0, 32);
const utf8 = new TextEncoder();

/** @param {any} library */
export function sessionCases(library) {
  const on = (use, options) => () => withBench(library, use, options);
  return [
    { name: 'ARCP: a bearer token opens a session, and no other does', run: on(bearer) },
    { name: 'ARCP: strangers come in where both sides say so', run: () => strangers(library) },
    ...['EdDSA', 'ES256', 'HS256'].map((alg) => ({
      name: `ARCP: a token signed with ${alg}, and what is wrong with others`,
      run: () => jwt(library, alg),
    })),
    { name: 'ARCP: a challenge is answered at the second try', run: () => challenge(library) },
    { name: 'ARCP: three wrong answers to a challenge are enough', run: () => wrongAnswers(library) },
    { name: 'ARCP: what both sides have is negotiated, letter for letter', run: on(negotiation) },
    { name: 'ARCP: a capability that is required and not there refuses the session', run: on(required) },
    { name: 'ARCP: what was not negotiated is refused', run: on(gates) },
    { name: 'ARCP: a runtime with another fingerprint than pinned is left', run: on(fingerprint, named) },
    { name: 'ARCP: an unauthenticated handshake has no way to invoke anything', run: on(byHand(library)) },
    { name: 'ARCP: a second session.open is refused, and the session stays', run: on(openTwice) },
    { name: 'ARCP: fresh credentials are asked for and given', run: on(refreshed) },
    { name: 'ARCP: an evicted session says why, and everything pending ends', run: on(evicted) },
    { name: 'ARCP: closing a session cancels its jobs, and lets them say so', run: on(closing) },
  ];
}

const named = { identity: { kind: 'tide', version: '2.0.0', fingerprint: 'sha256:ab', trust_level: 'constrained' } };

async function bearer({ connect, runtime }) {
  const session = await connect();
  ok(/^sess_[0-9A-HJKMNP-TV-Z]{26}$/.test(session.id), session.id);
  equal(session.runtime.kind, 'ringline');
  equal(
    runtime.sessions().map(({ id, principal, isConnected }) => [id, principal, isConnected]),
    [[session.id, 'anna', true]],
  );
  ok((await session.ping()) >= 0);
  ok(Math.abs(Date.parse(session.leaseExpiresAt) - Date.now() - 3_600_000) < 60_000, session.leaseExpiresAt);
  for (const token of ['token-of-nobody', 'token-of-ann', '']) {
    const auth = { scheme: 'bearer', token };
    await refuses(() => connect({ auth }), 'ERR_ARCP_UNAUTHENTICATED', token);
  }
  await refuses(() => connect({ auth: { scheme: 'bearer' } }), 'ERR_ARCP_UNAUTHENTICATED');
  await refuses(() => connect({ auth: { scheme: 'oauth2', token: 'a' } }), 'ERR_ARCP_UNAUTHENTICATED');
}

function strangers(library) {
  const { bearerTokens, noAuthentication } = library.arcp;
  const authenticators = [noAuthentication(), bearerTokens(TOKENS)];
  return withBench(
    library,
    async ({ connect, runtime }) => {
      const auth = { scheme: 'none' };
      await refuses(() => connect({ auth }), 'ERR_ARCP_UNAUTHENTICATED');
      const both = () => connect({ auth, capabilities: { anonymous: true } });
      const [one, other] = await Promise.all([both(), both()]);
      equal(one.capabilities.anonymous, true);
      const principals = runtime.sessions().map(({ principal }) => principal);
      equal(principals.sort(), [`anonymous:${one.id}`, `anonymous:${other.id}`].sort());
    },
    { authenticators },
  );
}

const inAnHour = () => Math.floor(Date.now() / 1_000) + 3_600;

/** How to sign, and what the runtime knows. */
async function issuerOf({ documents, front }, alg) {
  if (alg === 'HS256') {
    const key = await crypto.subtle.importKey('raw', utf8.encode(SECRET), { name: 'HMAC', hash: 'SHA-256' }, false, [
      'sign',
    ]);
    return { sign: (claims) => signHs256(key, claims), options: { hs256Secret: utf8.encode(SECRET) } };
  }
  const signer = await (alg === 'EdDSA'
    ? documents.signerFromIdentity(await front.createIdentity())
    : signerOfP256(documents));
  const curve = alg === 'EdDSA' ? 'Ed25519' : 'P-256';
  const keys = documents.keySet([documents.keyFromBytes(curve, signer.publicKey, signer.kid)]);
  return { sign: (claims) => documents.signCompact(utf8.encode(JSON.stringify(claims)), signer), options: { keys } };
}

async function signerOfP256(documents) {
  const { privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign']);
  return documents.signerFromJwk(await crypto.subtle.exportKey('jwk', privateKey), 'key-1');
}

const base64url = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');

async function signHs256(key, claims, header = { alg: 'HS256' }) {
  const covered = [header, claims].map((part) => base64url(utf8.encode(JSON.stringify(part)))).join('.');
  return `${covered}.${base64url(await crypto.subtle.sign('HMAC', key, utf8.encode(covered)))}`;
}

async function jwt(library, alg) {
  const { sign, options } = await issuerOf(library, alg);
  const other = await issuerOf(library, alg === 'EdDSA' ? 'ES256' : 'EdDSA');
  const authenticators = [library.arcp.jwtAuthenticator({ audience: AUDIENCE, ...options })];
  await withBench(
    library,
    async ({ connect, runtime }) => {
      const open = (token) => connect({ auth: { scheme: 'signed_jwt', token } });
      const claims = { aud: AUDIENCE, sub: 'carl', exp: inAnHour() };
      const good = await sign(claims);
      const session = await open(good);
      equal(runtime.sessions()[0].principal, 'carl');
      equal((await session.invoke('who').result).value, 'carl');
      const bad = {
        expired: await sign({ ...claims, exp: inAnHour() - 3_661 }),
        'of another audience': await sign({ ...claims, aud: 'arcp://else.example' }),
        'of no audience': await sign({ ...claims, aud: undefined }),
        'of nobody': await sign({ ...claims, sub: undefined }),
        'of a stranger': await sign({ ...claims, sub: 'anonymous:1' }),
        'by another key': await other.sign(claims),
        unsigned: `${base64url(utf8.encode('{"alg":"none"}'))}.${good.split('.')[1]}.`,
        changed: `${good.slice(0, -8)}AAAAAAAA`,
        'no token': 'a.b.c',
      };
      for (const [what, token] of Object.entries(bad)) {
        await refuses(() => open(token), 'ERR_ARCP_UNAUTHENTICATED', what);
      }
    },
    { authenticators },
  );
}

/** Wants to hear what it has said, backwards. */
function riddle() {
  return {
    scheme: 'oauth2',
    authenticate: () => ({
      kind: 'challenged',
      challenge: 'ebb',
      verify: (response) =>
        response === 'bbe' ? { kind: 'accepted', principal: 'dora' } : { kind: 'refused', message: 'no' },
    }),
  };
}

async function challenge(library) {
  await withBench(
    library,
    async ({ connect, runtime }) => {
      const seen = [];
      const session = await connect({
        auth: { scheme: 'oauth2', token: 'a' },
        answerChallenge(text, { attempt, refusal }) {
          seen.push([text, attempt, refusal?.wireCode]);
          return seen.length === 1 ? 'ebb' : 'bbe';
        },
      });
      equal(
        seen.map(([text]) => text),
        ['ebb', 'ebb'],
      );
      equal([seen[0][2], seen[1][2]], [undefined, 'UNAUTHENTICATED']);
      equal(runtime.sessions()[0].principal, 'dora');
      await session.ping();
    },
    { authenticators: [riddle()] },
  );
}

async function wrongAnswers(library) {
  await withBench(
    library,
    async ({ raw }) => {
      const peer = raw();
      const opened = await peer.open({ auth: { scheme: 'oauth2', token: 'a' } });
      equal(opened.type, 'session.challenge');
      const answers = [];
      for (let i = 0; i < 3; i++) {
        answers.push((await peer.answerTo(peer.send('session.authenticate', { response: 'ebb' }))).type);
      }
      equal(answers, ['session.unauthenticated', 'session.unauthenticated', 'session.rejected']);
    },
    { authenticators: [riddle()] },
  );
}

async function negotiation({ raw }) {
  const capabilities = { streaming: true, anonymous: true, artifacts: false, extensions: ['arcpx.acme.a.v1'] };
  const { payload, session_id } = await raw().open({ capabilities });
  equal(payload.session_id, session_id);
  const { artifact_retention, ...negotiated } = payload.capabilities;
  equal(artifact_retention, { default_seconds: 3_600, max_seconds: 86_400 });
  // Either side has said something of each of these; both have said yes to the first alone.
  const { streaming, ...others } = Object.fromEntries(
    Object.entries(negotiated).filter(([, value]) => typeof value === 'boolean'),
  );
  equal([streaming, Object.values(others).some(Boolean)], [true, false]);
  equal(negotiated.anonymous, false);
  equal([negotiated.heartbeat_recovery, negotiated.heartbeat_interval_seconds], ['fail', 30]);
  equal(negotiated.binary_encoding, ['base64']);
  for (const bad of [null, { streaming: 'true' }, { extensions: null }, { required: 'streaming' }]) {
    const peer = raw();
    const { type, payload: refusal } = await peer.answerTo(
      peer.send('session.open', { auth: { scheme: 'none' }, client: CLIENT, capabilities: bad }),
    );
    equal([type, refusal.code], ['nack', 'INVALID_ARGUMENT'], JSON.stringify(bad));
  }
}

async function required({ connect, raw }) {
  await refuses(() => connect({ required: ['agent_handoff'] }), 'ERR_ARCP_UNIMPLEMENTED');
  const { type, payload } = await raw().open({ capabilities: { required: ['arcpx.acme.a.v1'] } });
  equal([type, payload.code], ['session.rejected', 'UNIMPLEMENTED']);
  ok((await connect({ required: ['streaming', 'artifacts'] })).capabilities.streaming);
}

async function gates({ connect, open }) {
  const session = await connect({ capabilities: {} });
  const bytes = new Uint8Array(1);
  await refuses(() => session.artifacts.put(bytes, { mediaType: 'a/b' }), 'ERR_ARCP_UNIMPLEMENTED');
  await refuses(() => session.subscribe(), 'ERR_ARCP_UNIMPLEMENTED');
  for (const [tool, args] of Object.entries({ ask: {}, choose: {}, streams: {}, artifact: { size: 1 } })) {
    equal(await codeOf(session.invoke(tool, args)), 'UNIMPLEMENTED', tool);
  }
  const peer = await open({ capabilities: { ...CAPABILITIES, interrupt: false } });
  const nack = await peer.answerTo(peer.send('interrupt', { target: 'job', target_id: 'job_1', prompt: 'a' }));
  equal([nack.type, nack.payload.code], ['nack', 'UNIMPLEMENTED']);
}

async function fingerprint({ connect }) {
  await refuses(() => connect({ fingerprint: 'sha256:abc' }), 'ERR_ARCP_UNAUTHENTICATED');
  const session = await connect({ fingerprint: 'sha256:ab' });
  equal(session.runtime, { kind: 'tide', version: '2.0.0', fingerprint: 'sha256:ab', trust_level: 'constrained' });
}

function byHand({ arcpClient }) {
  return async ({ dial }) => {
    const near = dial();
    const handshake = arcpClient.openHandshake(near);
    equal(Object.keys(handshake).sort(), ['open', 'state']);
    const bad = { scheme: 'bearer', token: 'token-of-nobody' };
    await refuses(() => handshake.open({ auth: bad, client: CLIENT }), 'ERR_ARCP_UNAUTHENTICATED');
    const auth = { scheme: 'bearer', token: 'token-of-bert' };
    const authenticated = await handshake.open({ auth, client: CLIENT });
    equal(authenticated.state, 'authenticated');
    const session = arcpClient.startSession(authenticated);
    equal((await session.invoke('who').result).value, 'bert');
    // Without a way to dial there is nothing to come back by.
    near.abort();
    await session.closed;
    equal((await failure(() => session.ping())).code, 'ERR_ARCP_UNAVAILABLE');
  };
}

async function openTwice({ open }) {
  const peer = await open();
  const id = peer.send('session.open', { auth: { scheme: 'none' }, client: CLIENT });
  const { type, payload } = await peer.answerTo(id);
  equal([type, payload.code], ['nack', 'FAILED_PRECONDITION']);
  await peer.demandAlive();
}

async function refreshed({ connect, runtime }) {
  const asked = [];
  const session = await connect({
    auth() {
      asked.push(true);
      return { scheme: 'bearer', token: asked.length < 3 ? 'token-of-anna' : 'token-of-nobody' };
    },
  });
  const heard = (wanted) =>
    new Promise((resolve) => {
      const stop = runtime.bus.subscribe(({ type }) => {
        if (type !== wanted) return;
        stop();
        resolve();
      });
    });
  const answered = heard('session.authenticate');
  equal(runtime.refresh(session.id, { deadlineMs: Date.now() + 5_000 }), true);
  await answered;
  // Behind the judgement of the answer.
  await session.ping();
  equal([asked.length, runtime.sessions().length, session.signal.aborted], [2, 1, false]);
  // The third time they are no good, which nobody has time to make up for.
  runtime.refresh(session.id, { deadlineMs: Date.now() + 60 });
  await session.closed;
  equal([session.signal.reason.wireCode, runtime.sessions()], ['UNAUTHENTICATED', []]);
}

async function evicted({ connect, runtime }) {
  const session = await connect({ reconnect: false });
  const job = session.invoke('wait');
  await job.id;
  equal(runtime.evict(session.id, 'PERMISSION_DENIED', 'you were asked to leave'), true);
  await session.closed;
  equal(session.signal.reason.wireCode, 'PERMISSION_DENIED');
  ok((await failure(() => job.result)).wireCode !== undefined);
  const last = await nextOf(session.states);
  equal(last.state, 'connected');
}

async function closing({ connect, runtime }) {
  const session = await connect();
  const job = session.invoke('wait');
  await job.id;
  const said = (async () => {
    const types = [];
    for await (const { type } of job.events) types.push(type);
    return types;
  })().catch((error) => [String(error)]);
  await session.close();
  equal(await codeOf(job), 'CANCELLED');
  equal((await said).at(-1), 'job.cancelled');
  equal(runtime.sessions(), []);
}

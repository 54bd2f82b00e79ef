// Finding a card by the address of its agent, and serving it. The web is one of our own making.

import { cardOf } from '../calls/a2a-agent.mjs';
import { equal, failure, ok, refuses } from './assert.mjs';
import { endlessBody, fakeWeb } from './fake-web.mjs';

const ORIGIN = 'https://tide.example';
const WELL_KNOWN = `${ORIGIN}/.well-known/agent-card.json`;

/** @param {any} library */
export function discoveryCases(library) {
  return [
    { name: 'a card is found below a path or at the root, and verified', run: () => findAndVerify(library) },
    { name: 'relative addresses of interfaces are made absolute', run: () => relativeAddresses(library) },
    { name: 'a redirect is followed to public hosts only', run: () => redirects(library) },
    { name: 'what is no card, or too much of one, is refused and let go of', run: () => noCards(library) },
    { name: 'finding a card ends in time, and with the reason of its signal', run: () => inTime(library) },
    { name: 'a card is kept as long as its server says, and verified each time', run: () => kept(library) },
    { name: 'a served card has an ETag, and is not sent twice', run: () => served(library) },
  ];
}

async function findAndVerify(library) {
  const { a2a, discovery, front } = library;
  const [alice, mallory] = await Promise.all([front.createIdentity(), front.createIdentity()]);
  const card = await a2a.signAgentCard(cardOf(library, ORIGIN), alice);
  const web = fakeWeb({ [WELL_KNOWN]: () => Response.json(card) });
  const { fetch } = web;
  const found = await discovery.fetchAgentCard('tide.example/agents/a', { fetch, verify: { keys: alice.did } });
  const below = `${ORIGIN}/agents/a/.well-known/agent-card.json`;
  equal([found.url, found.tried, found.fromCache], [WELL_KNOWN, [below, WELL_KNOWN], false]);
  equal([found.card.name, found.verified.kid, found.verified.uncovered], ['Tide Table', alice.did, []]);
  const [, { init }] = web.asked;
  equal([init.redirect, init.credentials, new Headers(init.headers).get('a2a-version')], ['manual', 'omit', '1.0']);
  const other = () => discovery.fetchAgentCard(ORIGIN, { fetch, verify: { keys: mallory.did } });
  await refuses(other, 'ERR_A2A_KEY_NOT_FOUND');
  web.answers[WELL_KNOWN] = () => Response.json({ ...card, name: 'Tide Tables' });
  const changed = () => discovery.fetchAgentCard(ORIGIN, { fetch, verify: { keys: alice.did } });
  await refuses(changed, 'ERR_A2A_VERIFICATION_FAILED');
}

async function relativeAddresses(library) {
  const { discovery } = library;
  const card = cardOf(library, '');
  const moved = 'https://www.tide.example/a/card.json';
  const web = fakeWeb({
    [`${ORIGIN}/a/card.json`]: () => new Response(null, { status: 307, headers: { location: moved } }),
    [moved]: () => Response.json(card),
  });
  const found = await discovery.fetchAgentCard(`${ORIGIN}/a/card.json`, { fetch: web.fetch });
  equal(found.url, moved);
  const addresses = found.card.supportedInterfaces.map(({ url }) => url);
  equal(addresses, ['https://www.tide.example/a2a/rpc', 'https://www.tide.example/a2a/rest']);
}

async function redirects({ discovery }) {
  const targets = [
    'https://10.0.0.1/card.json',
    'https://192.168.1.1/',
    'https://169.254.169.254/latest/meta-data/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://localhost/',
    'https://0x7f.1/',
    'http://tide.example/card.json',
  ];
  for (const location of targets) {
    const web = fakeWeb({ [WELL_KNOWN]: () => new Response(null, { status: 302, headers: { location } }) });
    // Opened up for the agent itself, it would not be for where somebody sends us.
    for (const options of [{}, { allowPrivateHosts: true, allowHttpLoopback: true }]) {
      web.asked.length = 0;
      const error = await failure(() => discovery.fetchAgentCard(ORIGIN, { fetch: web.fetch, ...options }));
      equal([error.code, error.urls], ['ERR_A2A_CARD_FETCH_FAILED', [WELL_KNOWN]], location);
      ok(['ERR_HTTP_URL', 'ERR_HTTP_REDIRECT'].includes(error.cause.code), `${location}: ${error.cause.code}`);
      equal(web.asked.length, 1, location);
    }
  }
  // Round and round: three are followed.
  const loop = fakeWeb({ [WELL_KNOWN]: () => new Response(null, { status: 302, headers: { location: WELL_KNOWN } }) });
  const error = await failure(() => discovery.fetchAgentCard(ORIGIN, { fetch: loop.fetch }));
  equal([error.code, error.cause.code, loop.asked.length], ['ERR_A2A_CARD_FETCH_FAILED', 'ERR_HTTP_REDIRECT', 4]);
  for (const address of ['https://127.0.0.1/', 'http://tide.example/', 'https://user:pass@tide.example/']) {
    const web = fakeWeb({});
    await refuses(() => discovery.fetchAgentCard(address, { fetch: web.fetch }), 'ERR_A2A_CARD_FETCH_FAILED', address);
    equal(web.asked.length, 0, address);
  }
}

async function noCards(library) {
  const { discovery } = library;
  const endless = endlessBody();
  const html = { headers: { 'content-type': 'text/html' } };
  const cases = [
    ['ERR_A2A_CARD_TOO_LARGE', () => new Response(endless.stream)],
    ['ERR_A2A_CARD_TOO_LARGE', () => new Response('{}', { headers: { 'content-length': '300000' } })],
    ['ERR_A2A_CARD_NOT_JSON', () => new Response(JSON.stringify(cardOf(library, ORIGIN)), html)],
    ['ERR_A2A_CARD_NOT_JSON', () => new Response('{"name":')],
    ['ERR_A2A_CARD_NOT_JSON', () => Response.json([])],
    ['ERR_A2A_INVALID_CARD', () => Response.json({})],
    ['ERR_A2A_INVALID_CARD', () => Response.json({ ...cardOf(library, ORIGIN), name: 7 })],
    ['ERR_A2A_CARD_FETCH_FAILED', () => new Response(null, { status: 500 })],
    ['ERR_A2A_CARD_FETCH_FAILED', () => Promise.reject(new TypeError('no route'))],
    ['ERR_A2A_CARD_NOT_FOUND', () => new Response(null, { status: 410 })],
  ];
  for (const [code, answer] of cases) {
    const web = fakeWeb({ [WELL_KNOWN]: answer });
    await refuses(() => discovery.fetchAgentCard(ORIGIN, { fetch: web.fetch }), code);
    equal(web.asked.length, 1, code);
  }
  await endless.cancelled;
}

async function inTime({ discovery }) {
  const late = { fetch: () => new Promise(() => {}), timeoutMs: 5 };
  const error = await failure(() => discovery.fetchAgentCard(ORIGIN, late));
  equal([error.code, error.cause.code], ['ERR_A2A_CARD_FETCH_FAILED', 'ERR_HTTP_TIMEOUT']);
  const reason = new Error('enough');
  const controller = new AbortController();
  setTimeout(() => controller.abort(reason), 5);
  // In the middle of the body.
  const body = new ReadableStream({ start: (stream) => stream.enqueue(new Uint8Array(3)) });
  const half = { fetch: async () => new Response(body), signal: controller.signal };
  ok((await failure(() => discovery.fetchAgentCard(ORIGIN, half))) === reason, 'the reason');
}

async function kept(library) {
  const { a2a, discovery, front } = library;
  const [alice, mallory] = await Promise.all([front.createIdentity(), front.createIdentity()]);
  const card = await a2a.signAgentCard(cardOf(library, ORIGIN), alice);
  const headers = { 'cache-control': 'public, max-age=60' };
  const web = fakeWeb({ [WELL_KNOWN]: () => Response.json(card, { headers }) });
  const cache = discovery.cardCache();
  const find = (keys) => discovery.fetchAgentCard(ORIGIN, { fetch: web.fetch, cache, verify: { keys } });
  equal([(await find(alice.did)).fromCache, (await find(alice.did)).fromCache], [false, true]);
  equal(web.asked.length, 1);
  await refuses(() => find(mallory.did), 'ERR_A2A_KEY_NOT_FOUND');
}

async function served(library) {
  const { a2a, discovery, front } = library;
  const identity = await front.createIdentity();
  const card = await a2a.signAgentCard(cardOf(library, ORIGIN), identity);
  const serve = discovery.serveAgentCard(card, { maxAgeSec: 60 });
  const first = await serve(new Request(WELL_KNOWN));
  const etag = first.headers.get('etag');
  ok(/^"[^"]+"$/.test(etag), etag);
  equal(first.headers.get('cache-control'), 'public, max-age=60');
  equal(
    [first.headers.get('content-type'), first.headers.get('access-control-allow-origin')],
    ['application/json', '*'],
  );
  const { card: read } = await a2a.verifyAgentCard(await first.text(), { keys: identity.did });
  equal(read.supportedInterfaces, card.supportedInterfaces);
  for (const condition of [etag, `"other", W/${etag}`, '*']) {
    const again = await serve(new Request(WELL_KNOWN, { headers: { 'if-none-match': condition } }));
    equal([again.status, again.headers.get('etag'), await again.text()], [304, etag, ''], condition);
  }
  const changed = await serve(new Request(WELL_KNOWN, { headers: { 'if-none-match': '"other"' } }));
  equal(changed.status, 200);
  const head = await serve(new Request(WELL_KNOWN, { method: 'HEAD' }));
  equal([head.status, head.headers.get('etag'), await head.text()], [200, etag, '']);
  const post = await serve(new Request(WELL_KNOWN, { method: 'POST', body: '{}' }));
  equal([post.status, post.headers.get('allow')], [405, 'GET, HEAD, OPTIONS']);
  equal(await serve(new Request(`${ORIGIN}/elsewhere`)), undefined);
  // The other end of the wire, put together with this one.
  const fetch = async (url, init) => (await serve(new Request(url, init))) ?? new Response(null, { status: 404 });
  const found = await discovery.fetchAgentCard(ORIGIN, { fetch, verify: { keys: identity.did } });
  equal([found.url, found.card.name], [WELL_KNOWN, card.name]);
}

// Cards over loopback: `card serve` answers as a web server should, `card fetch` takes nobody's word.

import { request as httpRequest } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listenHttp } from '../../src/cli/listen-http.js';
import { run } from '../../src/cli/run.js';
import { loopbackServer } from '../support/loopback-server.js';
import { CARD, card, Folder } from './card-files.js';
import { MemoryIo } from './memory-io.js';

const WELL_KNOWN = '/.well-known/agent-card.json';

let folder: Folder;
let keys: string;
let signedFile: string;
const endings: (() => Promise<void>)[] = [];

beforeEach(async () => {
  folder = await Folder.make();
  keys = folder.at('keys.json');
  const { out } = await card(['sign', folder.at('card.json'), '--jwk', folder.at('ed.jwk')]);
  signedFile = await folder.write('signed.json', out);
});
afterEach(async () => {
  for (const end of endings.splice(0)) await end();
  await folder.remove();
});

/** Serves a file until the test is over. @returns The card's address. */
async function served(file: string): Promise<string> {
  const io = new MemoryIo();
  const ended = run(['card', 'serve', file, '--json'], io);
  const { url } = JSON.parse(await io.firstLine());
  endings.push(async () => {
    io.stop();
    expect(await ended).toBe(130);
    expect([io.outText, io.errText]).toEqual([`${JSON.stringify({ url })}\n`, '']);
  });
  return url;
}

describe('card serve', () => {
  it('answers with the signed card, at the well-known path of this machine', async () => {
    const url = await served(signedFile);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\.well-known\/agent-card\.json$/);
    const response = await fetch(url);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    const text = await response.text();
    const io = new MemoryIo({ input: text });
    expect(await card(['verify', '-', '--keys', keys], io)).toMatchObject({ code: 0 });
    expect(JSON.parse(text)).toMatchObject(CARD);
  });

  it('answers 304 to whoever has it, HEAD without a body, and OPTIONS to pages', async () => {
    const url = await served(signedFile);
    const etag = (await fetch(url)).headers.get('etag') as string;
    expect((await fetch(url, { headers: { 'if-none-match': etag, 'cache-control': 'max-age=0' } })).status).toBe(304);
    const head = await fetch(url, { method: 'HEAD' });
    expect([head.status, head.headers.get('etag'), await head.text()]).toEqual([200, etag, '']);
    const preflight = await fetch(url, {
      method: 'OPTIONS',
      headers: { origin: 'https://page.example', 'access-control-request-method': 'GET' },
    });
    expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
  });

  it('answers other methods, other paths and no requests as such', async () => {
    const url = await served(signedFile);
    expect((await fetch(url, { method: 'POST', body: 'x'.repeat(100_000) })).status).toBe(405);
    expect((await fetch(new URL('/', url))).status).toBe(404);
    expect((await fetch(new URL('/.well-known/agent.json', url))).status).toBe(404);
    for (const path of ['*', `http://other.example${WELL_KNOWN}`]) {
      const status = await new Promise((resolve, reject) => {
        const { hostname, port } = new URL(url);
        const request = httpRequest({ hostname, port, path, method: 'OPTIONS', agent: false });
        request
          .on('response', (response) => resolve(response.resume().statusCode))
          .on('error', reject)
          .end();
      });
      expect(status).toBe(400);
    }
  });

  it('tells a person where it is, and that the card is not signed', async () => {
    const io = new MemoryIo();
    const ended = run(['card', 'serve', folder.at('card.json'), '--port', '0', '--host', '127.0.0.1'], io);
    await io.firstLine();
    expect(io.outText).toMatch(/^Serving the card at http:\/\/127\.0\.0\.1:\d+\/\S+\nCtrl-C ends\.\n$/);
    expect(io.errText).toMatch(/^ringline: the card is not signed[^\n]+\n$/);
    io.stop(143);
    expect(await ended).toBe(143);
  });

  it('fails with code 1 on a port that is taken', async () => {
    const { port } = new URL(await served(signedFile));
    const { code, err } = await card(['serve', signedFile, '--json', '--port', port]);
    expect([code, JSON.parse(err).error.code]).toEqual([1, 'EADDRINUSE']);
  });

  it.each([
    ['no JSON', 'x'],
    ['a member of the wrong kind', { ...CARD, name: 1 }],
    ['the same name twice', '{"name":"a","name":"b"}'],
  ])('serves nothing that is no card: %s', async (_name, content) => {
    const { code, err } = await card(['serve', await folder.write('bad.json', content), '--json']);
    expect([code, JSON.parse(err).error.code]).toEqual([1, 'ERR_A2A_INVALID_CARD']);
  });
});

describe('listening for requests', () => {
  it('hides from callers what a handler throws', async () => {
    const listening = await listenHttp(
      async () => {
        throw new Error('secret');
      },
      { port: 0, host: '127.0.0.1' },
    );
    endings.push(() => listening.close());
    const response = await fetch(listening.url);
    expect([response.status, await response.text()]).toEqual([500, '']);
  });

  it('shows a handler the path and headers that came, under the address it listens on', async () => {
    const listening = await listenHttp(async ({ url, headers }) => Response.json([url, headers.get('x-a')]), {
      port: 0,
      host: '127.0.0.1',
    });
    endings.push(() => listening.close());
    const response = await fetch(`${listening.url}/other.example/?q=1`, { headers: { 'x-a': '1' } });
    expect(await response.json()).toEqual([`${listening.url}/other.example/?q=1`, '1']);
  });
});

describe('card fetch', () => {
  it('prints the card as it was signed, and says where it came from', async () => {
    const url = await served(signedFile);
    const words = ['fetch', new URL(url).origin, '--keys', keys, '--allow-http-loopback'];
    const { code, out, err } = await card(words);
    expect([code, JSON.parse(out)]).toEqual([0, CARD]);
    expect(err).toBe(`From ${url}, signed by ed.\n`);

    const inJson = await card([...words, '--json']);
    expect(inJson.out).toBe(`${JSON.stringify(JSON.parse(out))}\n`);
    expect(inJson.err).toMatch(/^[^\n]+\n$/);
    expect(JSON.parse(inJson.err)).toEqual({
      url,
      verified: true,
      kid: 'ed',
      alg: 'EdDSA',
      profile: 'spec',
      uncovered: [],
    });
  });

  it('prints what the server says where nobody is trusted, with its signatures, and says so', async () => {
    const url = await served(signedFile);
    const { code, out, err } = await card(['fetch', url, '--allow-http-loopback']);
    expect(code).toBe(0);
    expect(err).toMatch(/^From http[^\n]+, not verified[^\n]+\n$/);
    expect(await card(['verify', '-', '--keys', keys], new MemoryIo({ input: out }))).toMatchObject({ code: 0 });
    const inJson = await card(['fetch', url, '--allow-http-loopback', '--json']);
    expect(JSON.parse(inJson.err)).toEqual({ url, verified: false });
  });

  it('leaves out what is not signed, and names it', async () => {
    const signed = JSON.parse((await card(['sign', folder.at('card.json'), '--jwk', folder.at('ed.jwk')])).out);
    const url = await served(await folder.write('evil.json', { ...signed, xEvil: '\u009b2J' }));
    const { out, err } = await card(['fetch', url, '--keys', keys, '--allow-http-loopback']);
    expect(JSON.parse(out)).toEqual(CARD);
    expect(err).toContain('/xEvil');
  });

  it.each([
    ['an unsigned card', CARD, 'ERR_A2A_MISSING_SIGNATURES'],
    ['no card', { ...CARD, name: 1, signatures: [{}] }, 'ERR_A2A_INVALID_CARD'],
    ['a web page', '<!doctype html>', 'ERR_A2A_CARD_NOT_JSON'],
    ['too much', ' '.repeat(262_145), 'ERR_A2A_CARD_TOO_LARGE'],
  ])('prints nothing of %s', async (_name, content, expected) => {
    const body = typeof content === 'string' ? content : JSON.stringify(content);
    const { url: origin } = await loopbackServer((_request, response) => response.end(body));
    const { code, out, err } = await card(['fetch', origin, '--keys', keys, '--allow-http-loopback', '--json']);
    expect([code, out, JSON.parse(err).error.code]).toEqual([1, '', expected]);
  });

  it('refuses a card of another signer', async () => {
    const { out: signed } = await card(['sign', folder.at('card.json'), '--jwk', folder.at('p.jwk'), '--kid', 'ed']);
    const url = await served(await folder.write('other.json', signed));
    const { code, out, err } = await card(['fetch', url, '--keys', keys, '--allow-http-loopback']);
    expect([code, out]).toEqual([1, '']);
    expect(err).toMatch(/^ringline: [^\n]+\n$/);
  });

  it('names every address it tried', async () => {
    const { url: origin } = await loopbackServer((_request, response) => response.writeHead(404).end());
    const { code, err } = await card(['fetch', `${origin}/agents/a`, '--allow-http-loopback']);
    expect(code).toBe(1);
    expect(err).toContain(`(tried ${origin}/agents/a${WELL_KNOWN}, ${origin}${WELL_KNOWN})`);
  });

  it('sends nothing to this machine unless told to, and says how', async () => {
    let requests = 0;
    const { url: origin } = await loopbackServer((_request, response) => {
      requests += 1;
      response.end(JSON.stringify(CARD));
    });
    const { code, err } = await card(['fetch', origin]);
    expect([code, requests]).toEqual([1, 0]);
    expect(err).toMatch(/^ringline: [^\n]+--allow-http-loopback[^\n]+\n$/);
  });

  it('is ended by Ctrl-C while nobody answers', async () => {
    const io = new MemoryIo();
    const { url: origin } = await loopbackServer(() => io.stop());
    expect(await card(['fetch', origin, '--allow-http-loopback'], io)).toEqual({ code: 130, out: '', err: '' });
  });
});

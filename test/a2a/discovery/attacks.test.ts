// What a hostile server, or a hostile hand between, tries while a card is looked for.

import { describe, expect, it } from 'vitest';
import type { AgentCard } from '../../../src/a2a/card/agent-card.js';
import { sdk } from '../../../src/a2a/card/profiles.js';
import { signAgentCard } from '../../../src/a2a/card/sign.js';
import { cardCache } from '../../../src/a2a/discovery/card-cache.js';
import { cardCandidates } from '../../../src/a2a/discovery/card-location.js';
import { assertExtendedCardOffered, judgeExtendedCard } from '../../../src/a2a/discovery/extended-card.js';
import { fetchAgentCard } from '../../../src/a2a/discovery/fetch-card.js';
import { encodeUtf8 } from '../../../src/bytes/utf8.js';
import { remoteJwks } from '../../../src/documents/remote-jwks.js';
import { signDetached } from '../../../src/documents/sign.js';
import { signerFromIdentity } from '../../../src/documents/signer.js';
import { identityFromSeed } from '../../../src/identity/seed-identity.js';
import { fakeClock } from '../../../src/testing/fake-clock.js';
import { codeOf } from '../../codec/helpers.js';
import { scriptedFetch } from '../../http/helpers.js';
import { CARD, cardResponse, errorOf, web } from './helpers.js';

const ROOT = 'https://agent.example/.well-known/agent-card.json';
const agent = await identityFromSeed(new Uint8Array(32).fill(7));
const verify = { keys: agent.did };
const SIGNED = await signAgentCard(CARD, agent);

/** A card signed as it is, without the checks of our own signer, by one that leaves out whatever is empty. */
async function signedBare(card: object): Promise<object> {
  const payload = encodeUtf8(sdk.canonicalize(card as never));
  return { ...card, signatures: [await signDetached(payload, signerFromIdentity(agent), { typ: 'JOSE' })] };
}

describe('addresses made to cost time', () => {
  it('a path with 160,000 slashes inside', () => {
    const started = performance.now();
    expect(codeOf(() => cardCandidates(`https://agent.example/${'/'.repeat(160_000)}a`))).toBe('ERR_HTTP_URL');
    expect(cardCandidates(`https://agent.example/${'/'.repeat(8_000)}a`)).toHaveLength(2);
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  it('an interface with a host of 80,000 different characters', async () => {
    const host = Array.from({ length: 80_000 }, (_, i) => String.fromCharCode(0x4e00 + (i % 20_000))).join('');
    const supportedInterfaces = [{ ...CARD.supportedInterfaces[0]!, url: `//${host}/` }];
    const { fetch } = web({ [ROOT]: () => cardResponse({ ...CARD, supportedInterfaces }) });
    const started = performance.now();
    const { card } = await fetchAgentCard('agent.example', { fetch, maxBodyBytes: 2 ** 20 });
    expect(judgeCode(card)).toBe('ERR_A2A_ORIGIN_NOT_ALLOWED');
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  const judgeCode = (extended: AgentCard) => codeOf(() => judgeExtendedCard(CARD, extended, { verified: false }));
});

describe('a Vary that names no header', () => {
  it.each(['foo bar', 'accept;q=1', 'a(b)'])('"%s": the card is used, and not kept', async (vary) => {
    const cache = cardCache();
    const { fetch, asked } = web({ [ROOT]: () => cardResponse(CARD, { vary, 'cache-control': 'max-age=600' }) });
    for (let times = 0; times < 2; times++) {
      expect((await fetchAgentCard('agent.example', { fetch, cache })).card).toEqual(CARD);
    }
    expect([cache.size, asked.length]).toEqual([0, 2]);
  });
});

describe('a server that is not the agent, with its signed card', () => {
  const relative = async (url: string) =>
    signedBare({ ...CARD, supportedInterfaces: [{ ...CARD.supportedInterfaces[0]!, url }] });

  it.each(['/a2a', 'a2a', '?x', '#x', '../a2a'])('does not become where the relative address %s leads', async (url) => {
    const card = await relative(url);
    const { fetch } = scriptedFetch(() => cardResponse(card));
    const warnings: object[] = [];
    const options = { fetch, verify, onWarning: (warning: object) => void warnings.push(warning) };
    const found = await fetchAgentCard('https://evil.example', options);
    expect(found.card.supportedInterfaces).toEqual([]);
    expect(found.verified.card.supportedInterfaces[0]?.url).toBe(url);
    expect(Object.isFrozen(found.card)).toBe(Object.isFrozen(found.verified.card));
    expect(warnings).toEqual([{ code: 'relative_interface', pointer: '/supportedInterfaces/0/url' }]);
  });

  it('leaves the other addresses as they were signed', async () => {
    const [first] = CARD.supportedInterfaces;
    const card = await signedBare({
      ...CARD,
      supportedInterfaces: [first!, { ...first!, url: '/rest', protocolBinding: 'HTTP+JSON' }],
    });
    const { fetch } = scriptedFetch(() => cardResponse(card));
    const found = await fetchAgentCard('https://evil.example', { fetch, verify });
    expect(found.card.supportedInterfaces).toEqual([first]);
  });
});

describe('a source of keys that never answers', () => {
  it.each([false, true])('is waited for no longer than the card, kept or not (%s)', async (isKept) => {
    const clock = fakeClock();
    const cache = cardCache({ clock });
    const { fetch } = web({ [ROOT]: () => cardResponse(SIGNED, { 'cache-control': 'max-age=600' }) });
    if (isKept) await fetchAgentCard('agent.example', { fetch, cache, clock, verify });
    let asked = () => {};
    const isAsked = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const silent = () => {
      asked();
      return new Promise<Response>(() => {});
    };
    const keys = remoteJwks('https://keys.example/jwks.json', { fetch: silent, timeoutMs: 60_000 });
    const failure = errorOf(fetchAgentCard('agent.example', { fetch, clock, cache, timeoutMs: 100, verify: { keys } }));
    await isAsked;
    clock.advance(100);
    expect(await failure).toMatchObject({
      code: 'ERR_A2A_CARD_FETCH_FAILED',
      cause: { code: 'ERR_HTTP_TIMEOUT' },
      urls: isKept ? [] : [ROOT],
    });
    expect(clock.pendingTimers).toBe(0);
  });

  it('is left at once when the signal of either options aborts, with its reason', async () => {
    for (const where of ['call', 'verify'] as const) {
      const abort = new AbortController();
      const { fetch } = web({ [ROOT]: () => cardResponse(SIGNED) });
      const reason = { where };
      const find = () => {
        abort.abort(reason);
        return new Promise<never>(() => {});
      };
      const { signal } = abort;
      const work =
        where === 'call'
          ? fetchAgentCard('agent.example', { fetch, signal, verify: { keys: { find } } })
          : fetchAgentCard('agent.example', { fetch, verify: { keys: { find }, signal } });
      await expect(work).rejects.toBe(reason);
    }
  });
});

describe('a signed card that lacks what it must have', () => {
  it.each<[string, object]>([
    ['no address', { supportedInterfaces: [{ protocolBinding: 'JSONRPC', protocolVersion: '1.0' }] }],
    ['no binding', { supportedInterfaces: [{ url: 'https://agent.example/rpc', protocolVersion: '1.0' }] }],
    ['no interfaces', { supportedInterfaces: undefined }],
    ['no capabilities', { capabilities: undefined }],
  ])('%s: breaks nothing that reads it', async (_, changes) => {
    const card = await signedBare(JSON.parse(JSON.stringify({ ...CARD, ...changes })));
    const { fetch } = web({ [ROOT]: () => cardResponse(card) });
    const found = await fetchAgentCard('agent.example', { fetch, verify });
    expect(codeOf(() => assertExtendedCardOffered(found.card))).toBe('ERR_A2A_UNSUPPORTED_OPERATION');
    for (const [publicCard, extended] of [
      [found.card, CARD],
      [CARD, found.card],
    ] as const) {
      const code = codeOf(() => judgeExtendedCard(publicCard, extended, { verified: false }));
      expect([undefined, 'ERR_A2A_ORIGIN_NOT_ALLOWED']).toContain(code);
    }
  });
});

describe('a cache that was given something false', () => {
  it('a 304 with the tag of another card: the card is asked for whole', async () => {
    const clock = fakeClock();
    const cache = cardCache({ clock });
    const answers = [
      () => cardResponse({ ...CARD, name: 'Old' }, { etag: '"a"', 'cache-control': 'max-age=1' }),
      () => new Response(null, { status: 304, headers: { etag: '"b"', 'cache-control': 'max-age=86400' } }),
      () => cardResponse({ ...CARD, name: 'New' }, { etag: '"b"', 'cache-control': 'max-age=1' }),
      () => new Response(null, { status: 304, headers: { etag: 'W/"b"' } }),
    ];
    const { fetch, asked } = scriptedFetch((_, index) => answers[index]!());
    const names: unknown[] = [];
    for (let times = 0; times < 3; times++) {
      const { card, fromCache } = await fetchAgentCard('agent.example', { fetch, cache, clock });
      names.push([card.name, fromCache]);
      clock.advance(2_000);
    }
    expect(names).toEqual([
      ['Old', false],
      ['New', false],
      ['New', true],
    ]);
    expect(asked.map(({ headers }) => headers.get('if-none-match'))).toEqual([null, '"a"', null, '"b"']);
  });

  it.each([
    ['fresh', 0],
    ['no longer fresh', 200_000],
  ])('a card that is %s and does not verify, under the tag of the true one: is fetched whole', async (_, laterMs) => {
    const clock = fakeClock();
    const cache = cardCache({ clock });
    const kept = { etag: '"good"', 'cache-control': 'max-age=100' };
    let served: object = { ...CARD, name: 'Evil' };
    const { fetch, asked } = scriptedFetch(({ headers }) =>
      headers.get('if-none-match') === '"good"' ? new Response(null, { status: 304 }) : cardResponse(served, kept),
    );
    await fetchAgentCard('agent.example', { fetch, cache, clock });
    served = SIGNED;
    clock.advance(laterMs);
    const found = await fetchAgentCard('agent.example', { fetch, cache, clock, verify });
    expect([found.card.name, found.fromCache]).toEqual([CARD.name, false]);
    expect(asked.at(-1)?.headers.has('if-none-match')).toBe(false);
  });

  it('a card longer than this caller takes', async () => {
    const cache = cardCache();
    const long = { ...CARD, description: '\u00fc'.repeat(1_000) };
    const { fetch } = web({ [ROOT]: () => cardResponse(long, { 'cache-control': 'max-age=100' }) });
    await fetchAgentCard('agent.example', { fetch, cache });
    expect((await errorOf(fetchAgentCard('agent.example', { fetch, cache, maxBodyBytes: 2_000 }))).code).toBe(
      'ERR_A2A_CARD_TOO_LARGE',
    );
    const bytes = encodeUtf8(JSON.stringify(long)).length;
    const found = await fetchAgentCard('agent.example', { fetch, cache, maxBodyBytes: bytes });
    expect(found.fromCache).toBe(true);
  });
});

describe('a password in an address', () => {
  it.each(['https://user:hunter2@agent.example', 'user:hunter2@agent.example', 'https://u:hunter2@agent.example:0x/'])(
    '%s: is not repeated',
    async (address) => {
      const { fetch } = web({});
      const error = await errorOf(fetchAgentCard(address, { fetch }));
      expect(error.cause).toMatchObject({ code: 'ERR_HTTP_URL' });
      expect((error.cause as { url: string }).url).not.toContain('hunter2');
    },
  );
});

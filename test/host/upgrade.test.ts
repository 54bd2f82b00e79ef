// The decision every host makes before it accepts a socket.

import { describe, expect, it } from 'vitest';
import { assertHostOptions, type HostOptions, judgeUpgrade } from '../../src/host/upgrade.js';
import edges from '../../vectors/did-key/edge-cases.json' with { type: 'json' };

const DID = edges.did;
const PUBLIC = { remoteAddress: '203.0.113.9', localAddress: '203.0.113.1' };
const LOOPBACK = { remoteAddress: '127.0.0.1', localAddress: '127.0.0.1' };

interface Asked {
  readonly method?: string;
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly remoteAddress?: string;
  readonly localAddress?: string;
  readonly open?: number;
}

function judge(asked: Asked, options: HostOptions = {}) {
  const { method = 'GET', url = `/?caller=${encodeURIComponent(DID)}`, headers = {}, open = 0, ...addresses } = asked;
  const all: Record<string, string> = {
    host: 'agent.example',
    upgrade: 'websocket',
    'sec-websocket-protocol': 'agent-phone.v1',
    ...headers,
  };
  return judgeUpgrade({ method, url, header: (name) => all[name], ...addresses }, open, options);
}

/** 101 or the status of the refusal. */
function status(asked: Asked, options?: HostOptions): number {
  const verdict = judge(asked, options);
  return verdict.accepted ? 101 : verdict.status;
}

describe('an honest caller', () => {
  it('is let in with what it claims and the one subprotocol', () => {
    expect(judge(PUBLIC)).toEqual({
      accepted: true,
      callerDid: DID,
      subprotocol: 'agent-phone.v1',
      remoteAddress: '203.0.113.9',
    });
  });

  it.each([
    ['percent-encoded in a path', `/phone?x=1&caller=${encodeURIComponent(DID)}`],
    ['raw', `/?caller=${DID}`],
    ['in an absolute URL', `https://agent.example/a/b?caller=${DID}`],
  ])('may spell the caller %s', (_name, url) => {
    expect(judge({ url })).toMatchObject({ accepted: true, callerDid: DID });
  });

  it('may write the upgrade header in capitals, and has no address where the host knows none', () => {
    const verdict = judge({ headers: { upgrade: 'WebSocket' } });
    expect(verdict).toEqual({ accepted: true, callerDid: DID, subprotocol: 'agent-phone.v1' });
  });
});

describe('F19: subprotocol', () => {
  it.each([
    ['none', ''],
    ['another', 'evil.v9'],
    ['a longer one', 'agent-phone.v10'],
    ['one in capitals', 'Agent-Phone.v1'],
    ['one with a space inside', 'agent-phone .v1'],
  ])('refuses %s with 426', (_name, offered) => {
    expect(status({ headers: { 'sec-websocket-protocol': offered } })).toBe(426);
  });

  it('never answers another one, whatever stands beside ours', () => {
    const verdict = judge({ headers: { 'sec-websocket-protocol': 'evil.v9 , agent-phone.v1,other' } });
    expect(verdict).toMatchObject({ accepted: true, subprotocol: 'agent-phone.v1' });
  });

  it('asks for a WebSocket when the request wants none', () => {
    expect(judge({ headers: { upgrade: 'h2c' } })).toMatchObject({ status: 426, headers: { upgrade: 'websocket' } });
    expect(judge({ method: 'POST' })).toMatchObject({ status: 405, headers: { allow: 'GET' } });
  });
});

describe('F2, N8, N9: a caller that is no DID', () => {
  it.each([
    ['missing', '/'],
    ['empty', '/?caller='],
    ['not a DID at all', '/?caller=not-a-did-at-all'],
    ['there twice', `/?caller=${DID}&caller=${DID}`],
    ['with a fragment', `/?caller=${DID}%23key-1`],
    ['with a space behind', `/?caller=${DID}%20`],
    ['with a letter behind', `/?caller=${DID}1`],
    ['in capitals', `/?caller=${DID.toUpperCase()}`],
    ['of another method', '/?caller=did:web:agent.example'],
    ['65,539 characters long', `/?caller=did:key:z${'1'.repeat(65_530)}`],
    ['in a URL that is none', 'http://[/?caller='],
  ])('%s is refused with 400', (_name, url) => {
    expect(status({ url })).toBe(400);
  });

  it.each(edges.refusedKey)('an unusable key is refused with 400: $why', ({ did }) => {
    expect(status({ url: `/?caller=${did}` })).toBe(400);
  });
});

describe('N11: a page on another site dials an agent on this machine', () => {
  const rebound = { host: 'attacker.example:8080', origin: 'http://attacker.example:8080' };

  it.each([
    ['a foreign page dials 127.0.0.1', { host: '127.0.0.1:8080', origin: 'https://attacker.example' }],
    ['a sandboxed page dials localhost', { host: 'localhost:8080', origin: 'null' }],
    ['a page with a look-alike name', { host: 'localhost:8080', origin: 'http://localhost.attacker.example' }],
    ['a page with our address as its user name', { host: 'localhost', origin: 'http://127.0.0.1@attacker.example' }],
    ['an extension', { host: 'localhost:8080', origin: 'chrome-extension://abcdefghijklmnop' }],
    ['DNS rebinding', rebound],
    ['DNS rebinding without an origin', { host: 'attacker.example:8080' }],
    ['a host with a user name', { host: '127.0.0.1@attacker.example' }],
    ['a host that hides another', { host: 'attacker.example#127.0.0.1' }],
    ['an empty host', { host: '' }],
  ])('%s: 403', (_name, headers) => {
    expect(status({ ...LOOPBACK, headers })).toBe(403);
  });

  it('is refused before anything else is looked at', () => {
    expect(status({ ...LOOPBACK, headers: { ...rebound, upgrade: '' }, method: 'POST', url: '/' })).toBe(403);
  });

  it.each([
    ['the listener', { localAddress: '::1' }],
    ['the socket', { remoteAddress: '::ffff:127.0.0.1' }],
  ])('is noticed by the address of %s alone', (_name, address) => {
    expect(status({ ...address, headers: rebound })).toBe(403);
  });

  it('is noticed by the name dialled where the host knows no address', () => {
    expect(status({ headers: { host: 'localhost:8787', origin: 'https://attacker.example' } })).toBe(403);
  });

  it.each([
    ['no page at all', { host: '127.0.0.1:8080' }],
    ['a page from another local port', { host: '127.0.0.1:8080', origin: 'http://localhost:5173' }],
    ['the same over IPv6', { host: '[::1]:8080', origin: 'http://[::1]:5173' }],
  ])('%s is let in', (_name, headers) => {
    expect(status({ ...LOOPBACK, headers })).toBe(101);
  });

  it('can be allowed by name', () => {
    const options = { allowedHosts: ['Agent.Example'], allowedOrigins: ['https://app.example'] };
    const headers = { host: 'agent.example:8080', origin: 'https://app.example' };
    expect(status({ ...LOOPBACK, headers }, options)).toBe(101);
    expect(status({ ...LOOPBACK, headers: { ...headers, host: 'localhost:8080' } }, options)).toBe(403);
    expect(status({ ...LOOPBACK, headers: { ...headers, origin: 'http://localhost' } }, options)).toBe(403);
  });
});

describe('origins of a public agent', () => {
  it('are all welcome by default: the identity check is the gate', () => {
    expect(status({ ...PUBLIC, headers: { origin: 'https://any.example' } })).toBe(101);
  });

  it.each([
    ['https://app.example', 101],
    ['https://app.example:8443', 403],
    ['http://app.example', 403],
    ['https://app.example.attacker.example', 403],
    ['https://APP.example', 403],
    ['null', 403],
  ])('are compared exactly where there is a list: %s', (origin, expected) => {
    expect(status({ ...PUBLIC, headers: { origin } }, { allowedOrigins: ['https://app.example'] })).toBe(expected);
  });

  it('do not keep out callers that are no browsers', () => {
    expect(status(PUBLIC, { allowedOrigins: [] })).toBe(101);
  });
});

describe('address behind a proxy', () => {
  const proxied = (value: string) => ({ ...LOOPBACK, headers: { 'x-forwarded-for': value } });
  const options = { addressHeader: 'x-forwarded-for' };

  it('is not taken from a header nobody named', () => {
    const verdict = judge({
      ...PUBLIC,
      headers: { 'x-forwarded-for': '198.51.100.7', 'cf-connecting-ip': '198.51.100.7' },
    });
    expect(verdict).toMatchObject({ remoteAddress: '203.0.113.9' });
  });

  it("is the last entry, which is the proxy's own", () => {
    expect(judge(proxied('127.0.0.1, 198.51.100.7'), options)).toMatchObject({ remoteAddress: '198.51.100.7' });
    expect(judge(proxied('2001:db8::7'), options)).toMatchObject({ remoteAddress: '2001:db8::7' });
  });

  it("is the socket's when the header holds something else", () => {
    const headers = { host: 'localhost', 'x-forwarded-for': 'unknown' };
    expect(judge({ ...LOOPBACK, headers }, options)).toMatchObject({ remoteAddress: '127.0.0.1' });
  });

  it('does not open this machine to a page that comes without the proxy', () => {
    expect(status({ ...LOOPBACK, headers: { host: 'attacker.example' } }, options)).toBe(403);
  });
});

describe('N6: connections', () => {
  it.each([
    [9_999, 101],
    [10_000, 503],
    [10_001, 503],
  ])('%i open by default: %i', (open, expected) => {
    expect(status({ open })).toBe(expected);
  });

  it.each([
    [1, 101],
    [2, 503],
    [3, 503],
  ])('%i open of two: %i', (open, expected) => {
    expect(status({ open }, { maxConnections: 2 })).toBe(expected);
  });
});

describe('options', () => {
  it.each([
    { allowedOrigins: 'https://app.example' },
    { allowedOrigins: [1] },
    { allowedHosts: 'agent.example' },
    { addressHeader: 1 },
    { maxConnections: '1' },
  ])('of the wrong kind throw: %j', (options) => {
    expect(() => assertHostOptions(options as never)).toThrow(TypeError);
  });

  it.each([
    { allowedOrigins: ['https://app.example/'] },
    { allowedOrigins: ['app.example'] },
    { allowedHosts: ['agent.example:80'] },
    { allowedHosts: ['https://agent.example'] },
    { maxConnections: 0 },
    { maxConnections: 1_000_001 },
    { maxConnections: 1.5 },
  ])('out of range throw: %j', (options) => {
    expect(() => assertHostOptions(options)).toThrow(RangeError);
  });

  it.each([
    {},
    { allowedOrigins: '*' as const },
    { allowedOrigins: ['null', 'https://app.example:8443', 'chrome-extension://abc'] },
    { allowedHosts: ['agent.example', '[::1]', '127.0.0.1'], addressHeader: 'cf-connecting-ip', maxConnections: 1 },
  ])('that make sense pass: %j', (options) => {
    expect(() => assertHostOptions(options)).not.toThrow();
  });
});

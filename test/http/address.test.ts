import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostKind, isPrivateHost, judgeUrl } from '../../src/http/address.js';
import { parseIpv4, parseIpv6 } from '../../src/http/ip.js';
import { codeOf } from '../codec/helpers.js';

const codeFor = (url: string, rules = {}, from?: URL) => codeOf(() => judgeUrl(url, rules, from));

/** Spellings of addresses no stranger may have us ask. */
const SPELLINGS: Readonly<Record<string, readonly string[]>> = {
  'this machine': [
    'https://127.0.0.1/',
    'https://127.0.0.1./',
    'https://127.0.0.1:8443/',
    'https://127.1/',
    'https://127.0.1/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0x7f.0.0.1/',
    'https://0X7F.1/',
    'https://0177.0.0.1/',
    'https://0177.0x0.0.01/',
    'https://017700000001/',
    'https://127.255.255.254/',
    'https://%31%32%37.0.0.1/',
    'https://①②⑦.⓪.⓪.①/',
    'https://127。0。0。1/',
    'https://[::1]/',
    'https://[0:0:0:0:0:0:0:1]/',
    'https://[0000:0000:0000:0000:0000:0000:0000:0001]/',
    'https://[::127.0.0.1]/',
    'https://localhost/',
    'https://LOCALHOST/',
    'https://localhost./',
    'https://lo%63alhost/',
    'https://agent.localhost/',
    'https://agent.localhost./',
    'https://ⓛocalhost/',
  ],
  'everything on this machine': ['https://0.0.0.0/', 'https://0/', 'https://0x0/', 'https://[::]/', 'https://0.1.2.3/'],
  'the metadata of a cloud': [
    'https://169.254.169.254/latest/meta-data/',
    'https://2852039166/',
    'https://0xa9fea9fe/',
    'https://0251.0376.0251.0376/',
    'https://169.254.43518/',
    'https://[::ffff:169.254.169.254]/',
    'https://[::ffff:a9fe:a9fe]/',
    'https://[64:ff9b::169.254.169.254]/',
    'https://[64:ff9b:1::169.254.169.254]/',
    'https://[2002:a9fe:a9fe::1]/',
    'https://[fd00:ec2::254]/',
    'https://metadata.google.internal/',
    'https://metadata.google.internal./',
    'https://metadata/',
  ],
  'IPv4 inside IPv6': [
    'https://[::ffff:127.0.0.1]/',
    'https://[::ffff:7f00:1]/',
    'https://[0:0:0:0:0:ffff:10.0.0.1]/',
    'https://[::ffff:192.168.1.1]/',
    'https://[::ffff:0:127.0.0.1]/',
    'https://[::10.0.0.1]/',
    'https://[64:ff9b::10.0.0.1]/',
    'https://[64:ff9b::7f00:1]/',
    'https://[64:ff9b:0:1::8.8.8.8]/',
    'https://[2002:7f00:1::]/',
    'https://[2002:0a00:0001::1]/',
    'https://[2002:c0a8:101::1]/',
    'https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/',
  ],
  'private networks': [
    'https://10.0.0.1/',
    'https://10.255.255.255/',
    'https://172.16.0.1/',
    'https://172.31.255.255/',
    'https://192.168.0.1/',
    'https://192.168.257/',
    'https://3232235777/',
    'https://100.64.0.1/',
    'https://100.127.255.255/',
    'https://198.18.0.1/',
    'https://198.19.255.255/',
    'https://[fc00::1]/',
    'https://[fdff:ffff::1]/',
    'https://printer.local/',
    'https://router.home.arpa/',
    'https://intranet/',
    'https://intranet./',
  ],
  'link-local': ['https://169.254.0.1/', 'https://[fe80::1]/', 'https://[febf::1]/', 'https://[fec0::1]/'],
  multicast: ['https://224.0.0.1/', 'https://239.255.255.255/', 'https://[ff02::1]/', 'https://[ff0e::1]/'],
  'nothing at all': [
    'https://240.0.0.1/',
    'https://255.255.255.255/',
    'https://192.0.0.1/',
    'https://192.0.2.1/',
    'https://198.51.100.1/',
    'https://203.0.113.1/',
    'https://192.88.99.1/',
    'https://[2001:db8::1]/',
    'https://[3fff::1]/',
    'https://[100::1]/',
    'https://[2001:2::1]/',
    'https://[2001:20::1]/',
    'https://[5f00::1]/',
    'https://[4000::1]/',
  ],
};

describe('spellings of an address behind which a stranger would have us look', () => {
  const rows = Object.entries(SPELLINGS).flatMap(([what, urls]) => urls.map((url) => [what, url] as const));
  it.each(rows)('%s: %s', (_, url) => {
    expect(codeFor(url)).toBe('ERR_HTTP_URL');
  });

  it.each(rows.map(([, url]) => url))('a redirect to %s', (url) => {
    expect(codeFor(url, {}, new URL('https://agent.example/'))).toBe('ERR_HTTP_URL');
  });
});

describe('addresses that are no addresses to ask', () => {
  it.each([
    'http://agent.example/',
    'http://8.8.8.8/',
    'ftp://agent.example/',
    'file:///etc/passwd',
    'data:application/json,{}',
    'blob:https://agent.example/1',
    'javascript:0',
    'wss://agent.example/',
    'agent.example',
    '/relative',
    '//agent.example/',
    '',
    'https://',
    'https://.',
    'https://user@agent.example/',
    'https://user:password@agent.example/',
    'https://:password@agent.example/',
    'https://agent.example@127.0.0.1/',
    'https://agent.example%40evil.example@evil.example/',
    'https://1.2.3.4.5/',
    'https://256.0.0.1/',
    'https://agent.example:99999/',
    'https://[::1/',
    'https://[fe80::1%25eth0]/',
    'https://a b/',
  ])('%s', (url) => {
    expect(codeFor(url)).toBe('ERR_HTTP_URL');
  });
});

describe('public addresses', () => {
  it.each([
    ['https://agent.example/', 'https://agent.example/'],
    ['HTTPS://Agent.Example:443/card.json?a=1#part', 'https://agent.example/card.json?a=1'],
    ['https://agent.example:8443/', 'https://agent.example:8443/'],
    ['https://agent.example./', 'https://agent.example./'],
    ['https://8.8.8.8/', 'https://8.8.8.8/'],
    ['https://172.15.255.255/', 'https://172.15.255.255/'],
    ['https://172.32.0.1/', 'https://172.32.0.1/'],
    ['https://100.63.255.255/', 'https://100.63.255.255/'],
    ['https://100.128.0.1/', 'https://100.128.0.1/'],
    ['https://192.0.1.1/', 'https://192.0.1.1/'],
    ['https://223.255.255.255/', 'https://223.255.255.255/'],
    ['https://[2606:4700::1111]/', 'https://[2606:4700::1111]/'],
    ['https://[::ffff:8.8.8.8]/', 'https://[::ffff:808:808]/'],
    ['https://[64:ff9b::8.8.8.8]/', 'https://[64:ff9b::808:808]/'],
    ['https://[2002:808:808::1]/', 'https://[2002:808:808::1]/'],
    ['https://127.0.0.1.example/', 'https://127.0.0.1.example/'],
    ['https://localhost.example/', 'https://localhost.example/'],
    ['https://notlocalhost.example/', 'https://notlocalhost.example/'],
    ['https://internal.example/', 'https://internal.example/'],
  ])('%s is asked as %s', (url, asked) => {
    expect(judgeUrl(url).href).toBe(asked);
  });
});

describe('what can be opened up', () => {
  const loopback = { allowHttpLoopback: true };
  const privateHosts = { allowPrivateHosts: true };

  it.each([
    'http://127.0.0.1:3000/',
    'http://localhost:3000/',
    'http://[::1]:3000/',
    'http://a.localhost/',
    'https://127.1/',
  ])('%s, by allowHttpLoopback', (url) => {
    expect(codeFor(url, loopback)).toBeUndefined();
  });

  it.each([
    'http://10.0.0.1/',
    'https://10.0.0.1/',
    'http://agent.example/',
    'http://0.0.0.0:3000/',
    'http://127.0.0.1@agent.example/',
  ])('not %s, by allowHttpLoopback', (url) => {
    expect(codeFor(url, loopback)).toBe('ERR_HTTP_URL');
  });

  it.each([
    'https://10.0.0.1/',
    'https://127.0.0.1/',
    'https://[fd00::1]/',
    'https://intranet/',
    'https://a.internal/',
  ])('%s, by allowPrivateHosts', (url) => {
    expect(codeFor(url, privateHosts)).toBeUndefined();
  });

  it.each([
    'http://10.0.0.1/',
    'http://127.0.0.1/',
    'https://169.254.169.254/',
    'https://0.0.0.0/',
    'https://[fe80::1]/',
  ])('not %s, by allowPrivateHosts', (url) => {
    expect(codeFor(url, privateHosts)).toBe('ERR_HTTP_URL');
  });
});

describe('redirects', () => {
  const all = { allowHttpLoopback: true, allowPrivateHosts: true };

  it.each([
    ['https://agent.example/', 'https://other.example/'],
    ['http://127.0.0.1:1/', 'http://127.0.0.1:2/'],
    ['http://127.0.0.1:1/', 'https://agent.example/'],
    ['https://10.0.0.1/', 'https://10.0.0.2/'],
    ['https://10.0.0.1/', 'https://agent.example/'],
  ])('from %s to %s', (from, to) => {
    expect(codeFor(to, all, new URL(from))).toBeUndefined();
  });

  it.each([
    ['https://agent.example/', 'http://agent.example/'],
    ['https://agent.example/', 'http://127.0.0.1:3000/'],
    ['https://agent.example/', 'https://127.0.0.1/'],
    ['https://agent.example/', 'https://10.0.0.1/'],
    ['https://10.0.0.1/', 'https://127.0.0.1/'],
    ['https://127.0.0.1/', 'http://127.0.0.1/'],
    ['http://127.0.0.1/', 'https://169.254.169.254/'],
  ])('not from %s to %s, whatever is allowed', (from, to) => {
    expect(codeFor(to, all, new URL(from))).toBe('ERR_HTTP_URL');
  });
});

describe('kinds of hosts', () => {
  it.each([
    ['::1', 'loopback'],
    ['[::1]', 'loopback'],
    ['0x7f.1', 'loopback'],
    ['127.0.0.1..', 'loopback'],
    ['localhost..', 'loopback'],
    ['fd00::1', 'private'],
    ['nas.lan', 'private'],
    ['intranet.corp', 'private'],
    ['router.home', 'private'],
    ['db.private', 'private'],
    ['wiki.intranet', 'private'],
    ['agent.test', 'private'],
    ['agent.invalid', 'private'],
    ['agent.onion', 'private'],
    ['api.default.svc', 'private'],
    ['kubernetes.default', 'private'],
    ['Kubernetes.Default.', 'private'],
    ['metadata.goog', 'private'],
    ['metadata.google.internal', 'private'],
    ['agent.example', 'public'],
    ['agent.example.', 'public'],
    ['lan.example', 'public'],
    ['kubernetes.default.example', 'public'],
    ['xmetadata.goog', 'public'],
    ['home.example', 'public'],
    ['myhome', 'private'],
    ['agent.myhome', 'public'],
    ['127.0.0.1:80', 'reserved'],
    ['agent.example/path', 'reserved'],
    ['user@agent.example', 'reserved'],
    ['', 'reserved'],
    ['..', 'reserved'],
    ['1.2.3.4.5', 'reserved'],
    ['[1::2::3]', 'reserved'],
  ])('%s is %s', (host, kind) => {
    expect(hostKind(host)).toBe(kind);
    expect(isPrivateHost(host)).toBe(kind !== 'public');
  });
});

describe('addresses made to cost time', () => {
  const inTime = <T>(act: () => T): T => {
    const started = performance.now();
    const result = act();
    expect(performance.now() - started).toBeLessThan(1_000);
    return result;
  };

  it('a host with 160,000 dots inside', () => {
    const host = `a${'.'.repeat(160_000)}a`;
    expect(inTime(() => hostKind(host))).toBe('reserved');
    expect(inTime(() => codeOf(() => judgeUrl(`https://${host}/`)))).toBe('ERR_HTTP_URL');
  });

  it('a host of 80,000 different characters, over which the URL parser itself is slow', () => {
    const host = Array.from({ length: 80_000 }, (_, i) => String.fromCharCode(0x4e00 + (i % 20_000))).join('');
    expect(inTime(() => hostKind(`${host}.example`))).toBe('reserved');
    expect(inTime(() => codeOf(() => judgeUrl(`https://${host}.example/`)))).toBe('ERR_HTTP_URL');
  });

  it('a host of more than 253 characters is none, also where it grows in the parser', () => {
    const host = (length: number) => 'a.'.repeat(length).slice(-length);
    expect(hostKind(host(253))).toBe('public');
    expect(hostKind(`${host(253)}.`)).toBe('public');
    expect(hostKind(host(255))).toBe('reserved');
    expect(codeOf(() => judgeUrl(`https://${host(255)}/`))).toBe('ERR_HTTP_URL');
    expect(hostKind(`${'\u00fc.'.repeat(60)}example`)).toBe('reserved');
  });

  it('an address of more than 8,192 characters is not one to ask', () => {
    const start = 'https://agent.example/';
    expect(judgeUrl(start.padEnd(8_192, 'a')).href).toHaveLength(8_192);
    expect(codeOf(() => judgeUrl(start.padEnd(8_193, 'a')))).toBe('ERR_HTTP_URL');
  });
});

describe('a refusal', () => {
  it.each([
    ['https://user:hunter2@agent.example/x', 'https://agent.example/x'],
    ['https://user:hunter2@127.0.0.1/', 'https://127.0.0.1/'],
    ['https://hunter2@', ''],
    ['https://user:hunter2@agent.example:99999/', 'agent.example:99999/'],
    ['https://agent.example:99999/', 'https://agent.example:99999/'],
    ['ftp://user:hunter2@agent.example/x@y', 'ftp://agent.example/x@y'],
    ['user:hunter2@agent.example', 'agent.example'],
    ['http://agent.example/@x', 'http://agent.example/@x'],
  ])('of %s does not repeat the password', (url, shown) => {
    try {
      judgeUrl(url);
    } catch (error) {
      expect(error).toMatchObject({ code: 'ERR_HTTP_URL', url: shown });
      expect(inspect(error, { depth: 10 })).not.toContain('hunter2');
      return;
    }
    expect.fail('not refused');
  });
});

describe('numbers of addresses', () => {
  it('reads any IPv4 address back', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 32 - 1), (number) => {
        expect(parseIpv4(new URL(`https://${number}/`).hostname)).toBe(number);
      }),
    );
  });

  it('reads any IPv6 address back, however the URL parser shortens it', () => {
    const group = fc.oneof(fc.constant(0), fc.nat(0xffff));
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
        const text = groups.map((value) => value.toString(16)).join(':');
        expect(parseIpv6(text)).toEqual(groups);
        expect(parseIpv6(new URL(`https://[${text}]/`).hostname.slice(1, -1))).toEqual(groups);
      }),
    );
  });

  it.each([
    '',
    ':',
    ':::',
    '1',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4::5:6:7:8',
    'g::',
    '12345::',
    '::1.2.3.4',
  ])('finds no IPv6 address in "%s"', (text) => {
    expect(parseIpv6(text)).toBeUndefined();
  });

  it.each(['', '1.2.3', '1.2.3.4.5', '1.2.3.256', '1.2.3.', '0x1.2.3.4', '1.2.3.4 '])(
    'finds no IPv4 address in "%s"',
    (text) => {
      expect(parseIpv4(text)).toBeUndefined();
    },
  );
});

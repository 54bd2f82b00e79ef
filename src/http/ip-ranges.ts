// Which IP addresses lead where: the special-purpose registries of IANA (RFC 6890 and its updates).

import { parseIpv4 } from './ip.js';

/**
 * How far an address reaches: `loopback` this machine, `private` a network of somebody's own, `reserved` nothing that
 * could be asked for a document (link-local, multicast, documentation, unspecified, future use).
 */
export type NetworkKind = 'public' | 'loopback' | 'private' | 'reserved';

const IPV4_RANGES: readonly (readonly [base: string, bits: number, kind: NetworkKind])[] = [
  ['0.0.0.0', 8, 'reserved'], // "this network"; 0.0.0.0 itself reaches this machine on many systems
  ['10.0.0.0', 8, 'private'],
  ['100.64.0.0', 10, 'private'], // carrier-grade NAT, RFC 6598
  ['127.0.0.0', 8, 'loopback'],
  ['169.254.0.0', 16, 'reserved'], // link-local, where clouds keep their metadata
  ['172.16.0.0', 12, 'private'],
  ['192.0.0.0', 24, 'reserved'], // IETF protocol assignments
  ['192.0.2.0', 24, 'reserved'], // documentation
  ['192.88.99.0', 24, 'reserved'], // 6to4 relays, withdrawn
  ['192.168.0.0', 16, 'private'],
  ['198.18.0.0', 15, 'private'], // benchmarks inside a laboratory
  ['198.51.100.0', 24, 'reserved'], // documentation
  ['203.0.113.0', 24, 'reserved'], // documentation
  ['224.0.0.0', 3, 'reserved'], // multicast, future use, broadcast
];

/** Tells how far an IPv4 address reaches. */
export function ipv4Kind(address: number): NetworkKind {
  for (const [base, bits, kind] of IPV4_RANGES) {
    const size = 2 ** (32 - bits);
    if (Math.floor(address / size) === Math.floor((parseIpv4(base) as number) / size)) return kind;
  }
  return 'public';
}

/**
 * Tells how far an IPv6 address reaches. One that carries an IPv4 address (mapped, NAT64, 6to4) reaches as far as that.
 *
 * @param groups Eight of 16 bits.
 */
export function ipv6Kind(groups: readonly number[]): NetworkKind {
  const [a = 0, b = 0, c = 0] = groups;
  const zerosBefore = (count: number) => groups.slice(0, count).every((group) => group === 0);
  const ipv4At = (index: number) => ipv4Kind((groups[index] ?? 0) * 65_536 + (groups[index + 1] ?? 0));
  if (zerosBefore(7) && groups[7] === 1) return 'loopback';
  if (zerosBefore(5) && groups[5] === 0xffff) return ipv4At(6); // ::ffff:0:0/96, mapped
  if (a === 0x64 && b === 0xff9b) {
    if (c === 1) return 'private'; // 64:ff9b:1::/48, NAT64 of one network, RFC 8215
    return groups.slice(2, 6).every((group) => group === 0) ? ipv4At(6) : 'reserved'; // 64:ff9b::/96, NAT64
  }
  if (a === 0x2002) return ipv4At(1); // 2002::/16, 6to4
  if (a >= 0xfc00 && a <= 0xfdff) return 'private'; // fc00::/7, unique local
  if (a === 0x2001 && b < 0x200) return 'reserved'; // 2001::/23: Teredo, ORCHID, benchmarks
  if (a === 0x2001 && b === 0xdb8) return 'reserved'; // documentation
  if (a === 0x3fff && b < 0x1000) return 'reserved'; // documentation, RFC 9637
  // Global unicast is 2000::/3, and only that; link-local, site-local, multicast and the unspecified lie outside.
  return a >= 0x2000 && a <= 0x3fff ? 'public' : 'reserved';
}

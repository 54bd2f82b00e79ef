// What an address counts as where requests are counted: whoever has one address of a network of IPv6 has all of it.

import { parseIpv4, parseIpv6 } from '../../http/ip.js';

/** Bits of an IPv6 address that name who has it; the others are its own to choose. */
const NETWORK_GROUPS = 4;

/**
 * The name an address is counted under: IPv4 as it is, also inside IPv6; of IPv6 the first 64 bits.
 *
 * @param address As a host writes it, with or without brackets and zone. Any other text counts as itself.
 */
export function addressName(address: string): string {
  const bare = address
    .trim()
    .replace(/^\[|\]$/g, '')
    .replace(/%.*$/, '');
  const embedded = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1];
  if (embedded !== undefined && parseIpv4(embedded) !== undefined) return embedded;
  const groups = parseIpv6(bare);
  if (groups === undefined) return bare;
  // The same in hexadecimal: `::ffff:c000:201`.
  const isIpv4 = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (isIpv4) {
    return groups
      .slice(6)
      .flatMap((group) => [group >> 8, group & 0xff])
      .join('.');
  }
  return groups
    .slice(0, NETWORK_GROUPS)
    .map((group) => group.toString(16))
    .join(':');
}

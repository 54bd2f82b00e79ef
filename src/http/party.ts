// Whom a remote address stands for where connections are counted by address.

/** Whether an address is this machine's own, in any of the spellings hosts use. */
export function isLoopback(address: string): boolean {
  return /^(?:::ffff:)?127(?:\.\d{1,3}){3}$|^\[?::1\]?$|^localhost$/i.test(address);
}

/** What an address counts as: IPv4 as it is, also inside IPv6, and of IPv6 the first 64 bits. */
export function partyOf(address: string): string {
  const embedded = /^\[?::ffff:(\d+(?:\.\d+){3})\]?$/i.exec(address);
  if (embedded !== null) return embedded[1] as string;
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.replace(/^\[|\]$/g, '').split('::');
  const groups = head.split(':').filter((group) => group !== '');
  if (tail !== undefined) {
    const behind = tail.split(':').filter((group) => group !== '');
    while (groups.length + behind.length < 8) groups.push('0');
    groups.push(...behind);
  }
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16))
    .join(':');
}

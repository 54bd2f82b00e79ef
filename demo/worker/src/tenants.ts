// Who may use a machine of this Worker: the secret, as people paste it.

/** Shortest token: shorter ones can be guessed. */
const MIN_TOKEN_CHARACTERS = 16;

/**
 * Reads tokens and their tenants: `alice=a-long-secret bob=another-one`, parted by white space.
 *
 * @returns Tenant of each token; nothing where no secret is set.
 * @throws {Error} It is malformed: then nobody comes in, rather than anybody. Nothing of it is repeated.
 */
export function readTenants(secret: string | undefined): ReadonlyMap<string, string> | undefined {
  const words = (secret ?? '').split(/\s+/).filter((word) => word !== '');
  if (words.length === 0) return undefined;
  const tenants = new Map<string, string>();
  for (const word of words) {
    const at = word.indexOf('=');
    const token = word.slice(at + 1);
    if (at < 1 || token.length < MIN_TOKEN_CHARACTERS || tenants.has(token)) {
      throw new Error(
        `RINGLINE_ARCP_TOKENS: each word must be tenant=token, a token of its own, ${MIN_TOKEN_CHARACTERS} characters or more`,
      );
    }
    tenants.set(token, word.slice(0, at));
  }
  return tenants;
}

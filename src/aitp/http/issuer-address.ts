// Where issuers of identities publish their keys (AITP 0.2, section 8.7): below the issuer itself, whose name is an address.

/** Where an issuer without OpenID Connect discovery has its keys. */
export const ISSUER_KEYS_PATH = '/.well-known/aitp-keys';

/** The address of something below an issuer. @param path Begins with a slash. */
export function belowIssuer(issuer: string, path: string): string {
  return `${issuer.endsWith('/') ? issuer.slice(0, -1) : issuer}${path}`;
}

// `ringline aitp token`

import type { Aid } from '../aitp/aid.js';
import { DEFAULT_TCT_TTL_SEC } from '../aitp/constants.js';
import { AitpError } from '../aitp/errors.js';
import type { Manifest } from '../aitp/manifest.js';
import { issueTct, type Tct } from '../aitp/tct.js';
import { systemClockSec } from '../aitp/timestamps.js';
import { printable } from '../bytes/printable.js';
import { issuerManifestOf, manifestOption } from './aitp-issuer-manifest.js';
import { agentOf, aitpSignerOf, grantsOf, loopbackOption, signerOption, ttlOf, ttlOption } from './aitp-options.js';
import type { Command } from './command.js';
import type { Io } from './io.js';
import { jsonLine } from './json-line.js';
import { untilText } from './moment-text.js';

/** `ringline aitp token`: grants something to another agent. */
export const aitpToken: Command = {
  name: 'aitp token',
  summary: 'Grants capabilities to an agent: prints a trust context token for it',
  details: [
    'The token is bound to the key of that agent. It ends no later than your own Manifest, and grants nothing that the Manifest does not offer; --no-manifest leaves both to you.',
    'With --voucher a second line follows, the grant voucher: with it the agent may pass on some of what it was granted (ringline aitp delegate).',
  ],
  examples: [
    'aitp token aid:pubkey:... --grant tide.read --manifest manifest.json > token.txt',
    'aitp token did:key:z6Mk... --grant tide.read --no-manifest --ttl 600 --voucher',
  ],
  positionals: [{ name: 'AGENT', help: 'who gets it: aid:pubkey:... or did:key:z6Mk...' }],
  options: {
    identity: signerOption,
    grant: { value: 'CAPABILITY', repeatable: true, help: 'what it may be used for' },
    manifest: { ...manifestOption, help: 'your own Manifest, which the token must not outlive' },
    'no-manifest': { help: 'do without one' },
    ttl: ttlOption(DEFAULT_TCT_TTL_SEC, ', cut at the end of the Manifest'),
    voucher: { help: 'let the agent delegate: print a grant voucher as well' },
    'allow-http-loopback': loopbackOption,
    json: { help: 'print {"tct","grant_voucher"?,"jti","subject","grants","expires_at"} as one line instead' },
  },
  async run(args, io) {
    const subject = agentOf('AGENT', args) as Aid;
    const grants = grantsOf(args);
    const ttlSec = ttlOf(args);
    if (args.has('no-manifest') === (args.text('manifest') !== undefined)) {
      throw args.wrong('say either --manifest FILE_OR_URL, your own, or --no-manifest');
    }
    const signer = await aitpSignerOf(args, io);
    const manifest = await issuerManifestOf(signer.aid, args, io);
    assertOffered(grants, manifest);
    const { tct, voucher } = await issueTct(signer, {
      subject,
      grants,
      now: systemClockSec,
      issuerManifest: manifest ?? { dangerouslyIgnoreIssuerManifest: true },
      voucher: args.has('voucher'),
      ...(ttlSec !== undefined && { ttlSec }),
    });
    if (args.has('json')) {
      const { token, jti, expiresAtSec: expires_at } = tct;
      const grant_voucher = voucher === undefined ? {} : { grant_voucher: voucher };
      await io.out(jsonLine({ tct: token, ...grant_voucher, jti, subject, grants, expires_at }));
      return 0;
    }
    remark(tct, voucher, io);
    await io.out(`${tct.token}\n${voucher === undefined ? '' : `${voucher}\n`}`);
    return 0;
  },
};

/** Peers refuse a token that grants what its issuer does not offer. */
function assertOffered(grants: readonly string[], manifest: Manifest | undefined): void {
  const beyond = grants.find((grant) => manifest?.offeredCapabilities.includes(grant) === false);
  if (beyond !== undefined) throw new AitpError('POLICY_VIOLATION', `your Manifest does not offer ${beyond}`);
}

function remark({ subject, grants, expiresAtSec, jti }: Tct, voucher: string | undefined, io: Io): void {
  io.err(`${subject}\n`);
  io.err(`may use ${printable(grants.join(', '))}${voucher === undefined ? '' : ', and delegate it,'}\n`);
  io.err(`until ${untilText(expiresAtSec, systemClockSec())}.\n`);
  io.err(`To take it back: ringline aitp revoke LIST --jti ${jti}\n`);
}

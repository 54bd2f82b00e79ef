// `ringline aitp delegate`

import type { Aid } from '../aitp/aid.js';
import { DEFAULT_DELEGATION_TTL_SEC } from '../aitp/constants.js';
import { issueDelegation } from '../aitp/delegation.js';
import { AitpError } from '../aitp/errors.js';
import { systemClockSec } from '../aitp/timestamps.js';
import { printable } from '../bytes/printable.js';
import { type Artifact, KIND_NAMES, readArtifact } from './aitp-artifact.js';
import { claimsOf } from './aitp-claims.js';
import { agentOf, aitpSignerOf, grantsOf, signerOption, ttlOf, ttlOption } from './aitp-options.js';
import { readSource } from './aitp-source.js';
import type { Command } from './command.js';
import { jsonLine } from './json-line.js';
import { untilText } from './moment-text.js';

/** `ringline aitp delegate`: passes on a part of a grant. */
export const aitpDelegate: Command = {
  name: 'aitp delegate',
  summary: 'Passes on some of what you were granted to a third agent: prints a delegation for it',
  details: [
    'It takes the grant voucher that came with your token (ringline aitp token --voucher). The delegation ends no later than the voucher, and passes on nothing else.',
    'The third agent shows the delegation to whoever granted in the first place, and gets a token of its own for it. A delegation cannot be passed on again.',
  ],
  examples: ['aitp delegate token.txt aid:pubkey:... --grant tide.read > delegation.txt'],
  positionals: [
    { name: 'VOUCHER', help: 'file with the voucher, the token beside it or not; "-" for standard input' },
    { name: 'AGENT', help: 'who gets it: aid:pubkey:... or did:key:z6Mk...' },
  ],
  options: {
    identity: signerOption,
    grant: { value: 'CAPABILITY', repeatable: true, help: 'what to pass on' },
    ttl: ttlOption(DEFAULT_DELEGATION_TTL_SEC, ', cut at the end of the voucher'),
    json: { help: 'print {"delegation","delegatee","scope","expires_at","issuer"} as one line instead' },
  },
  async run(args, io) {
    const delegatee = agentOf('AGENT', args) as Aid;
    const scope = grantsOf(args);
    const ttlSec = ttlOf(args);
    const word = args.required('VOUCHER');
    const bytes = await readSource(word, 'name the file with your grant voucher', args, io);
    const voucher = voucherOf(readArtifact(bytes, word));
    const signer = await aitpSignerOf(args, io);
    const now = systemClockSec;
    const content = { voucher, delegatee, scope, now, ...(ttlSec !== undefined && { ttlSec }) };
    const delegation = await issueDelegation(signer, content);
    const { exp, aud } = claimsOf(delegation) as { readonly exp: number; readonly aud: string };
    if (args.has('json')) {
      await io.out(jsonLine({ delegation, delegatee, scope, expires_at: exp, issuer: aud }));
      return 0;
    }
    io.err(`${delegatee}\nmay ask for ${printable(scope.join(', '))}\nat ${aud}\nuntil ${untilText(exp, now())}.\n`);
    await io.out(`${delegation}\n`);
    return 0;
  },
};

/** @throws {AitpError} DELEGATION_INVALID_VOUCHER: there is none. DELEGATION_MULTIHOP_NOT_SUPPORTED: a delegation. */
function voucherOf(artifact: Artifact): string {
  if ('voucher' in artifact && artifact.voucher !== undefined) return artifact.voucher;
  if (artifact.kind === 'delegation') {
    throw new AitpError('DELEGATION_MULTIHOP_NOT_SUPPORTED', 'a delegation cannot be passed on again');
  }
  const what = artifact.kind === 'tct' ? 'a token without its voucher' : KIND_NAMES[artifact.kind];
  throw new AitpError('DELEGATION_INVALID_VOUCHER', `there is no grant voucher, only ${what}: ask the issuer for one`);
}

// `ringline aitp verify`

import { AitpError } from '../aitp/errors.js';
import { systemClockSec } from '../aitp/timestamps.js';
import { printable } from '../bytes/printable.js';
import { type Artifact, KIND_NAMES, readArtifact } from './aitp-artifact.js';
import { manifestOption } from './aitp-issuer-manifest.js';
import { type Findings, GAPS, judge } from './aitp-judge.js';
import { agentOf, capabilitiesOf, loopbackOption } from './aitp-options.js';
import { revocationOf, revocationOptions } from './aitp-revocation.js';
import { readSource } from './aitp-source.js';
import type { Args } from './args.js';
import type { Command } from './command.js';
import type { Io } from './io.js';
import { jsonLine } from './json-line.js';

/** `ringline aitp verify`: judges whatever AITP signs. */
export const aitpVerify: Command = {
  name: 'aitp verify',
  summary: 'Verifies whatever AITP signs, and says what that proves and what not',
  details: [
    'It sees by itself what it was given: a Manifest, a token, a voucher, a delegation, or a revocation list. A token or voucher needs a word about whose it has to be (--issuer, --manifest or --any-issuer) and about revocation (--revocation or --no-revocation); a delegation needs --audience, the agent that granted in the first place, and a word about revocation.',
    'Exit code 0 when it holds, 1 when it does not. With --json it prints {"ok":true,"kind","claims","unproved"} or {"ok":false,"kind","code","message"}; what is none of the five is an error on standard error.',
  ],
  examples: [
    'aitp verify https://agent.example',
    'aitp verify token.txt --issuer aid:pubkey:... --revocation list.json',
    'aitp verify delegation.txt --audience aid:pubkey:... --no-revocation',
  ],
  positionals: [
    { name: 'WHAT', help: 'file or address of it, "-" for standard input; of an origin alone, its Manifest' },
  ],
  options: {
    issuer: { value: 'AGENT', help: 'agent that has to have signed it: aid:pubkey:... or did:key:z6Mk...' },
    'any-issuer': { help: 'take the word of anybody' },
    audience: { value: 'AGENT', help: 'agent it has to be for: the holder; of a delegation, who granted first' },
    manifest: manifestOption,
    ...revocationOptions,
    grant: { value: 'CAPABILITY', repeatable: true, help: 'what it has to grant' },
    'allow-http-loopback': loopbackOption,
    json: { help: 'the verdict as one line of JSON' },
  },
  async run(args, io) {
    const [issuer, audience, word] = [agentOf('issuer', args), agentOf('audience', args), args.required('WHAT')];
    capabilitiesOf('grant', args);
    if (args.has('any-issuer') && issuer !== undefined)
      throw args.wrong('--issuer and --any-issuer do not go together');
    assertOneInput(word, args);
    const artifact = readArtifact(await readSource(word, 'name a file, an address, or "-"', args, io), word);
    assertOfUse(artifact.kind, args);
    const revocation = await revocationOf(args, io);
    try {
      const findings = await judge(artifact, { args, io, now: systemClockSec, issuer, audience, revocation });
      await io.out(args.has('json') ? acceptedLine(artifact, findings) : acceptedText(artifact, findings));
      return 0;
    } catch (error) {
      if (!(error instanceof AitpError)) throw error;
      await refuse(artifact, error, args, io);
      return 1;
    }
  },
};

/** Options that say something about each kind; those that every kind has aside. */
const OF_USE: Readonly<Record<Artifact['kind'], readonly string[]>> = {
  manifest: ['issuer'],
  revocation_list: ['issuer', 'max-age'],
  tct: ['issuer', 'any-issuer', 'audience', 'manifest', ...Object.keys(revocationOptions), 'grant'],
  voucher: ['issuer', 'any-issuer', 'audience', ...Object.keys(revocationOptions), 'grant'],
  delegation: ['issuer', 'audience', ...Object.keys(revocationOptions), 'grant'],
};

/** An option that would be passed over looks as if it had been heeded. */
function assertOfUse(kind: Artifact['kind'], args: Args): void {
  const idle = OF_USE.tct.find((option) => args.has(option) && !OF_USE[kind].includes(option));
  if (idle !== undefined) throw args.wrong(`this is ${KIND_NAMES[kind]}, for which --${idle} has no meaning`);
}

function assertOneInput(word: string, args: Args): void {
  const inputs = [word, args.text('manifest'), args.text('revocation')].filter((input) => input === '-');
  if (inputs.length > 1) throw args.wrong('standard input can be only one of them');
}

function acceptedLine({ kind }: Artifact, { claims, open: unproved }: Findings): string {
  return jsonLine({ ok: true, kind, claims, unproved });
}

function acceptedText({ kind }: Artifact, { rows, proved, open }: Findings): string {
  const widest = Math.max(...rows.map(([label]) => label.length));
  const lines = [
    `This is ${KIND_NAMES[kind]}, and it holds.`,
    '',
    ...rows.map(([label, text]) => `  ${label.padEnd(widest)}  ${text}`),
    '',
    'Proved:',
    ...proved.map((sentence) => `  - ${sentence}`),
    'Not proved:',
    ...open.map((gap) => `  - ${GAPS[gap]}`),
  ];
  return `${lines.map(printable).join('\n')}\n`;
}

async function refuse({ kind }: Artifact, error: AitpError, args: Args, io: Io): Promise<void> {
  // What revocation was about stands underneath, where a delegation rests on another token.
  const underneath = error.cause instanceof AitpError ? `: ${error.cause.message}` : '';
  const message = `${error.message}${underneath}`;
  if (args.has('json')) return io.out(jsonLine({ ok: false, kind, code: error.wireCode, message }));
  await io.out(`${printable(`This is ${KIND_NAMES[kind]}, and it does not hold: ${error.wireCode}.`)}\n`);
  await io.out(`${printable(`  ${message}`)}\n`);
}

// Judging one signed thing of AITP for a person: what was verified, and what that leaves open.

import type { Aid } from '../aitp/aid.js';
import { verifyDelegation } from '../aitp/delegation.js';
import { checkRevocation } from '../aitp/delegation-checks.js';
import { AitpError } from '../aitp/errors.js';
import { type IdentityHint, verifyManifest } from '../aitp/manifest.js';
import { verifySnapshot } from '../aitp/revocation-snapshot.js';
import { verifyTct } from '../aitp/tct.js';
import type { AitpClock } from '../aitp/timestamps.js';
import { openVoucher, verifyVoucher, verifyVoucherMirror } from '../aitp/voucher.js';
import type { JsonObject } from '../codec/json-value.js';
import { type Artifact, tokensText } from './aitp-artifact.js';
import { claimsOf } from './aitp-claims.js';
import { issuerManifestOf } from './aitp-issuer-manifest.js';
import { maxAgeOf, type RevocationLookup, whyUnusable } from './aitp-revocation.js';
import type { Args } from './args.js';
import type { Io } from './io.js';
import { momentText, spanText, untilText } from './moment-text.js';

/** What judging found. */
export interface Findings {
  /** What was signed, as it was signed. */
  readonly claims: JsonObject;
  /** The same for people, as far as they care: label and text. */
  readonly rows: readonly (readonly [string, string])[];
  /** Each a sentence without its full stop. */
  readonly proved: readonly string[];
  readonly open: readonly Gap[];
}

/** What may be left open, in words. */
export const GAPS = {
  possession: 'that whoever shows it holds the key it is bound to: have them prove it',
  issuer: 'that its issuer is anybody you trust: --issuer names whom you do',
  audience: 'that it is for the agent you have in mind: --audience names it',
  manifest: "that it ends no later than its issuer's Manifest: --manifest tells",
  revocation: 'that it was not taken back: --revocation tells',
  name: 'that the agent is who it says it is: only a handshake proves that',
  newer: 'that there is no later list, which names more',
  power: 'that it opens anything by itself: it only lets its holder delegate',
  exchange: 'that it opens anything by itself: whoever granted exchanges it for a token',
} as const;

/** Something left open. */
export type Gap = keyof typeof GAPS;

/** What a command line says about the thing to be judged. */
export interface JudgeContext {
  readonly args: Args;
  readonly io: Io;
  readonly now: AitpClock;
  readonly issuer: Aid | undefined;
  readonly audience: Aid | undefined;
  readonly revocation: RevocationLookup | undefined;
}

/**
 * Verifies one thing.
 *
 * @throws {AitpError} it does not hold. @throws {UsageError} the command line leaves open what it has to say.
 */
export function judge(artifact: Artifact, context: JudgeContext): Promise<Findings> {
  switch (artifact.kind) {
    case 'manifest':
      return judgeManifest(artifact.text, context);
    case 'revocation_list':
      return judgeList(artifact.text, context);
    case 'tct':
      return judgeTct(artifact.tct, artifact.voucher, context);
    case 'voucher':
      return judgeVoucher(artifact.voucher, context);
    case 'delegation':
      return judgeDelegation(artifact.delegation, context);
  }
}

async function judgeManifest(text: string, { args, now, issuer }: JudgeContext): Promise<Findings> {
  const manifest = await verifyManifest(text, {
    now,
    allowHttpLoopback: args.has('allow-http-loopback'),
    ...(issuer !== undefined && { expectedAid: issuer }),
  });
  const { aid, displayName, identityHint, handshakeEndpoint, expiresAtSec, offeredCapabilities } = manifest;
  return {
    claims: manifest.body,
    rows: [
      ['agent', aid],
      ...(displayName === undefined ? [] : [['calls itself', displayName] as const]),
      ['says it is', identityText(identityHint)],
      ['handshake', handshakeEndpoint],
      ['offers', listText(offeredCapabilities)],
      ['requires', listText(manifest.requiredPeerCapabilities)],
      ['ends', untilText(expiresAtSec, now())],
    ],
    proved: [
      'whoever holds the key of this agent signed it, and nothing was changed since',
      ...(issuer === undefined ? [] : ['it is the Manifest of the agent you named']),
    ],
    open: ['name'],
  };
}

async function judgeList(text: string, { args, now, issuer }: JudgeContext): Promise<Findings> {
  const list = await verifySnapshot(text);
  const why = whyUnusable(list, now(), maxAgeOf(args), issuer);
  if (why !== undefined) throw new AitpError('TCT_REVOKED', `${why}; by it, everything counts as revoked`);
  const ageSec = Math.max(0, now() - list.publishedAtSec);
  return {
    claims: (JSON.parse(text) as { readonly revocation_list: JsonObject }).revocation_list,
    rows: [
      ['issuer', list.issuer],
      ['takes back', tokensText(list.entries.length)],
      ...list.entries.map(({ jti, reason }) => ['', reason === undefined ? jti : `${jti}  ${reason}`] as const),
      ['ends', untilText(list.expiresAtSec, now())],
    ],
    proved: [
      `the issuer signed it ${spanText(ageSec)} ago, and nothing was changed since`,
      ...(issuer === undefined ? [] : ['it is the list of the agent you named']),
    ],
    open: ['newer'],
  };
}

async function judgeTct(tct: string, voucher: string | undefined, context: JudgeContext): Promise<Findings> {
  const { args, io, now, audience } = context;
  const revocation = decided(context);
  assertIssuerDecided(context, args.text('manifest') !== undefined);
  const issuerManifest = await issuerManifestOf(context.issuer, args, io);
  const issuer = context.issuer ?? issuerManifest?.aid;
  const token = await verifyTct(tct, {
    issuer: issuer ?? { dangerouslyAcceptAnyIssuer: true },
    audience: audience ?? { dangerouslyAcceptAnyHolder: true },
    now,
    issuerManifest: issuerManifest ?? { dangerouslyIgnoreIssuerManifest: true },
    revocation: revocation.decision,
    signal: io.signal,
  });
  if (voucher !== undefined) await verifyVoucherMirror(voucher, token);
  assertGranted(token.grants, args);
  return {
    claims: claimsOf(tct),
    rows: [
      ['issuer', token.issuer],
      ['holder', token.subject],
      ['grants', listText(token.grants)],
      ['ends', untilText(token.expiresAtSec, now())],
      ['jti', token.jti],
    ],
    proved: [
      'its issuer signed it, and nothing was changed since',
      'it holds now, and is bound to the key of its holder',
      ...(issuer === undefined ? [] : ['its issuer is the agent you named']),
      ...(audience === undefined ? [] : ['its holder is the agent you named']),
      ...(issuerManifest === undefined ? [] : ["it ends no later than its issuer's Manifest"]),
      ...listed(revocation),
      ...(voucher === undefined ? [] : ['the voucher beside it is its own, and its holder may delegate']),
    ],
    open: gaps({
      possession: true,
      issuer: issuer === undefined,
      audience: audience === undefined,
      manifest: issuerManifest === undefined,
      revocation: revocation.answeredBy() === undefined,
    }),
  };
}

async function judgeVoucher(text: string, context: JudgeContext): Promise<Findings> {
  const { args, io, now, issuer, audience } = context;
  const revocation = decided(context);
  assertIssuerDecided(context, false);
  // Whoever takes anybody's voucher takes that of the issuer it names.
  const verifier = issuer ?? (await openVoucher(text)).issuer;
  const voucher = await verifyVoucher(text, { verifier, now });
  if (audience !== undefined && voucher.subject !== audience) {
    throw new AitpError('DELEGATION_INVALID_VOUCHER', 'the voucher is for another agent');
  }
  const { issuer: granter, sourceJti: jti, grants } = voucher;
  await checkRevocation(revocation.decision, { issuer: granter, jti, grants, nowSec: now(), signal: io.signal });
  assertGranted(grants, args);
  return {
    claims: claimsOf(text),
    rows: [
      ['issuer', granter],
      ['holder', voucher.subject],
      ['grants', listText(grants)],
      ['ends', untilText(voucher.expiresAtSec, now())],
      ['of token', jti],
    ],
    proved: [
      'its issuer signed it, and nothing was changed since',
      'it holds now, and lets its holder delegate what it grants',
      ...(issuer === undefined ? [] : ['its issuer is the agent you named']),
      ...(audience === undefined ? [] : ['its holder is the agent you named']),
      ...listed(revocation),
    ],
    open: gaps({
      power: true,
      issuer: issuer === undefined,
      audience: audience === undefined,
      revocation: revocation.answeredBy() === undefined,
    }),
  };
}

async function judgeDelegation(text: string, context: JudgeContext): Promise<Findings> {
  const { args, io, now, issuer, audience } = context;
  const revocation = decided(context);
  if (audience === undefined) {
    throw args.wrong('who granted in the first place? Say --audience AGENT: it is for that agent to verify');
  }
  const delegation = await verifyDelegation(text, {
    verifier: audience,
    now,
    revocation: revocation.decision,
    pop: { dangerouslySkipPop: true },
    signal: io.signal,
  });
  if (issuer !== undefined && delegation.delegator !== issuer) {
    throw new AitpError('DELEGATION_INVALID_SIGNATURE', 'the delegation is by another agent');
  }
  assertGranted(delegation.grants, args);
  return {
    claims: claimsOf(text),
    rows: [
      ['granted by', delegation.issuedBy],
      ['delegated by', delegation.delegator],
      ['to', delegation.delegatee],
      ['scope', listText(delegation.grants)],
      ['ends', untilText(delegation.expiresAtSec, now())],
      ['of token', delegation.sourceJti],
    ],
    proved: [
      'the agent you named granted at least this much: its voucher is inside',
      'the delegator signed it, and nothing was changed since',
      'it holds now, and is bound to the key of the agent it is for',
      ...(issuer === undefined ? [] : ['its delegator is the agent you named']),
      ...listed(revocation),
    ],
    open: gaps({ possession: true, exchange: true, revocation: revocation.answeredBy() === undefined }),
  };
}

function decided({ args, revocation }: JudgeContext): RevocationLookup {
  if (revocation !== undefined) return revocation;
  throw args.wrong('was it taken back? Say --revocation FILE_OR_URL, or --no-revocation to do without');
}

function assertIssuerDecided({ args, issuer }: JudgeContext, byManifest: boolean): void {
  if (issuer !== undefined || byManifest || args.has('any-issuer')) return;
  throw args.wrong("whose word counts? Say --issuer AGENT, or --any-issuer to take anybody's");
}

/** @throws {AitpError} POLICY_VIOLATION: one of `--grant` is not granted. */
function assertGranted(grants: readonly string[], args: Args): void {
  const lacking = args.texts('grant').find((grant) => !grants.includes(grant));
  if (lacking !== undefined) throw new AitpError('POLICY_VIOLATION', `it does not grant ${lacking}`);
}

function listed({ answeredBy }: RevocationLookup): readonly string[] {
  const list = answeredBy();
  if (list === undefined) return [];
  return [`it was not taken back, by the list of ${momentText(list.publishedAtSec)}`];
}

function gaps(found: Readonly<Partial<Record<Gap, boolean>>>): readonly Gap[] {
  return (Object.keys(GAPS) as Gap[]).filter((gap) => found[gap] === true);
}

function listText(words: readonly string[]): string {
  return words.length === 0 ? 'nothing' : words.join(', ');
}

function identityText(hint: IdentityHint): string {
  if (hint.type === 'oidc') return `${hint.subject}, by the word of ${hint.issuer}`;
  return `${hint.subject}, known by its key`;
}

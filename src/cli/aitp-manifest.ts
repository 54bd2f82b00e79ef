// `ringline aitp manifest`

import { DEFAULT_MANIFEST_TTL_SEC } from '../aitp/constants.js';
import { manifestUrl } from '../aitp/http/fetch-manifest.js';
import type { IdentityType, Manifest } from '../aitp/manifest.js';
import { buildManifest, type ManifestContent } from '../aitp/manifest-build.js';
import { systemClockSec } from '../aitp/timestamps.js';
import { aitpSignerOf, capabilitiesOf, signerOption, ttlOf, ttlOption } from './aitp-options.js';
import type { Args } from './args.js';
import type { Command } from './command.js';
import type { Io } from './io.js';
import { jsonLine, jsonText } from './json-line.js';
import { untilText } from './moment-text.js';

const MAX_NAME_CHARACTERS = 128;

/** What a Manifest may name without TLS. */
const DEVELOPMENT_HOSTS: readonly string[] = ['localhost', '127.0.0.1'];

/** `ringline aitp manifest`: makes a Manifest. */
export const aitpManifest: Command = {
  name: 'aitp manifest',
  summary: 'Makes the Manifest of an agent, signs it, and prints it',
  details: [
    'A Manifest says under which key an agent goes, where its handshake is, what it may grant, and whom it talks to. Serve it at /.well-known/aitp-manifest of the same origin, and make it anew before it ends.',
    'Unless --oidc-issuer says otherwise, the agent is known by its key alone, and takes peers that are known by theirs.',
  ],
  examples: [
    'aitp manifest --name Tides --endpoint https://tide.example/ --offer tide.read',
    'aitp manifest --subject tides --oidc-issuer https://login.example --endpoint ...',
  ],
  positionals: [],
  options: {
    identity: signerOption,
    endpoint: { value: 'URL', help: 'where the handshake is; best with a slash at its end' },
    name: { value: 'NAME', help: 'what people call the agent; never a reason to trust it' },
    offer: { value: 'CAPABILITY', repeatable: true, help: 'what it may grant to others' },
    require: { value: 'CAPABILITY', repeatable: true, help: 'what others have to grant it' },
    subject: { value: 'S', help: 'name under which it proves who it is; default: that of --name' },
    'oidc-issuer': { value: 'URL', help: 'identity provider whose word it proves that by; default: its key' },
    accept: {
      value: 'TYPE',
      repeatable: true,
      help: 'proofs it takes from others: pinned_key, oidc; default: its own',
    },
    anchor: { value: 'URL', repeatable: true, help: 'identity provider it believes; default: its own' },
    'revocation-list': { value: 'URL', help: 'where its revocation list is; default: the well-known place' },
    ttl: ttlOption(DEFAULT_MANIFEST_TTL_SEC),
    'allow-http-loopback': { help: 'the endpoint may be on this machine, by http: for development' },
    json: { help: 'the Manifest as one line, and nothing on standard error' },
  },
  async run(args, io) {
    const content = contentOf(args);
    const signer = await aitpSignerOf(args, io);
    const manifest = await buildManifest(content, signer);
    if (!args.has('json')) remark(manifest, io);
    const published = { manifest: manifest.body };
    await io.out(args.has('json') ? jsonLine(published) : jsonText(published));
    return 0;
  },
};

function contentOf(args: Args): ManifestContent {
  const allowHttpLoopback = args.has('allow-http-loopback');
  const endpoint = args.text('endpoint');
  if (endpoint === undefined) throw args.wrong('where is its handshake? Say --endpoint URL');
  if (!isHttps(endpoint) && !(allowHttpLoopback && isDevelopmentUrl(endpoint))) {
    throw args.wrong('--endpoint must be such as https://agent.example/aitp/');
  }
  const displayName = args.text('name');
  if (displayName !== undefined && [...displayName].length > MAX_NAME_CHARACTERS) {
    throw args.wrong(`--name takes ${MAX_NAME_CHARACTERS} characters at most`);
  }
  const acceptedIdentityTypes = acceptedOf(args);
  const identity = identityOf(args);
  const anchors = urlsOf('anchor', args);
  if (acceptedIdentityTypes.includes('oidc') && identity.type === 'pinned_key' && anchors.length === 0) {
    throw args.wrong('--accept oidc needs to know whose word counts: --anchor URL');
  }
  const [revocationListUri] = urlsOf('revocation-list', args);
  const ttlSec = ttlOf(args);
  return {
    now: systemClockSec,
    identity,
    handshakeEndpoint: endpoint,
    allowHttpLoopback,
    offeredCapabilities: capabilitiesOf('offer', args),
    ...(displayName !== undefined && { displayName }),
    ...(args.texts('require').length > 0 && { requiredPeerCapabilities: capabilitiesOf('require', args) }),
    ...(acceptedIdentityTypes.length > 0 && { acceptedIdentityTypes }),
    ...(anchors.length > 0 && { acceptedTrustAnchors: anchors }),
    ...(revocationListUri !== undefined && { addresses: { revocationListUri } }),
    ...(ttlSec !== undefined && { ttlSec }),
  };
}

function identityOf(args: Args): ManifestContent['identity'] {
  const subject = args.text('subject') ?? args.text('name');
  if (subject === undefined) throw args.wrong('who is it? Say --name NAME or --subject S');
  const [issuer] = urlsOf('oidc-issuer', args);
  return issuer === undefined ? { type: 'pinned_key', subject } : { type: 'oidc', subject, issuer };
}

function acceptedOf(args: Args): readonly IdentityType[] {
  const types = args.texts('accept');
  const known = types.filter((type) => type === 'oidc' || type === 'pinned_key');
  if (known.length < types.length) throw args.wrong('--accept takes pinned_key or oidc');
  return [...new Set(known)];
}

/** The `https` addresses an option names, each once. @throws {UsageError} something else. */
function urlsOf(option: string, args: Args): readonly string[] {
  const urls = args.texts(option);
  if (urls.every(isHttps)) return [...new Set(urls)];
  throw args.wrong(`--${option} must begin with https://`);
}

function isHttps(url: string): boolean {
  return /^https:\/\/[!-~]+$/.test(url) && URL.canParse(url);
}

function isDevelopmentUrl(url: string): boolean {
  return /^http:\/\/[!-~]+$/.test(url) && URL.canParse(url) && DEVELOPMENT_HOSTS.includes(new URL(url).hostname);
}

function remark({ aid, handshakeEndpoint, expiresAtSec }: Manifest, io: Io): void {
  io.err(`The Manifest of ${aid}\n`);
  io.err(`holds until ${untilText(expiresAtSec, systemClockSec())}.\n`);
  io.err(`Peers look for it at ${manifestUrl(handshakeEndpoint)}\n`);
  if (!new URL(handshakeEndpoint).pathname.endsWith('/')) {
    io.err(
      'ringline: the endpoint does not end in a slash: some peers look for the handshake beside it, not below it\n',
    );
  }
}

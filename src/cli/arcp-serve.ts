// `ringline arcp serve`

import { artifactService } from '../arcp/runtime/artifacts/artifacts-service.js';
import { type Authenticator, bearerTokens, noAuthentication } from '../arcp/runtime/authenticator.js';
import { permissionService } from '../arcp/runtime/human/permissions.js';
import { promptService } from '../arcp/runtime/human/prompts.js';
import { jwtAuthenticator } from '../arcp/runtime/jwt.js';
import { createRuntime, type Runtime } from '../arcp/runtime/runtime.js';
import { scheduleService } from '../arcp/runtime/schedules/schedule.js';
import { streamService } from '../arcp/runtime/streams/streams-service.js';
import { subscriptionService } from '../arcp/runtime/subscriptions/subscriptions-service.js';
import { workflowService } from '../arcp/runtime/workflow.js';
import { printable } from '../bytes/printable.js';
import { encodeUtf8 } from '../bytes/utf8.js';
import { hostKind } from '../http/address.js';
import { ndjson } from '../transport/ndjson.js';
import { aborted } from './aborted.js';
import { envelopeLine } from './arcp-lines.js';
import { notListening } from './arcp-remedies.js';
import { BEARER, JWT_HS256, SECRETS_IN_WORDS, secretOf, secretOptions } from './arcp-secret.js';
import { demoTools, TOOLS_IN_WORDS } from './arcp-tools.js';
import { demoWorkflows, WORKFLOWS_IN_WORDS } from './arcp-workflows.js';
import type { Args } from './args.js';
import type { Command } from './command.js';
import { reportOf } from './failure.js';
import { type Io, Stop } from './io.js';
import { jsonLine } from './json-line.js';
import { listenArcp } from './listen.js';
import { packageVersion } from './package-version.js';

const DEFAULT_PORT = 7_777;
const DEFAULT_HOST = '127.0.0.1';
const DEFAULT_PRINCIPAL = 'operator';
const MIN_SECRET_BYTES = 32;

/** `ringline arcp serve`: a runtime. */
export const arcpServe: Command = {
  name: 'arcp serve',
  summary: 'Runs an ARCP runtime with tools to try out, until Ctrl-C',
  details: [
    `Tools: ${TOOLS_IN_WORDS.join('; ')}.`,
    `Workflows: ${WORKFLOWS_IN_WORDS.join('; ')}. Both can be scheduled: at a time, after some seconds, or by a recurrence rule, whose runs are a second apart or more. Besides there are observers, artifacts, leases and what people are asked; no delegation, and no handoff.`,
    'Without credentials everybody on this machine may come in, each as a stranger who sees only what is its own; then it listens on this machine only. Pages from other machines are refused while it does. It speaks ws://: beyond this machine, put something before it that adds TLS.',
    'With --stdio it talks to the program that started it, one envelope a line, and ends with its input. That program is trusted to be --principal, unless credentials are asked for.',
    `${SECRETS_IN_WORDS} or RINGLINE_JWT_HS256. Log and artifacts are kept in memory.`,
  ],
  examples: ['arcp serve', 'arcp serve --bearer-file token.txt --principal alice', 'arcp serve --stdio'],
  positionals: [],
  options: {
    host: { value: 'ADDRESS', help: `address to listen on; default: ${DEFAULT_HOST}, this machine only` },
    port: { value: 'N', help: `TCP port; default: ${DEFAULT_PORT}; 0: any that is free` },
    stdio: { help: 'talk to standard input and output instead of listening' },
    ...secretOptions(BEARER, 'TOKEN', 'token that lets in whoever has it'),
    principal: { value: 'NAME', help: `who that is; default: ${DEFAULT_PRINCIPAL}` },
    ...secretOptions(JWT_HS256, 'SECRET', 'let in whoever has a token signed with it, HS256, as the sub it names'),
    audience: { value: 'NAME', help: 'who this runtime is: the aud those tokens must have' },
    json: { help: 'print one line {"url"} when listening, and nothing else but a failure on standard error' },
  },
  async run(args, io) {
    const { authenticators, principal } = await admissionOf(args, io);
    const isStdio = args.has('stdio');
    const port = args.whole('port', 0, 65_535) ?? DEFAULT_PORT;
    const host = args.text('host') ?? DEFAULT_HOST;
    if (isStdio && (args.text('host') ?? args.text('port')) !== undefined) {
      throw args.wrong('--stdio does not listen: no --host, no --port');
    }
    const isOpen = authenticators.length === 0;
    if (!isStdio && isOpen && hostKind(host) !== 'loopback') {
      throw args.wrong(
        `anybody could come in: beyond this machine it takes --${BEARER.option}-file or --${JWT_HS256.option}-file`,
      );
    }
    const told = args.has('json') ? () => {} : (line: string) => io.err(`${line}\n`);
    const runtime = createRuntime({
      tools: demoTools,
      authenticators: isOpen ? [noAuthentication()] : authenticators,
      services: servicesOf(),
      identity: { version: await packageVersion() },
      onFault: (error, where) => told(`! ${where}: ${printable(reportOf(error).message)}`),
    });
    report(runtime, told);
    if (isStdio && io.inIsTerminal) told(AT_TERMINAL);
    try {
      if (isStdio) return await talk(runtime, isOpen ? principal : undefined, io);
      return await listen(runtime, { host, port }, args.has('json') ? jsonGreeting : greeting(isOpen), io);
    } finally {
      await runtime.close();
    }
  },
};

/** A person who tries it by hand would wait for a word. */
const AT_TERMINAL =
  "ringline: waiting for envelopes on standard input, one a line, as programs write them; Ctrl-D ends. To talk to it from here: ringline arcp invoke 'stdio:ringline arcp serve --stdio' echo";

function servicesOf() {
  const workflows = workflowService({ workflows: demoWorkflows });
  return [
    promptService(),
    permissionService(),
    streamService(),
    artifactService(),
    subscriptionService(),
    workflows,
    scheduleService({ leastGapSeconds: 1, commands: [workflows.command] }),
  ];
}

interface Admission {
  readonly authenticators: readonly Authenticator[];
  readonly principal: string;
}

/** Who may come in. @throws {UsageError} credentials that make no sense. */
async function admissionOf(args: Args, io: Io): Promise<Admission> {
  const [token, secret] = [await secretOf(BEARER, args, io), await secretOf(JWT_HS256, args, io)];
  const audience = args.text('audience');
  const principal = args.text('principal') ?? DEFAULT_PRINCIPAL;
  if (principal.startsWith('anonymous:')) throw args.wrong('--principal must not begin with anonymous:');
  if (args.text('principal') !== undefined && token === undefined && !args.has('stdio')) {
    throw args.wrong('--principal goes with a --bearer token, or with --stdio');
  }
  if ((secret === undefined) !== (audience === undefined)) {
    throw args.wrong(`--${JWT_HS256.option} and --audience go together`);
  }
  const authenticators: Authenticator[] = [];
  if (token !== undefined) authenticators.push(bearerTokens(new Map([[token, principal]])));
  if (secret !== undefined && audience !== undefined) {
    const hs256Secret = encodeUtf8(secret);
    if (hs256Secret.length < MIN_SECRET_BYTES) {
      throw args.wrong(`the secret of --${JWT_HS256.option} must have ${MIN_SECRET_BYTES} characters or more`);
    }
    authenticators.push(jwtAuthenticator({ audience, hs256Secret }));
  }
  return { authenticators, principal };
}

/** Serves whoever started us. @param principal Who that is; absent: they have to show it. */
async function talk(runtime: Runtime, principal: string | undefined, io: Io): Promise<number> {
  const transport = ndjson(io.streams());
  const served = runtime.accept(transport, principal === undefined ? {} : { principal });
  const reason = await Promise.race([served, aborted(io.signal)]);
  return reason instanceof Stop ? reason.exitCode : 0;
}

async function listen(
  runtime: Runtime,
  address: { readonly host: string; readonly port: number },
  greet: (url: string) => string,
  io: Io,
): Promise<number> {
  const listening = await listenArcp(runtime, address).catch((cause) => {
    throw notListening(address.host, address.port, cause);
  });
  try {
    await io.out(greet(listening.url));
    const reason = await aborted(io.signal);
    return reason instanceof Stop ? reason.exitCode : 0;
  } finally {
    // What jobs and sessions still say goes out before the sockets close.
    await runtime.close();
    await listening.close();
  }
}

/** Tells a person who comes, what they want, and how it ends. */
function report(runtime: Runtime, told: (line: string) => void): void {
  runtime.bus.subscribe(({ principal, direction }, envelope) => {
    const { type, job_id: job } = envelope;
    if (type === 'session.accepted' && direction === 'out') told(`+ ${printable(principal)}`);
    else if (type === 'tool.invoke' && direction === 'in') told(`> ${envelopeLine(envelope)}`);
    else if (/^job\.(completed|failed|cancelled)$/.test(type)) told(`< ${envelopeLine(envelope)} (${job})`);
  });
}

const jsonGreeting = (url: string) => jsonLine({ url });

function greeting(isOpen: boolean): (url: string) => string {
  return (url) =>
    [
      `Listening on ${url}${isOpen ? ', for everybody on this machine' : ''}`,
      '',
      `Try it:  ringline arcp invoke ${url} echo '{"hello":"world"}'${isOpen ? '' : ' --bearer-file FILE'}`,
      'Ctrl-C ends.',
      '',
    ].join('\n');
}

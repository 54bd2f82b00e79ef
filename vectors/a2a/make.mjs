// Writes keys.json, forms.json, signed.json and rejected.json. Canonical texts come from the npm package `canonicalize`,
// from the official JS SDK (`sdk`) and from Python's own json (`pythonLegacy`, needs python3); what the specification's
// presence rules make of a card is written by hand. Signatures come from the SDK, `jose`, node:crypto and noble, and every
// one that should hold is verified with `jose`. Nothing of ours is run. From the root: node vectors/a2a/make.mjs
import { execFileSync } from 'node:child_process';
import { createHash, createPrivateKey, createPublicKey, sign as nodeSign } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { canonicalizeAgentCard, generateAgentCardSignature } from '@a2a-js/sdk';
import { p256 } from '@noble/curves/nist.js';
import canonicalize from 'canonicalize';
import { flattenedVerify, importJWK } from 'jose';

// --- keys, whose secrets are hashes of fixed labels: never trust them

const b64 = (bytes) => Buffer.from(bytes).toString('base64url');
const secretOf = (name) => createHash('sha256').update(`ringline a2a test key: ${name}`).digest();
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');
const N = p256.Point.Fn.ORDER;

function edKey(kid) {
  const d = secretOf(kid);
  const node = createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, d]), format: 'der', type: 'pkcs8' });
  const { x } = createPublicKey(node).export({ format: 'jwk' });
  const jwk = { kty: 'OKP', crv: 'Ed25519', x, kid, alg: 'EdDSA', use: 'sig' };
  return { kid, alg: 'EdDSA', jwk, d: b64(d), sign: (input) => nodeSign(null, input, node) };
}
function ecKey(kid) {
  const d = secretOf(kid);
  const point = p256.getPublicKey(d, false);
  const [x, y] = [b64(point.subarray(1, 33)), b64(point.subarray(33))];
  const jwk = { kty: 'EC', crv: 'P-256', x, y, kid, alg: 'ES256', use: 'sig' };
  return { kid, alg: 'ES256', jwk, d: b64(d), sign: (input) => Buffer.from(p256.sign(input, d)) };
}
const [ed, edNew, ec, ecNew] = [edKey('ed-1'), edKey('ed-2'), ecKey('ec-1'), ecKey('ec-2')];
const keys = [ed, edNew, ec, ecNew];
// In no set.
const stranger = edKey('stranger');

// --- signatures

const encode = (text) => Buffer.from(text, 'utf8');
const inputOf = (segment, text) => encode(`${segment}.${b64(encode(text))}`);
/** `key` signs `text` under a header: `alg`, `typ` and `kid` as usual, unless `header` says otherwise. */
function entry(key, text, header = {}, unprotected) {
  const members = { alg: key.alg, typ: 'JOSE', kid: key.kid, ...header };
  return entryOf(key, text, b64(encode(JSON.stringify(members))), unprotected);
}
function entryOf(key, text, segment, unprotected) {
  const signature = b64(key.sign(inputOf(segment, text)));
  return unprotected === undefined
    ? { protected: segment, signature }
    : { protected: segment, signature, header: unprotected };
}
/** The other S that fits an ECDSA signature. */
function highS({ protected: segment, signature }) {
  const bytes = Buffer.from(signature, 'base64url');
  const s = BigInt(`0x${bytes.subarray(32).toString('hex')}`);
  const other = s > N / 2n ? s : N - s;
  return {
    protected: segment,
    signature: b64(Buffer.concat([bytes.subarray(0, 32), Buffer.from(other.toString(16).padStart(64, '0'), 'hex')])),
  };
}
async function bySdk(key, card) {
  const privateKey = await importJWK({ ...key.jwk, d: key.d }, key.alg);
  const sign = generateAgentCardSignature(privateKey, { alg: key.alg, kid: key.kid, typ: 'JOSE' });
  const { signatures } = JSON.parse(JSON.stringify(await sign({ ...card, signatures: [] })));
  return signatures[0];
}

// --- canonical forms

/** What is left when everything empty goes, everywhere: what the official SDKs do before they write. */
function pruned(value) {
  if (value === null || value === '') return undefined;
  if (typeof value !== 'object') return value;
  const entries = Object.entries(value).flatMap(([name, member]) => {
    const left = pruned(member);
    return left === undefined ? [] : [[name, left]];
  });
  if (entries.length === 0) return undefined;
  return Array.isArray(value) ? entries.map(([, member]) => member) : Object.fromEntries(entries);
}
const python = (text) =>
  execFileSync(
    'python3',
    [
      '-c',
      'import json, sys; sys.stdout.write(json.dumps(json.loads(sys.stdin.buffer.read().decode("utf-8"), parse_int=float), sort_keys=True, ensure_ascii=True, separators=(",", ":")))',
    ],
    { input: text },
  ).toString();

/**
 * @param card As received.
 * @param known What the presence rules leave of it; `card` itself where that is all.
 * @param more `keep`: with unknown members; `fill`: with missing ones; `sdk`: where the SDK is known to be wrong.
 */
function formsOf(card, known, { keep = known, fill = known, sdk } = {}) {
  const { signatures, ...unsigned } = card;
  const sdkText = sdk === undefined ? canonicalizeAgentCard(structuredClone(card)) : canonicalize(sdk);
  return {
    spec: canonicalize(known),
    specFill: canonicalize(fill),
    specKeepUnknown: canonicalize(keep),
    sdk: sdkText,
    raw: canonicalize(unsigned),
    pythonLegacy: python(sdkText),
  };
}

// --- cards

const minimal = {
  name: 'Tide Table',
  description: 'Tells when the water is high.',
  version: '3.1.0',
  supportedInterfaces: [{ url: 'https://tide.example/rpc', protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
  capabilities: { streaming: true },
  defaultInputModes: ['text/plain'],
  defaultOutputModes: ['text/plain'],
  skills: [{ id: 'next-high', name: 'Next high water', description: 'The next high water at a port.', tags: ['tide'] }],
};

const flow = { tokenUrl: 'https://login.example/token', scopes: { 'tide:read': 'Read the table' } };
const full = {
  ...minimal,
  name: 'Tide Table Plus',
  documentationUrl: 'https://tide.example/docs',
  iconUrl: 'https://tide.example/icon.png',
  provider: { organization: 'Harbour Board', url: 'https://harbour.example' },
  supportedInterfaces: [
    ...minimal.supportedInterfaces,
    { url: 'https://tide.example/v1', protocolBinding: 'HTTP+JSON', protocolVersion: '1.0', tenant: 'north' },
    { url: 'grpc.tide.example:443', protocolBinding: 'GRPC', protocolVersion: '1.0' },
  ],
  capabilities: {
    streaming: true,
    pushNotifications: false,
    extendedAgentCard: true,
    extensions: [
      {
        uri: 'urn:tide:units',
        description: 'Units of length',
        required: true,
        params: { unit: 'm', digits: 2, step: 0.25 },
      },
      { uri: 'urn:tide:moon' },
    ],
  },
  securitySchemes: {
    key: { apiKeySecurityScheme: { location: 'header', name: 'X-Tide-Key', description: 'From the harbour office' } },
    bearer: { httpAuthSecurityScheme: { scheme: 'Bearer', bearerFormat: 'JWT' } },
    code: {
      oauth2SecurityScheme: {
        flows: { authorizationCode: { ...flow, authorizationUrl: 'https://login.example/auth', pkceRequired: true } },
        oauth2MetadataUrl: 'https://login.example/.well-known/oauth-authorization-server',
      },
    },
    device: {
      oauth2SecurityScheme: {
        flows: { deviceCode: { ...flow, deviceAuthorizationUrl: 'https://login.example/device' } },
      },
    },
    machine: {
      oauth2SecurityScheme: { flows: { clientCredentials: { ...flow, refreshUrl: 'https://login.example/re' } } },
    },
    old: { oauth2SecurityScheme: { flows: { implicit: { authorizationUrl: 'https://login.example/auth' } } } },
    older: { oauth2SecurityScheme: { flows: { password: { tokenUrl: 'https://login.example/token' } } } },
    login: {
      openIdConnectSecurityScheme: { openIdConnectUrl: 'https://login.example/.well-known/openid-configuration' },
    },
    tls: { mtlsSecurityScheme: { description: 'A certificate of the board' } },
  },
  securityRequirements: [{ schemes: { code: { list: ['tide:read'] } } }, { schemes: { login: { list: ['openid'] } } }],
  skills: [
    {
      ...minimal.skills[0],
      examples: ['When is high water at Aldeby?'],
      inputModes: ['text/plain'],
      outputModes: ['application/json'],
      securityRequirements: [{ schemes: { machine: { list: ['tide:read'] } } }],
    },
  ],
};

const withParams = (params) => ({ ...minimal, capabilities: { extensions: [{ uri: 'urn:x', params }] } });
const odd = JSON.parse('{"__proto__":{"hidden":"yes"},"constructor":"c","toString":"t","hasOwnProperty":["h"]}');
const oddNames = JSON.parse(
  '{"__proto__":{"mtlsSecurityScheme":{"description":"p"}},"constructor":{"mtlsSecurityScheme":{"description":"c"}}}',
);

const empties = {
  ...minimal,
  description: '',
  iconUrl: '',
  provider: { organization: '', url: 'https://harbour.example' },
  supportedInterfaces: [{ ...minimal.supportedInterfaces[0], tenant: '' }],
  capabilities: {
    streaming: false,
    extensions: [
      { uri: 'urn:a', required: false, description: '', params: {} },
      { uri: 'urn:b', params: { none: null, on: false } },
    ],
  },
  defaultOutputModes: [],
  skills: [{ ...minimal.skills[0], tags: ['tide', ''], examples: [], inputModes: [], securityRequirements: [] }],
  securitySchemes: {
    tls: { mtlsSecurityScheme: {} },
    bearer: { httpAuthSecurityScheme: { scheme: 'Bearer', bearerFormat: '' } },
  },
  securityRequirements: [{ schemes: { bearer: { list: [] } } }, { schemes: {} }, {}],
};
const emptiesKnown = {
  ...minimal,
  description: '',
  iconUrl: '',
  provider: { organization: '', url: 'https://harbour.example' },
  capabilities: {
    streaming: false,
    extensions: [
      { uri: 'urn:a', params: {} },
      { uri: 'urn:b', params: { none: null, on: false } },
    ],
  },
  defaultOutputModes: [],
  skills: [{ ...minimal.skills[0], tags: ['tide', ''] }],
  securitySchemes: { tls: { mtlsSecurityScheme: {} }, bearer: { httpAuthSecurityScheme: { scheme: 'Bearer' } } },
  securityRequirements: [{ schemes: { bearer: {} } }, {}, {}],
};

const vendor = {
  ...minimal,
  xRegion: 'north',
  capabilities: { streaming: true, xBurst: 3, extensions: [] },
  skills: [{ ...minimal.skills[0], xCost: { unit: 'credit', amount: 1 } }],
};
const vendorKept = { ...vendor, capabilities: { streaming: true, xBurst: 3 } };

const snake = {
  name: 'Tide Table',
  description: 'Tells when the water is high.',
  version: '3.1.0',
  supported_interfaces: [{ url: 'https://tide.example/rpc', protocol_binding: 'JSONRPC', protocol_version: '1.0' }],
  capabilities: { push_notifications: true },
  default_input_modes: ['text/plain'],
  default_output_modes: ['text/plain'],
  skills: minimal.skills,
  security_schemes: { login: { open_id_connect_security_scheme: { open_id_connect_url: 'https://login.example' } } },
};
const snakeKnown = {
  ...minimal,
  capabilities: { pushNotifications: true },
  securitySchemes: { login: { openIdConnectSecurityScheme: { openIdConnectUrl: 'https://login.example' } } },
};

const nulls = {
  ...minimal,
  provider: null,
  iconUrl: null,
  securitySchemes: null,
  signatures: null,
  capabilities: { streaming: null },
};

const caseShape = {
  ...minimal,
  documentationUrl: '',
  securitySchemes: {
    key: {
      scheme: { $case: 'apiKeySecurityScheme', value: { description: '', location: 'header', name: 'X-Tide-Key' } },
    },
    code: {
      scheme: {
        $case: 'oauth2SecurityScheme',
        value: {
          description: '',
          flows: { flow: { $case: 'clientCredentials', value: { ...flow, refreshUrl: '' } } },
          oauth2MetadataUrl: '',
        },
      },
    },
  },
};
const caseShapeKnown = { ...minimal, documentationUrl: '', securitySchemes: { key: {}, code: {} } };

const bareScopes = { ...minimal, securityRequirements: [{ schemes: { code: ['tide:read'], key: [] } }] };
const bareScopesKnown = { ...minimal, securityRequirements: [{ schemes: { code: { list: ['tide:read'] }, key: {} } }] };

const unicode = {
  ...withParams({
    '\u{1f30a}': 1,
    '\uff01': 2,
    '\ue000': 3,
    10: 'ten',
    9: 'nine',
    big: 1e21,
    large: 1e20,
    small: 1e-7,
    minus: -0,
    third: 1 / 3,
  }),
  name: 'M\u00e5netabell \u{1f319} <b>&amp; "quoted" \u2028 \u007f \\ \u0001',
};

const fragment = { name: 'Fragment', signatures: [] };
const filled = {
  name: 'Fragment',
  description: '',
  version: '',
  supportedInterfaces: [],
  capabilities: {},
  defaultInputModes: [],
  defaultOutputModes: [],
  skills: [],
};

const example = {
  name: 'Example Agent',
  description: '',
  capabilities: { streaming: false, pushNotifications: false, extensions: [] },
  skills: [],
};
const exampleKnown = {
  name: 'Example Agent',
  description: '',
  capabilities: { streaming: false, pushNotifications: false },
  skills: [],
};

const forms = [
  {
    id: 'specification-example',
    why: 'A2A v1.0, section 8.4.1: the fragment and its canonical text.',
    card: example,
    forms: formsOf(example, exampleKnown, { fill: { ...filled, ...exampleKnown } }),
  },
  { id: 'minimal', why: 'Nothing to disagree about.', card: minimal, forms: formsOf(minimal, minimal) },
  { id: 'full', why: 'Every object and every scheme.', card: full, forms: formsOf(full, full) },
  {
    id: 'empties',
    why: 'Explicit defaults and empty values everywhere.',
    card: empties,
    forms: formsOf(empties, emptiesKnown),
  },
  {
    id: 'missing-required',
    why: 'Required members that are not there.',
    card: fragment,
    forms: formsOf(fragment, { name: 'Fragment' }, { fill: filled }),
  },
  {
    id: 'unknown-members',
    why: 'Members of a vendor at three depths.',
    card: vendor,
    forms: formsOf(vendor, minimal, { keep: vendorKept }),
  },
  { id: 'snake-case', why: 'The names of protobuf.', card: snake, forms: formsOf(snake, snakeKnown) },
  { id: 'nulls', why: 'null is absence.', card: nulls, forms: formsOf(nulls, { ...minimal, capabilities: {} }) },
  {
    id: 'case-shape',
    why: 'What a server of the official JS SDK may send: its schemes are no members v1.0 knows.',
    card: caseShape,
    forms: formsOf(caseShape, caseShapeKnown, { keep: { ...caseShape, documentationUrl: '' } }),
  },
  {
    id: 'bare-scopes',
    why: 'Scopes as Go writes them, which the JS SDK does not see.',
    card: bareScopes,
    forms: formsOf(bareScopes, bareScopesKnown),
  },
  {
    id: 'unicode-and-numbers',
    why: 'Order of names, escapes and number forms.',
    card: unicode,
    forms: formsOf(unicode, unicode),
  },
  {
    id: 'params',
    why: 'Free JSON is not touched, but by pruning; a member called signatures inside it stays.',
    card: withParams({ signatures: ['kept'], a: null, b: '', c: [[], {}, ''], d: { e: {} }, f: 0, g: false }),
    forms: formsOf(
      withParams({ signatures: ['kept'], a: null, b: '', c: [[], {}, ''], d: { e: {} }, f: 0, g: false }),
      withParams({ signatures: ['kept'], a: null, b: '', c: [[], {}, ''], d: { e: {} }, f: 0, g: false }),
    ),
  },
  {
    id: 'odd-names',
    why: 'Names of Object.prototype, __proto__ among them, in maps and free JSON. The JS SDK loses __proto__; its form here is what it ought to be.',
    card: { ...withParams(odd), securitySchemes: oddNames },
    forms: formsOf(
      { ...withParams(odd), securitySchemes: oddNames },
      { ...withParams(odd), securitySchemes: oddNames },
      { sdk: { ...withParams(odd), securitySchemes: oddNames } },
    ),
  },
];

const SPECIFICATION_TEXT =
  '{"capabilities":{"pushNotifications":false,"streaming":false},"description":"","name":"Example Agent","skills":[]}';
if (forms[0].forms.spec !== SPECIFICATION_TEXT) throw new Error('the example of the specification does not come out');
for (const { id, card, forms: texts } of forms) {
  const plain = { minimal: true, full: true }[id];
  if (plain && new Set([texts.spec, texts.sdk, texts.raw]).size !== 1)
    throw new Error(`${id} is not as plain as it should be`);
  if (id !== 'odd-names' && canonicalize(pruned(JSON.parse(texts.spec)) ?? {}) !== texts.sdk && id !== 'bare-scopes')
    throw new Error(`${id}: the SDK prunes differently`);
  void card;
}
const formsNamed = (id) => forms.find((form) => form.id === id).forms;

// --- signed cards

const plain = formsNamed('minimal').spec;
const signedWith = (card, ...signatures) => ({ ...card, signatures });
/** Old members that a Python server with a 0.3 interface adds after signing. */
const served = {
  ...full,
  url: 'https://tide.example/rpc',
  preferredTransport: 'JSONRPC',
  protocolVersion: '0.3',
  supportsAuthenticatedExtendedCard: true,
  securitySchemes: {
    ...full.securitySchemes,
    key: { ...full.securitySchemes.key, type: 'apiKey', in: 'header', name: 'X-Tide-Key' },
  },
};
const servedForms = { ...formsOf(served, full, { keep: served }) };

const signed = [
  {
    id: 'minimal-by-sdk',
    why: 'Signed by the official JS SDK.',
    card: signedWith(minimal, await bySdk(ed, minimal)),
    forms: formsNamed('minimal'),
  },
  {
    id: 'full-es256',
    why: 'Every object, ES256, jku in the header.',
    card: signedWith(full, entry(ec, formsNamed('full').spec, { jku: 'https://tide.example/jwks.json' })),
    forms: formsNamed('full'),
  },
  {
    id: 'high-s',
    why: 'The other S of an ES256 signature holds as well.',
    card: signedWith(minimal, highS(entry(ec, plain))),
    forms: formsNamed('minimal'),
  },
  {
    id: 'alg-ed25519',
    why: 'The newer name of EdDSA.',
    card: signedWith(minimal, entry(ed, plain, { alg: 'Ed25519' })),
    forms: formsNamed('minimal'),
  },
  {
    id: 'no-typ',
    why: 'typ is optional.',
    card: signedWith(minimal, entry(ec, plain, { typ: undefined })),
    forms: formsNamed('minimal'),
  },
  {
    id: 'null-parameters',
    why: 'typ and jku as null, as some signers write them.',
    card: signedWith(minimal, entry(ec, plain, { typ: null, jku: null })),
    forms: formsNamed('minimal'),
  },
  {
    id: 'unprotected-header',
    why: 'A header beside the signature says whatever it likes.',
    card: signedWith(minimal, entry(ed, plain, {}, { note: 'not covered', x5u: 'https://evil.example' })),
    forms: formsNamed('minimal'),
  },
  {
    id: 'header-order',
    why: "The order of the parameters and spaces between them are the signer's.",
    card: signedWith(minimal, entryOf(ed, plain, b64(encode(`{ "kid" : "${ed.kid}", "x": [1.50],\n"alg":"EdDSA" }`)))),
    forms: formsNamed('minimal'),
  },
  {
    id: 'empties-by-sdk',
    why: 'The SDK signs what is left of it.',
    card: signedWith(empties, await bySdk(ed, empties)),
    forms: formsNamed('empties'),
  },
  {
    id: 'empties-by-spec',
    why: 'Signed as the specification says.',
    card: signedWith(empties, entry(ed, formsNamed('empties').spec)),
    forms: formsNamed('empties'),
  },
  {
    id: 'empties-twice',
    why: 'Both, by one key.',
    card: signedWith(empties, entry(ec, formsNamed('empties').spec), entry(ec, formsNamed('empties').sdk)),
    forms: formsNamed('empties'),
  },
  {
    id: 'empties-raw',
    why: 'Signed as it is.',
    card: signedWith(empties, entry(ecNew, formsNamed('empties').raw)),
    forms: formsNamed('empties'),
  },
  {
    id: 'missing-filled',
    why: 'The signer fills in what is missing.',
    card: signedWith(fragment, entry(ed, formsNamed('missing-required').specFill)),
    forms: formsNamed('missing-required'),
  },
  {
    id: 'vendor-kept',
    why: 'The signer keeps unknown members and drops defaults.',
    card: signedWith(vendor, entry(ed, formsNamed('unknown-members').specKeepUnknown)),
    forms: formsNamed('unknown-members'),
  },
  {
    id: 'vendor-left-out',
    why: 'The signer does not see unknown members.',
    card: signedWith(vendor, entry(ed, formsNamed('unknown-members').spec)),
    forms: formsNamed('unknown-members'),
  },
  {
    id: 'snake-case',
    why: 'Served in snake_case, signed in camelCase.',
    card: signedWith(snake, entry(ed, formsNamed('snake-case').spec)),
    forms: formsNamed('snake-case'),
  },
  {
    id: 'snake-case-raw',
    why: 'Served and signed in snake_case.',
    card: signedWith(snake, entry(ed, formsNamed('snake-case').raw)),
    forms: formsNamed('snake-case'),
  },
  {
    id: 'case-shape-by-sdk',
    why: 'Schemes in memory form are not covered.',
    card: signedWith(caseShape, await bySdk(edNew, caseShape)),
    forms: formsNamed('case-shape'),
  },
  {
    id: 'bare-scopes',
    why: 'Read as a list, and signed as one.',
    card: signedWith(bareScopes, entry(ed, formsNamed('bare-scopes').spec)),
    forms: formsNamed('bare-scopes'),
  },
  {
    id: 'unicode-by-sdk',
    why: 'Text and numbers of all kinds.',
    card: signedWith(unicode, await bySdk(ed, unicode)),
    forms: formsNamed('unicode-and-numbers'),
  },
  {
    id: 'unicode-by-python',
    why: "The same in Python's own spelling.",
    card: signedWith(unicode, entry(edNew, formsNamed('unicode-and-numbers').pythonLegacy, { typ: 'JWT', jku: null })),
    forms: formsNamed('unicode-and-numbers'),
  },
  {
    id: 'odd-names',
    why: 'A member called __proto__ is signed like any other.',
    card: signedWith(forms.at(-1).card, entry(ed, forms.at(-1).forms.spec)),
    forms: forms.at(-1).forms,
  },
  {
    id: 'served-with-old-members',
    why: 'Members of 0.3 were added after signing.',
    card: signedWith(served, entry(ec, servedForms.spec)),
    forms: servedForms,
  },
  {
    id: 'rotation',
    why: 'Two keys; verifiers have the second.',
    keys: [ecNew.kid],
    card: signedWith(minimal, entry(stranger, plain), entry(ecNew, plain)),
    forms: formsNamed('minimal'),
  },
];
const PROFILES = ['spec', 'specFill', 'specKeepUnknown', 'sdk', 'raw', 'pythonLegacy'];
async function holds({ protected: segment, signature }, text) {
  const { alg, kid } = JSON.parse(Buffer.from(segment, 'base64url').toString());
  const { jwk } = [...keys, stranger].find((key) => key.kid === kid);
  const key = await importJWK({ ...jwk, alg }, alg);
  return flattenedVerify({ protected: segment, signature, payload: b64(encode(text)) }, key).then(
    () => true,
    () => false,
  );
}
const signedFile = [];
for (const { id, why, card, forms: texts, keys: kids = keys.map(({ kid }) => kid) } of signed) {
  const verifiesUnder = [];
  for (const signature of card.signatures) {
    const under = [];
    for (const name of PROFILES) if (await holds(signature, texts[name])) under.push(name);
    if (under.length === 0) throw new Error(`${id}: a signature holds nowhere`);
    verifiesUnder.push(under);
  }
  signedFile.push({ id, why, keys: kids, card, verifiesUnder });
}

// --- cards to refuse

const good = entry(ed, plain);
const goodEc = entry(ec, plain);
const tampered = (change, base = signedWith(full, entry(ed, formsNamed('full').spec))) => {
  const card = structuredClone(base);
  change(card);
  return card;
};
const withEntry = (...signatures) => signedWith(minimal, ...signatures);
const segmentOf = (text) => b64(typeof text === 'string' ? encode(text) : text);
const withSegment = (segment) => withEntry(entryOf(ed, plain, segment));
const flip = ({ signature, ...rest }, bit = 0) => {
  const bytes = Buffer.from(signature, 'base64url');
  bytes[bytes.length - 1] ^= 1 << bit;
  return { ...rest, signature: b64(bytes) };
};
const textOf = (card, from, to) => {
  const text = JSON.stringify(card);
  if (!text.includes(from)) throw new Error(`no ${from}`);
  return text.replace(from, () => to);
};
const header = (members) => withEntry(entry(ed, plain, members));
const none = `${segmentOf('{"alg":"none","kid":"ed-1"}')}`;
const nest = (depth) => '['.repeat(depth) + ']'.repeat(depth);

const rejected = [
  ['unsigned', 'missing_signatures', 'No signatures.', minimal],
  ['signatures-null', 'missing_signatures', 'null is absence.', { ...minimal, signatures: null }],
  ['signatures-empty', 'missing_signatures', 'An empty list.', { ...minimal, signatures: [] }],
  ['signatures-object', 'invalid_card', 'Not an array.', { ...minimal, signatures: { 0: good } }],
  ['array', 'invalid_card', 'Not an object.', [signedWith(minimal, good)]],
  ['name-number', 'invalid_card', 'A name of another kind.', { ...withEntry(good), name: 7 }],
  [
    'flag-text',
    'invalid_card',
    'A flag of another kind is not made to fit.',
    tampered((card) => {
      card.capabilities.streaming = 'yes';
    }),
  ],
  [
    'list-object',
    'invalid_card',
    'A list of another kind.',
    tampered((card) => {
      card.skills[0].tags = { 0: 'tide' };
    }),
  ],
  [
    'two-members',
    'invalid_card',
    'Two members of a one-of.',
    tampered((card) => {
      card.securitySchemes.tls.httpAuthSecurityScheme = { scheme: 'Basic' };
    }),
  ],
  ['both-spellings', 'invalid_card', 'One member in two spellings.', { ...withEntry(good), supported_interfaces: [] }],
  [
    'both-spellings-deep',
    'invalid_card',
    'One member in two spellings, further in.',
    tampered((card) => {
      card.supportedInterfaces[0].protocol_version = '1.0';
    }),
  ],
  [
    'name-twice',
    'invalid_card',
    'A member twice in the text: two parsers may see two cards.',
    undefined,
    { cardText: textOf(withEntry(good), '{"name":"Tide Table"', '{"name":"Evil Table","name":"Tide Table"') },
  ],
  [
    'text-after',
    'invalid_card',
    'Something after the card.',
    undefined,
    { cardText: `${JSON.stringify(withEntry(good))}{}` },
  ],
  ['not-json', 'invalid_card', 'No JSON.', undefined, { cardText: '<!doctype html>' }],
  [
    'lone-surrogate',
    'canonicalization_failed',
    'Text that no UTF-8 can say.',
    undefined,
    { cardText: textOf(withEntry(good), 'Tide Table', 'Tide \\ud800') },
  ],
  [
    'lone-surrogate-name',
    'canonicalization_failed',
    'The same in a member name of free JSON.',
    undefined,
    {
      cardText: textOf(
        tampered(() => {}),
        '"unit"',
        '"\\udc00"',
      ),
    },
  ],
  [
    'big-integer',
    'canonicalization_failed',
    'An integer that a double does not hold.',
    undefined,
    {
      cardText: textOf(
        tampered(() => {}),
        '"digits":2',
        '"digits":9007199254740993',
      ),
    },
  ],
  [
    'too-deep',
    'canonicalization_failed',
    'Nested deeper than 128.',
    undefined,
    {
      cardText: textOf(
        tampered(() => {}),
        '"unit":"m"',
        `"unit":${nest(125)}`,
      ),
    },
  ],
  [
    'deep-enough',
    'verification_failed',
    'The deepest there may be; it was not signed.',
    undefined,
    {
      cardText: textOf(
        tampered(() => {}),
        '"unit":"m"',
        `"unit":${nest(124)}`,
      ),
    },
  ],
  [
    'other-name',
    'verification_failed',
    'The name was changed.',
    tampered((card) => {
      card.name = 'Tide Table Plus ';
    }),
  ],
  [
    'other-url',
    'verification_failed',
    'An address was changed.',
    tampered((card) => {
      card.supportedInterfaces[1].url = 'https://evil.example/v1';
    }),
  ],
  [
    'other-tenant',
    'verification_failed',
    'A tenant was added.',
    tampered((card) => {
      card.supportedInterfaces[0].tenant = 'south';
    }),
  ],
  [
    'other-param',
    'verification_failed',
    'A number in free JSON was changed.',
    tampered((card) => {
      card.capabilities.extensions[0].params.digits = 3;
    }),
  ],
  [
    'other-scheme',
    'verification_failed',
    'A scheme was taken out.',
    tampered((card) => {
      delete card.securitySchemes.code;
    }),
  ],
  [
    'other-order',
    'verification_failed',
    'The order of a list was changed.',
    tampered((card) => {
      card.supportedInterfaces.reverse();
    }),
  ],
  [
    'false-added',
    'verification_failed',
    'An explicit false is content.',
    { ...withEntry(good), capabilities: { streaming: true, pushNotifications: false } },
  ],
  [
    'proto-in-params',
    'verification_failed',
    'A member called __proto__ was added to free JSON.',
    undefined,
    {
      cardText: textOf(
        tampered(() => {}),
        '"unit":"m"',
        '"__proto__":{"unit":"ft"},"unit":"m"',
      ),
    },
  ],
  [
    'proto-in-schemes',
    'verification_failed',
    'A scheme called __proto__ was added.',
    undefined,
    {
      cardText: textOf(
        tampered(() => {}),
        '"securitySchemes":{',
        '"securitySchemes":{"__proto__":{"mtlsSecurityScheme":{"description":"x"}},',
      ),
    },
  ],
  ['signature-of-another', 'verification_failed', 'The signature of another card.', signedWith(full, good)],
  ['flipped-bit', 'verification_failed', 'One bit of an Ed25519 signature.', withEntry(flip(good, 5))],
  ['flipped-bit-ec', 'verification_failed', 'One bit of an ES256 signature.', withEntry(flip(goodEc))],
  ['zero-ec', 'verification_failed', 'R and S are zero.', withEntry({ ...goodEc, signature: b64(Buffer.alloc(64)) })],
  ['zero-ed', 'verification_failed', 'R and S are zero.', withEntry({ ...good, signature: b64(Buffer.alloc(64)) })],
  [
    'short-signature',
    'verification_failed',
    '63 bytes.',
    withEntry({ ...good, signature: b64(Buffer.from(good.signature, 'base64url').subarray(1)) }),
  ],
  [
    'der-signature',
    'verification_failed',
    'ECDSA in DER.',
    withEntry({
      ...goodEc,
      signature: b64(p256.Signature.fromBytes(Buffer.from(goodEc.signature, 'base64url')).toBytes('der')),
    }),
  ],
  [
    'wrong-key',
    'verification_failed',
    'Signed by one key, in the name of another.',
    withEntry(entry(edNew, plain, { kid: ed.kid })),
  ],
  [
    'header-changed',
    'verification_failed',
    'The header says the same in other bytes.',
    withEntry({ ...good, protected: segmentOf(JSON.stringify({ kid: ed.kid, alg: 'EdDSA', typ: 'JOSE' })) }),
  ],
  ['null-entry', 'invalid_entry', 'An entry that is null.', withEntry(null)],
  ['text-entry', 'invalid_entry', 'A compact JWS.', withEntry(`${good.protected}..${good.signature}`)],
  ['no-signature', 'invalid_entry', 'protected alone.', withEntry({ protected: good.protected })],
  ['number-signature', 'invalid_entry', 'A signature of another kind.', withEntry({ ...good, signature: 7 })],
  ['padded-header', 'invalid_protected_encoding', 'Padding.', withEntry({ ...good, protected: `${good.protected}=` })],
  [
    'standard-header',
    'invalid_protected_encoding',
    'The other base64.',
    withEntry({ ...good, protected: `${good.protected.slice(0, -1)}+` }),
  ],
  [
    'spaced-header',
    'invalid_protected_encoding',
    'A line end.',
    withEntry({ ...good, protected: `${good.protected}\n` }),
  ],
  ['empty-header', 'invalid_protected_encoding', 'No header.', withEntry({ ...good, protected: '' })],
  [
    'spare-bits-header',
    'invalid_protected_encoding',
    'Unused bits that are not zero.',
    withEntry({ ...good, protected: 'eyJhbGciOiJFZERTQSJ9A' + 'B' }),
  ],
  [
    'header-not-utf8',
    'invalid_protected_header',
    'No UTF-8.',
    withSegment(segmentOf(Buffer.from('7b2261ff227d', 'hex'))),
  ],
  ['header-array', 'invalid_protected_header', 'An array.', withSegment(segmentOf('["EdDSA"]'))],
  ['header-text', 'invalid_protected_header', 'Not JSON.', withSegment(segmentOf('alg=EdDSA'))],
  [
    'header-name-twice',
    'invalid_protected_header',
    'A parameter twice.',
    withSegment(segmentOf('{"alg":"ES256","alg":"EdDSA","kid":"ed-1"}')),
  ],
  ['no-alg', 'invalid_protected_header', 'No alg.', header({ alg: undefined })],
  ['empty-alg', 'invalid_protected_header', 'An alg of no characters.', header({ alg: '' })],
  ['list-alg', 'invalid_protected_header', 'Several algorithms.', header({ alg: ['EdDSA'] })],
  ['no-kid', 'invalid_protected_header', 'No kid.', header({ kid: undefined })],
  ['number-kid', 'invalid_protected_header', 'A kid of another kind.', header({ kid: 1 })],
  ['empty-kid', 'invalid_protected_header', 'A kid of no characters.', header({ kid: '' })],
  ['number-typ', 'invalid_protected_header', 'A typ of another kind.', header({ typ: 1 })],
  [
    'kid-unprotected',
    'invalid_protected_header',
    'kid where anybody can write it.',
    withEntry(entry(ed, plain, { kid: undefined }, { kid: ed.kid })),
  ],
  [
    'alg-repeated',
    'invalid_protected_header',
    'A parameter in both headers.',
    withEntry(entry(ed, plain, {}, { alg: 'EdDSA' })),
  ],
  [
    'unprotected-array',
    'invalid_protected_header',
    'An unprotected header of another kind.',
    withEntry(entry(ed, plain, {}, ['x'])),
  ],
  ['crit', 'unsupported_critical_header', 'An extension that must be understood.', header({ crit: ['exp'], exp: 1 })],
  ['crit-empty', 'invalid_protected_header', 'An empty crit.', header({ crit: [] })],
  ['crit-text', 'invalid_protected_header', 'crit of another kind.', header({ crit: 'exp' })],
  ['b64', 'unsupported_critical_header', 'An unencoded payload.', header({ b64: false, crit: ['b64'] })],
  ['b64-alone', 'unsupported_critical_header', 'The same without crit.', header({ b64: false })],
  ['alg-none', 'unsupported_algorithm', 'No signature.', withEntry({ protected: none, signature: '' })],
  [
    'alg-none-allowed',
    'unsupported_algorithm',
    'Not even where it is allowed.',
    withEntry({ protected: none, signature: 'AAAA' }),
    { options: { algorithms: ['none', 'EdDSA'] } },
  ],
  ['alg-case', 'unsupported_algorithm', 'Names have a case.', header({ alg: 'eddsa' })],
  [
    'alg-hs256',
    'unsupported_algorithm',
    'A public key as a secret.',
    header({ alg: 'HS256' }),
    { options: { algorithms: ['HS256', 'EdDSA'] } },
  ],
  ['alg-rs256', 'unsupported_algorithm', 'An algorithm we do not have.', header({ alg: 'RS256' })],
  [
    'alg-not-allowed',
    'unsupported_algorithm',
    'An algorithm the verifier does not want.',
    withEntry(goodEc),
    { options: { algorithms: ['EdDSA'] } },
  ],
  [
    'alg-nothing-allowed',
    'unsupported_algorithm',
    'An empty list allows nothing.',
    withEntry(good),
    { options: { algorithms: [] } },
  ],
  [
    'empty-signature',
    'invalid_signature_encoding',
    'A signature of no characters.',
    withEntry({ ...good, signature: '' }),
  ],
  [
    'padded-signature',
    'invalid_signature_encoding',
    'Padding.',
    withEntry({ ...good, signature: `${good.signature}==` }),
  ],
  [
    'standard-signature',
    'invalid_signature_encoding',
    'The other base64.',
    withEntry({ ...good, signature: `${good.signature.slice(0, -1)}/` }),
  ],
  [
    'spaced-signature',
    'invalid_signature_encoding',
    'A space.',
    withEntry({ ...good, signature: ` ${good.signature}` }),
  ],
  [
    'spare-bits-signature',
    'invalid_signature_encoding',
    'Unused bits that are not zero.',
    withEntry({ ...good, signature: `${good.signature.slice(0, -1)}${good.signature.endsWith('B') ? 'C' : 'B'}` }),
  ],
  ['unknown-kid', 'key_not_found', 'Nobody knows the signer.', withEntry(entry(stranger, plain))],
  ['kid-case', 'key_not_found', 'Names have a case.', header({ kid: 'ED-1' })],
  ['kid-path', 'key_not_found', 'A kid is no path.', header({ kid: '../ed-1' })],
  [
    'jku-ignored',
    'key_not_found',
    'The header says where its keys are; nobody asked.',
    withEntry(entry(stranger, plain, { jku: 'https://evil.example/jwks.json' })),
  ],
  [
    'jwk-ignored',
    'key_not_found',
    'The header brings its own key.',
    withEntry(entry(stranger, plain, { jwk: stranger.jwk })),
  ],
  ['alg-of-another-key', 'key_unusable', 'EdDSA in the name of a P-256 key.', header({ kid: ec.kid })],
  [
    'other-origin',
    'origin_not_allowed',
    'The key is for another site.',
    withEntry(good),
    { options: { allowedOrigins: ['https://harbour.example'] } },
  ],
  [
    'other-origin-of-card',
    'origin_not_allowed',
    'The card came from another site.',
    withEntry(good),
    { options: { allowedOrigins: ['https://tide.example'], cardUrl: 'https://evil.example/card.json' } },
  ],
  [
    'too-late',
    'key_unusable',
    'The key has expired.',
    withEntry(good),
    { options: { notAfter: '2026-01-01T00:00:00Z', now: '2026-01-02T00:00:00Z' } },
  ],
  [
    'too-early',
    'key_unusable',
    'The key is not valid yet.',
    withEntry(good),
    { options: { notBefore: '2026-01-03T00:00:00Z', now: '2026-01-02T00:00:00Z' } },
  ],
  [
    'typ-wanted',
    'invalid_protected_header',
    'The verifier wants another typ.',
    withEntry(good),
    { options: { typ: 'agent-card+jws' } },
  ],
  [
    'all-but-one',
    'verification_failed',
    'All are asked for.',
    withEntry(good, flip(goodEc)),
    { options: { accept: 'all' } },
  ],
  [
    'all-but-unknown',
    'key_not_found',
    'All are asked for, and one signer is unknown.',
    withEntry(good, entry(stranger, plain)),
    { options: { accept: 'all' } },
  ],
  [
    'kid-not-there',
    'verification_failed',
    'A signature that is asked for is not there.',
    withEntry(good),
    { options: { accept: { kids: [ed.kid, ec.kid] } } },
  ],
  [
    'beyond-the-cap',
    'verification_failed',
    'The good one is too far back.',
    withEntry(...Array(16).fill(flip(good)), good),
  ],
  [
    'beyond-a-lower-cap',
    'verification_failed',
    'The same with a lower cap.',
    withEntry(flip(good), flip(good), good),
    { options: { maxSignatures: 2 } },
  ],
  [
    'uncovered-scheme',
    'uncovered_content',
    'Schemes are not covered, and that is not accepted.',
    signed.find(({ id }) => id === 'case-shape-by-sdk').card,
    { options: { uncovered: 'reject' } },
  ],
  [
    'uncovered-requirement',
    'uncovered_content',
    'A requirement is not covered.',
    signedWith({ ...minimal, securityRequirements: [{ schemes: { key: {} } }] }, entry(ed, plain)),
    { options: { uncovered: 'reject' } },
  ],
  [
    'best-of-several',
    'verification_failed',
    'The code is that of the entry that came furthest.',
    withEntry(null, { ...good, signature: '!' }, entry(stranger, plain), flip(good)),
  ],
  [
    'best-key-failure',
    'key_not_found',
    'A key that is not there comes further than a header that cannot be read.',
    withEntry(null, { ...good, protected: '' }, entry(stranger, plain)),
  ],
  [
    'mixed-algorithms',
    'invalid_entry',
    'Not every entry was passed over for its algorithm.',
    withEntry(null, entry(ed, plain, { alg: 'RS256' })),
  ],
  [
    'good-after-bad',
    'valid',
    'Broken entries do not stop a good one.',
    withEntry(null, 7, {}, { ...good, protected: '=' }, flip(good), good),
  ],
  [
    'good-among-algorithms',
    'valid',
    'Nor do algorithms that are not allowed.',
    withEntry(entry(ed, plain, { alg: 'RS256' }), goodEc),
  ],
  ['last-within-the-cap', 'valid', 'The sixteenth of sixteen.', withEntry(...Array(15).fill(flip(good)), good)],
  ['all-hold', 'valid', 'All are asked for, and all hold.', withEntry(good, goodEc), { options: { accept: 'all' } }],
  [
    'kids-hold',
    'valid',
    'The two that are asked for hold.',
    withEntry(flip(entry(edNew, plain)), goodEc, good),
    { options: { accept: { kids: [ed.kid, ec.kid] } } },
  ],
  [
    'own-origin',
    'valid',
    'The key is for this site.',
    withEntry(good),
    {
      options: {
        allowedOrigins: ['https://tide.example'],
        cardUrl: 'https://tide.example/.well-known/agent-card.json',
      },
    },
  ],
  [
    'in-time',
    'valid',
    'The key is valid now.',
    withEntry(good),
    { options: { notBefore: '2026-01-01T00:00:00Z', notAfter: '2026-01-03T00:00:00Z', now: '2026-01-02T00:00:00Z' } },
  ],
  [
    'exact-integer',
    'valid',
    'A large integer that a double does hold, as its canonical form has it.',
    undefined,
    { cardText: JSON.stringify(signed.find(({ id }) => id === 'unicode-by-sdk').card) },
  ],
  [
    'unknown-uncovered',
    'valid',
    'Unknown members are left out, and no reason to refuse.',
    signed.find(({ id }) => id === 'vendor-left-out').card,
    { options: { uncovered: 'reject' } },
  ],
  [
    'defaults-uncovered',
    'valid',
    'A default that means absence says nothing.',
    signedWith(
      {
        ...minimal,
        supportedInterfaces: [{ ...minimal.supportedInterfaces[0], tenant: '' }],
        securityRequirements: [],
      },
      entry(ed, plain),
    ),
    { options: { uncovered: 'reject' } },
  ],
].map(([id, expect, why, card, more = {}]) => ({ id, expect, why, ...(card === undefined ? {} : { card }), ...more }));

const write = (name, value) => {
  // One case a line.
  const text = Array.isArray(value)
    ? `[\n${value.map((item) => JSON.stringify(item)).join(',\n')}\n]\n`
    : `${JSON.stringify(value, null, 1)}\n`;
  writeFileSync(new URL(name, import.meta.url), text);
  console.log(`| \`${name}\` | \`${createHash('sha256').update(text).digest('hex')}\` |`);
};
write('keys.json', {
  jwks: { keys: keys.map(({ jwk }) => jwk) },
  private: keys.map(({ jwk, d }) => ({ ...jwk, d })),
  stranger: { ...stranger.jwk, d: stranger.d },
});
write('forms.json', forms);
write('signed.json', signedFile);
write('rejected.json', rejected);

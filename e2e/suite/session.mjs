// Live calls over a memory pair, with both suites; and who may not have one.

import { claimAnotherName } from '../calls/impostors.mjs';
import { equal, failure, ok, refuses } from './assert.mjs';

/** @param {any} library */
export function sessionCases(library) {
  const suites = { noble: library.noise.nobleSuite, fast: library.fast.fastSuite };
  return [
    { name: 'the first minute', run: () => firstMinute(library) },
    ...Object.entries(suites).flatMap(([name, suite]) => [
      { name: `${name} suite: calls both ways, a hundred at once`, run: () => calls(library, suite) },
      { name: `${name} suite: 10,000 items at 8 credits, never more than 8 ahead`, run: () => credits(library, suite) },
      { name: `${name} suite: a growing window, and items of 60,000 bytes`, run: () => window(library, suite) },
    ]),
    { name: 'leaving a stream reaches the finally of its producer', run: () => cancel(library) },
    {
      name: 'an aborted call rejects with the reason, untouched, and the handler hears of it',
      run: () => abort(library),
    },
    { name: 'errors: unknown method, refused on purpose, failed by accident', run: () => errors(library) },
    { name: 'a stream that fails gives its items first, then the error', run: () => failingStream(library) },
    { name: 'the authorisation hook decides for the verified peer', run: () => authorization(library) },
    { name: 'a contract: typed calls and streams, checked at both ends', run: () => contract(library) },
    { name: 'proof: the peer signs the session with the key of exactly its DID', run: () => proof(library) },
    { name: 'the end of a session settles every call, sent or not', run: () => ending(library) },
    { name: 'a responder with another key is refused', run: () => falseResponder(library) },
    { name: 'a caller under the name of another is refused before any handler', run: () => falseCaller(library) },
    { name: 'misuse is a TypeError or RangeError before anything is sent', run: () => misuse(library) },
  ];
}

/** Two agents in one process, connected. */
async function talk(library, { handlers = {}, callerHandlers, suite, serve: served = {}, connect: calling = {} }) {
  const { connect, createIdentity, memoryPair, serve } = library.front;
  const [alice, bob] = await Promise.all([createIdentity(), createIdentity()]);
  const [near, far] = memoryPair();
  const answered = new Promise((resolve) => {
    serve({ identity: bob, transport: far, handlers, suite, onSession: resolve, ...served });
  });
  const options = { identity: alice, transport: near, remoteDid: bob.did, handlers: callerHandlers, suite, ...calling };
  const session = await connect(options);
  return { session, answering: await answered, alice, bob };
}

async function firstMinute({ front }) {
  const { connect, createIdentity, memoryPair, serve } = front;
  const [alice, bob] = await Promise.all([createIdentity(), createIdentity()]);
  const [near, far] = memoryPair();
  serve({
    identity: bob,
    transport: far,
    handlers: {
      greet: (params) => ({ hello: params.name }),
      async *count() {
        yield 1;
        yield 2;
      },
    },
  });
  const session = await connect({ identity: alice, transport: near, remoteDid: bob.did });
  equal(await session.call('greet', { name: 'Alice' }, { signal: AbortSignal.timeout(5000) }), { hello: 'Alice' });
  const seen = [];
  for await (const n of session.stream('count', {}, { credits: 8 })) seen.push(n);
  equal(seen, [1, 2]);
  await session.close();
}

async function calls(library, suite) {
  const handlers = { echo: (params) => params, who: (_params, { peer }) => peer.did };
  const { session, answering, alice, bob } = await talk(library, { handlers, callerHandlers: handlers, suite });
  const params = { text: 'Gr\u00fc\u00dfe \u{1f44b}', list: [null, true, -0.5, 1e21], nested: { a: { b: '' } } };
  equal(await session.call('echo', params), params);
  equal(await session.call('echo'), undefined);
  equal([await session.call('who'), await answering.call('who')], [alice.did, bob.did]);
  equal([session.peer.did, answering.peer.did], [bob.did, alice.did]);
  const numbers = Array.from({ length: 100 }, (_, i) => i);
  equal(await Promise.all(numbers.map((n) => session.call('echo', n))), numbers);
  equal(await Promise.all(numbers.map((n) => answering.call('echo', n))), numbers);
  await session.close();
}

async function credits(library, suite) {
  let produced = 0;
  const handlers = {
    async *count({ n }) {
      for (let i = 0; i < n; i++) {
        produced++;
        yield i;
      }
    },
  };
  const { session } = await talk(library, { handlers, suite });
  let next = 0;
  let furthest = 0;
  for await (const i of session.stream('count', { n: 10_000 }, { credits: 8 })) {
    equal(i, next++);
    furthest = Math.max(furthest, produced - next);
  }
  equal(next, 10_000);
  ok(furthest <= 8, `${furthest} ahead`);
  await session.close();
}

async function window(library, suite) {
  const item = 'x'.repeat(60_000);
  const handlers = {
    *blobs({ n }) {
      for (let i = 0; i < n; i++) yield { i, item };
    },
  };
  const { session } = await talk(library, { handlers, suite });
  let next = 0;
  for await (const blob of session.stream('blobs', { n: 100 })) {
    equal(blob.i, next++);
    ok(blob.item === item);
  }
  equal(next, 100);
  await session.close();
}

async function cancel(library) {
  let left;
  const leaving = new Promise((resolve) => {
    left = resolve;
  });
  const handlers = {
    async *forever() {
      try {
        for (let i = 0; ; i++) yield i;
      } finally {
        left('finally');
      }
    },
    echo: (params) => params,
  };
  const { session } = await talk(library, { handlers });
  for await (const i of session.stream('forever')) if (i === 10) break;
  equal(await leaving, 'finally');
  equal(await session.call('echo', 'still here'), 'still here');
  await session.close();
}

async function abort(library) {
  let heard;
  const hearing = new Promise((resolve) => {
    heard = resolve;
  });
  const handlers = {
    wait: (_params, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          heard('aborted');
          reject(signal.reason);
        });
      }),
    echo: (params) => params,
  };
  const { session } = await talk(library, { handlers });
  const reason = { why: 'changed my mind' };
  const controller = new AbortController();
  const call = session.call('wait', undefined, { signal: controller.signal });
  await session.call('echo', 'the wait has begun');
  controller.abort(reason);
  ok((await failure(() => call)) === reason);
  equal(await hearing, 'aborted');
  const past = AbortSignal.abort(reason);
  ok((await failure(() => session.call('echo', 1, { signal: past }))) === reason);
  equal(await session.call('echo', 'still here'), 'still here');
  await session.close();
}

async function errors(library) {
  const { rpcError } = library.front;
  const faults = [];
  const handlers = {
    refuse() {
      throw rpcError(4711, 'not today');
    },
    fail() {
      throw new Error('the password is swordfish');
    },
    nothing() {
      throw undefined;
    },
  };
  const { session } = await talk(library, { handlers, serve: { onFault: (fault) => faults.push(fault) } });
  await refuses(() => session.call('nobody'), 'ERR_RPC_METHOD_NOT_FOUND');
  await refuses(() => session.call('toString'), 'ERR_RPC_METHOD_NOT_FOUND');
  const refused = await failure(() => session.call('refuse'));
  equal([refused.code, refused.wireCode, refused.message], ['ERR_RPC_REMOTE', 4711, 'not today']);
  const failed = await failure(() => session.call('fail'));
  equal([failed.code, failed.wireCode], ['ERR_RPC_REMOTE', -32000]);
  ok(!failed.message.includes('swordfish'));
  equal((await failure(() => session.call('nothing'))).wireCode, -32000);
  equal(
    faults.map((fault) => fault?.message),
    ['the password is swordfish', undefined],
  );
  await session.close();
}

async function failingStream(library) {
  const handlers = {
    async *half() {
      yield 1;
      yield 2;
      throw new Error('halfway');
    },
    echo: (params) => params,
  };
  const { session } = await talk(library, { handlers });
  const seen = [];
  const failed = await failure(async () => {
    for await (const n of session.stream('half')) seen.push(n);
  });
  equal([failed.code, failed.wireCode, seen], ['ERR_RPC_REMOTE', -32000, [1, 2]]);
  equal(await session.call('echo', 'still here'), 'still here');
  await session.close();
}

async function authorization(library) {
  const asked = [];
  let reached = 0;
  const handlers = { open: () => 'open', closed: () => reached++ };
  const authorize = ({ peer, method }) => {
    asked.push([peer.did, method]);
    return method === 'open';
  };
  const { session, alice } = await talk(library, { handlers, serve: { authorize } });
  equal(await session.call('open'), 'open');
  await refuses(() => session.call('closed'), 'ERR_RPC_DENIED');
  equal(
    [reached, asked],
    [
      0,
      [
        [alice.did, 'open'],
        [alice.did, 'closed'],
      ],
    ],
  );
  await session.close();
}

async function contract(library) {
  const schema = (name, fits) => ({
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) => (fits(value) ? { value } : { issues: [{ message: `no ${name}`, path: [] }] }),
    },
  });
  const number = schema('number', (value) => typeof value === 'number');
  const text = schema('text', (value) => typeof value === 'string');
  const methods = library.front.defineContract({
    double: { params: number, result: number },
    spell: { params: text, item: text },
    lie: { params: number, result: text },
  });
  const handlers = methods.handlers({
    double: (n) => 2 * n,
    *spell(word) {
      yield* word;
    },
    lie: (n) => n,
  });
  const { session } = await talk(library, { handlers });
  const client = session.use(methods);
  equal(await client.double(21), 42);
  const letters = [];
  for await (const letter of client.spell('abc')) letters.push(letter);
  equal(letters, ['a', 'b', 'c']);
  await refuses(() => client.double('21'), TypeError);
  await refuses(() => session.call('double', '21'), 'ERR_RPC_INVALID_PARAMS');
  equal((await failure(() => client.lie(1))).wireCode, -32000);
  await session.close();
}

async function proof(library) {
  const { session, answering } = await talk(library, {
    handlers: { echo: (params) => params },
    serve: { requireProof: true },
    connect: { proof: 'require' },
  });
  equal(await session.call('echo', 1), 1);
  equal([session.peer.proof, answering.peer.proof], ['ed25519', 'ed25519']);
  await session.close();
}

async function ending(library) {
  const handlers = { never: () => new Promise(() => {}) };
  const { session, answering } = await talk(library, { handlers });
  const open = session.call('never');
  const stream = session.stream('never').next();
  answering.abort();
  for (const pending of [open, stream]) {
    const error = await failure(() => pending);
    ok(['ERR_CHANNEL_LOST', 'ERR_CHANNEL_CLOSED'].includes(error.code), error.code);
    equal(error.delivery, 'sent');
  }
  const late = await failure(() => session.call('never'));
  equal(late.delivery, 'unsent');
  const info = await session.closed;
  equal(info.clean, false);
}

async function falseResponder(library) {
  const { connect, createIdentity, memoryPair, serve } = library.front;
  const [alice, bob, mallory] = await Promise.all([createIdentity(), createIdentity(), createIdentity()]);
  let sessions = 0;
  const [near, far] = memoryPair();
  serve({ identity: mallory, transport: far, onSession: () => sessions++ });
  const error = await failure(() => connect({ identity: alice, transport: near, remoteDid: bob.did }));
  ok(['ERR_CHANNEL_IMPOSTOR', 'ERR_CHANNEL_REFUSED'].includes(error.code), error.code);
  equal(sessions, 0);
}

async function falseCaller(library) {
  const { createIdentity, memoryPair, serve } = library.front;
  const [bob, victim] = await Promise.all([createIdentity(), createIdentity()]);
  const [near, far] = memoryPair();
  let handled = 0;
  const refusal = new Promise((resolve) => {
    const onRefused = (error, { callerDid }) => resolve([error.code, callerDid]);
    serve({ identity: bob, transport: far, handlers: { echo: () => ++handled }, onRefused });
  });
  const { code, answers } = await claimAnotherName(library, { dialer: near, did: bob.did, victimDid: victim.did });
  equal([code, answers, handled], [1008, 0, 0]);
  equal(await refusal, ['ERR_CHANNEL_IMPOSTOR', victim.did]);
}

async function misuse(library) {
  const { connect, createIdentity, memoryPair, serve, webSocket } = library.front;
  const { session, alice } = await talk(library, { handlers: { echo: (params) => params } });
  await refuses(() => session.call(7), TypeError);
  await refuses(() => session.call('echo', 1n), TypeError);
  await refuses(() => session.call('echo', () => {}), TypeError);
  await refuses(() => session.call('echo', 'x'.repeat(70_000)), 'ERR_LIMIT_EXCEEDED');
  await refuses(() => session.stream('echo', {}, { credits: 0 }), RangeError);
  await refuses(() => webSocket('http://127.0.0.1/'), TypeError);
  await refuses(() => serve({ identity: alice, handshakeTimeoutMs: 0 }), RangeError);
  const [near] = memoryPair();
  await refuses(() => connect({ identity: alice, transport: near, remoteDid: 'did:web:x' }), 'ERR_IDENTITY_DID');
  const wrong = { ...alice, did: (await createIdentity()).did };
  const remoteDid = alice.did;
  await refuses(() => connect({ identity: wrong, transport: near, remoteDid }), 'ERR_IDENTITY_MISMATCH');
  equal(await session.call('echo', 'still here'), 'still here');
  await session.close();
}

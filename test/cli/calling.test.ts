// `serve` and `call` against each other over loopback, in one process.

import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { run } from '../../src/cli/run.js';
import edges from '../../vectors/did-key/edge-cases.json' with { type: 'json' };
import { MemoryIo } from './memory-io.js';

let serving: MemoryIo;
let served: Promise<number>;
let url: string;
let did: string;

beforeEach(async () => {
  serving = new MemoryIo();
  served = run(['serve', '--json'], serving);
  ({ url, did } = JSON.parse(await serving.firstLine()));
});
afterEach(async () => {
  serving.stop();
  expect(await served).toBe(130);
});

async function call(words: string[], io = new MemoryIo()) {
  const code = await run(['call', url, did, ...words], io);
  return { code, lines: io.lines, err: io.errText };
}

describe('serve', () => {
  it('prints one line of JSON, and nothing else', async () => {
    await call(['echo', '1']);
    expect(serving.lines).toEqual([JSON.stringify({ url, did })]);
    expect(url).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\/$/);
    expect(did).toMatch(/^did:key:z6Mk/);
    expect(serving.errText).toBe('');
  });

  it('tells a person how to call it, and who calls', async () => {
    const io = new MemoryIo();
    const ended = run(['serve', '--port', '0', '--host', '127.0.0.1'], io);
    await io.firstLine();
    const [, theirUrl = '', theirDid = ''] = /ringline call (\S+) (\S+) echo/.exec(io.outText) ?? [];
    expect(await run(['call', theirUrl, theirDid, 'echo'], new MemoryIo())).toBe(0);
    io.stop();
    expect(await ended).toBe(130);
    expect(io.errText).toMatch(/^\+ did:key:z6Mk\S+ from 127\.0\.0\.1\n- did:key:z6Mk\S+ \(closed, 1000\)\n$/);
  });

  it('fails with code 1 on a port that is taken', async () => {
    const io = new MemoryIo();
    expect(await run(['serve', '--json', '--port', new URL(url).port], io)).toBe(1);
    expect(JSON.parse(io.errText).error.code).toBe('EADDRINUSE');
  });
});

describe('call', () => {
  it.each([
    [['echo', '{"b":[1,"x"],"a":null}'], ['{"a":null,"b":[1,"x"]}']],
    [['echo', '"text"'], ['"text"']],
    [['echo'], ['null']],
    [['echo', '--', '-5'], ['-5']],
    [
      ['count', '{"n":3}', '--stream'],
      ['1', '2', '3'],
    ],
    [['count', '{"n":0}', '--stream'], []],
    [
      ['count', '{"n":20}', '--stream', '--credits', '2', '--limit', '4'],
      ['1', '2', '3', '4'],
    ],
    [
      ['blob', '{"size":3,"n":2}', '--stream'],
      ['"xxx"', '"xxx"'],
    ],
  ])('%j prints %j', async (words, lines) => {
    expect(await call(words)).toEqual({ code: 0, lines, err: '' });
  });

  it('C2: takes 10,000 chunks at 8 credits in order', async () => {
    const { lines } = await call(['count', '{"n":10000}', '--stream', '--credits', '8']);
    expect(lines).toEqual(Array.from({ length: 10_000 }, (_, i) => String(i + 1)));
  });

  it('reads params from standard input, out of sight of others', async () => {
    expect(await call(['echo', '-'], new MemoryIo({ input: '{"secret":1}\n' }))).toMatchObject({
      lines: ['{"secret":1}'],
    });
  });

  it.each([
    [['nope'], 'ERR_RPC_METHOD_NOT_FOUND'],
    [['nope', '--stream'], 'ERR_RPC_METHOD_NOT_FOUND'],
    [['toString'], 'ERR_RPC_METHOD_NOT_FOUND'],
    [['count', '{"n":3}'], 'ERR_RPC_REMOTE'],
    [['echo', '1', '--stream'], 'ERR_RPC_REMOTE'],
    [['count', '{"n":-1}', '--stream'], 'ERR_RPC_INVALID_PARAMS'],
    [['count', '{"n":"3"}', '--stream'], 'ERR_RPC_INVALID_PARAMS'],
    [['count', '--stream'], 'ERR_RPC_INVALID_PARAMS'],
    [['blob', '{"size":60001,"n":1}', '--stream'], 'ERR_RPC_INVALID_PARAMS'],
    [['echo', JSON.stringify('x'.repeat(65_520))], 'ERR_LIMIT_EXCEEDED'],
  ])('%j fails with one line of JSON and exit code 1', async (words, code) => {
    const ended = await call(words);
    expect(ended).toMatchObject({ code: 1, lines: [] });
    expect(ended.err).toMatch(/^[^\n]+\n$/);
    expect(JSON.parse(ended.err)).toEqual({ error: { code, message: expect.any(String) } });
  });

  it.each([
    ['another DID', edges.did, 'ERR_CHANNEL_REFUSED'],
    ['a DID of a small-order key', edges.refusedKey[0]?.did as string, 'ERR_IDENTITY_KEY'],
    ['a DID of another method', 'did:web:agent.example', 'ERR_IDENTITY_DID'],
  ])('refuses to talk to %s', async (_name, remoteDid, code) => {
    const io = new MemoryIo();
    expect(await run(['call', url, remoteDid, 'echo'], io)).toBe(1);
    expect(JSON.parse(io.errText).error.code).toBe(code);
  });

  it('fails when nobody listens', async () => {
    const io = new MemoryIo();
    expect(await run(['call', 'ws://127.0.0.1:1/', did, 'echo', '--json'], io)).toBe(1);
    expect(JSON.parse(io.errText).error.code).toBe('ERR_CHANNEL_REFUSED');
  });
});

describe('Ctrl-C', () => {
  it('cancels a stream, says goodbye and leaves the other side well', async () => {
    const io = new MemoryIo();
    io.onOut = () => io.lines.length === 5 && io.stop();
    expect(await call(['count', '{"n":1000000000}', '--stream'], io)).toMatchObject({ code: 130, err: '' });
    expect(io.lines.slice(0, 5)).toEqual(['1', '2', '3', '4', '5']);
    expect(await call(['echo', '1'])).toMatchObject({ code: 0 });
  });

  it('ends a dial that nobody answers', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    const io = new MemoryIo();
    silent.on('connection', (socket) => {
      socket.on('error', () => {});
      io.stop();
    });
    expect(await run(['call', `ws://127.0.0.1:${port}/`, did, 'echo'], io)).toBe(130);
    expect(io.errText).toBe('');
    silent.close();
  });

  it('ends with 0 when only the reader of the output went away', async () => {
    const io = new MemoryIo();
    io.onOut = () => io.stop(0);
    expect(await call(['count', '{"n":1000000000}', '--stream'], io)).toMatchObject({ code: 0, err: '' });
  });
});

describe('--identity', () => {
  it('is who calls and who answers', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'ringline-call-'));
    const file = join(folder, 'id.json');
    const made = new MemoryIo();
    await run(['id', 'new', '--identity', file], made);
    const own = made.outText.trim();

    const answering = new MemoryIo();
    const ended = run(['serve', '--identity', file], answering);
    await answering.firstLine();
    const [, theirUrl = '', theirDid] = /ringline call (\S+) (\S+) echo/.exec(answering.outText) ?? [];
    expect(theirDid).toBe(own);
    expect(await run(['call', theirUrl, own, 'echo', '--identity', file], new MemoryIo())).toBe(0);
    answering.stop();
    await ended;
    expect(answering.errText).toContain(`+ ${own} from`);
    await rm(folder, { recursive: true });
  });

  it('that cannot be read fails the call before any dial', async () => {
    const ended = await call(['echo', '--identity', '/nonexistent/id.json']);
    expect(ended.code).toBe(1);
    expect(JSON.parse(ended.err).error.code).toBe('ENOENT');
  });

  it('is said to be made up where a person looks, and only there', async () => {
    const io = new MemoryIo({ errIsTerminal: true });
    expect((await call(['echo'], io)).err).toMatch(/^No --identity: did:key:z6Mk\S+ is for this run only\.\n$/);
    const quiet = new MemoryIo({ errIsTerminal: true });
    expect((await call(['echo', '--json'], quiet)).err).toBe('');
  });
});

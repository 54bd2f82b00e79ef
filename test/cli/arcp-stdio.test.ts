// `arcp serve --stdio` in this process, and `arcp invoke stdio:...` with a program that is a runtime of its own.

import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connect } from '../../src/arcp/client/connect.js';
import { run } from '../../src/cli/run.js';
import { ndjson } from '../../src/transport/ndjson.js';
import { nextTexts } from '../host/echo-runtime.js';
import { ran, TOKEN, typesOf, until } from './arcp-story.js';
import { Folder } from './card-files.js';
import { MemoryIo } from './memory-io.js';

/** A command whose standard input and output are in the test's hand. */
function served(words: readonly string[]) {
  const [input, output] = [new TransformStream<Uint8Array>(), new TransformStream<Uint8Array>()];
  const io = new MemoryIo({ streams: { readable: input.readable, writable: output.writable } });
  const ended = run(['arcp', 'serve', '--stdio', ...words], io);
  return { io, ended, streams: { readable: output.readable, writable: input.writable } };
}

describe('arcp serve --stdio', () => {
  it('serves whoever started it, and ends with its input, exit code 0', async () => {
    const { io, ended, streams } = served([]);
    const session = await connect({
      dial: async () => ndjson(streams),
      auth: { scheme: 'none' },
      client: { kind: 'test', version: '1' },
      reconnect: false,
    });
    expect((await session.invoke('echo', { a: 1 }).result).value).toEqual({ a: 1 });
    await session.close();
    expect(await ended).toBe(0);
    // Standard output is the protocol's.
    expect(io.outText).toBe('');
    expect(io.errText).toMatch(/^\+ operator\n> tool\.invoke /);
  });

  it('[10.74] takes CR LF and blank lines, and says nothing but envelopes', async () => {
    const { io, ended, streams } = served(['--principal', 'ada', '--json']);
    const writer = streams.writable.getWriter();
    const transport = ndjson({ readable: streams.readable, writable: new WritableStream() });
    const answers = nextTexts(transport, 2);
    const open = { auth: { scheme: 'none' }, client: { kind: 'test', version: '1' } };
    const timestamp = new Date().toISOString();
    const line = (type: string, payload: object) =>
      `\r\n\n${JSON.stringify({ arcp: '1.0', id: `msg_${type}`, type, timestamp, payload })}\r\n`;
    await writer.write(new TextEncoder().encode(line('session.open', open) + line('ping', { nonce: 'n' })));
    expect(typesOf(await answers)).toEqual(['session.accepted', 'pong']);
    await writer.close();
    expect(await ended).toBe(0);
    expect([io.outText, io.errText]).toEqual(['', '']);
  });

  it('asks for credentials where it was given some', async () => {
    const { ended, streams } = served(['--bearer', TOKEN, '--json']);
    const transport = ndjson(streams);
    const failing = connect({
      dial: async () => transport,
      auth: { scheme: 'none' },
      client: { kind: 'test', version: '1' },
      capabilities: { anonymous: true },
      reconnect: false,
    });
    await expect(failing).rejects.toMatchObject({ code: 'ERR_ARCP_UNAUTHENTICATED' });
    expect(await ended).toBe(0);
  });

  it('ends on Ctrl-C', async () => {
    const { io, ended, streams } = served([]);
    const transport = ndjson(streams);
    transport.receive(() => {});
    io.stop();
    expect(await ended).toBe(130);
  });
});

/** A runtime of few words, as somebody else might write one: CR LF, blank lines, a job that asks, and a log line beside. */
const PROGRAM = String.raw`
import { createInterface } from 'node:readline';
let n = 0;
const say = (type, fields, payload) => process.stdout.write(
  '\r\n' + JSON.stringify({ arcp: '1.0', id: 'msg_r' + ++n, timestamp: new Date().toISOString(), type, ...fields, payload }) + '\r\n');
const job = { session_id: 'sess_1', job_id: 'job_1' };
let invoke;
for await (const line of createInterface({ input: process.stdin })) {
  const { id, type, payload, correlation_id } = JSON.parse(line);
  if (type === 'session.open') say('session.accepted', { session_id: 'sess_1', correlation_id: id },
    { session_id: 'sess_1', runtime: { kind: 'few-words', version: '1' }, capabilities: { human_input: true } });
  if (type === 'ping') say('pong', { session_id: 'sess_1', correlation_id: id }, {});
  if (type === 'tool.invoke') {
    invoke = id;
    say('job.accepted', { ...job, correlation_id: id }, { job_id: 'job_1' });
    if (payload.tool === 'die') process.exit(3);
    if (payload.tool === 'ask') say('human.choice.request', job,
      { prompt: 'Which?', options: [{ id: 'a', label: 'A' }], expires_at: '2999-01-01T00:00:00Z' });
    if (payload.tool === 'echo') say('tool.result', { ...job, correlation_id: id }, { value: payload.arguments });
  }
  if (type === 'human.choice.response') say('job.completed', { ...job, correlation_id: invoke }, { value: payload.choice_id });
  if (type === 'cancel') {
    say('cancel.accepted', { correlation_id: id }, {});
    say('job.cancelled', { ...job, correlation_id: invoke }, { reason: payload.reason });
  }
  if (type === 'session.close') break;
}
if (process.argv[2]) {
  // Held open as long as the process lives.
  const socket = (await import('node:net')).connect(process.argv[2]);
  await new Promise((sent) => socket.write(process.argv[3], sent));
}
if (process.argv[3] === 'stubborn') {
  process.on('SIGTERM', () => {});
  setInterval(() => {}, 1000);
  process.stdout.end();
} else process.exit();
`;

describe('arcp invoke stdio:', () => {
  let folder: Folder;
  let address: string;
  beforeEach(async () => {
    folder = await Folder.make();
    // In quotes, since the path may have a blank.
    address = `stdio:"${process.execPath}" "${await folder.write('few words.mjs', PROGRAM)}"`;
  });
  afterEach(() => folder.remove());

  it('[10.74] starts a program, talks to it, and takes what it says', async () => {
    const { code, lines } = await ran(['arcp', 'invoke', address, 'echo', '{"a":[1]}']);
    expect([code, lines]).toEqual([0, ['{"a":[1]}']]);
    expect(await ran(['arcp', 'invoke', address, 'ask', '--choose', 'a'])).toMatchObject({ code: 0, lines: ['"a"'] });
  });

  it('[10.77] fails when the program dies in the middle', async () => {
    const { code, err } = await ran(['arcp', 'invoke', address, 'die', '--json']);
    expect([code, JSON.parse(err).error.code]).toEqual([1, 'ERR_ARCP_UNAVAILABLE']);
  });

  it('cancels the job on Ctrl-C, before the program goes', async () => {
    const io = new MemoryIo();
    const ended = ran(['arcp', 'invoke', address, 'wait', '--json'], io);
    await until(io, () => io.outText.includes('job.accepted'));
    io.stop();
    expect((await ended).code).toBe(130);
    expect(typesOf(io.lines)).toEqual(['job.accepted', 'job.cancelled']);
  });

  it.each(['ended', 'stubborn'])(
    'leaves no program behind: %s',
    async (how) => {
      const socket = folder.at('said');
      const server = createServer().listen(socket);
      const heard = once(server, 'connection').then(async ([connection]) => {
        const closed = once(connection, 'close');
        connection.on('error', () => {});
        const [text] = await once(connection, 'data');
        return { text: String(text), closed };
      });
      expect((await ran(['arcp', 'invoke', `${address} ${socket} ${how}`, 'echo'])).code).toBe(0);
      const { text, closed } = await heard;
      expect(text).toBe(how);
      // The system closes its sockets when a process is gone.
      await closed;
      server.close();
    },
    20_000,
  );

  it.each([
    ['that is not there', 'stdio:/nonexistent/program', 'ENOENT'],
    ['that says nothing and ends', `stdio:"${process.execPath}" -e 0`, 'ERR_ARCP_UNAVAILABLE'],
  ])('fails for a program %s', async (_, url, code) => {
    const ended = await ran(['arcp', 'invoke', url, 'echo', '--json']);
    expect([ended.code, ended.lines, JSON.parse(ended.err).error.code]).toEqual([1, [], code]);
  });

  it('is asked by no shell', async () => {
    const marker = folder.at('marker');
    for (const tail of [`; touch ${marker}`, `$(touch ${marker})`, `| touch ${marker}`, `\`touch ${marker}\``]) {
      expect((await ran(['arcp', 'invoke', `stdio:"${process.execPath}" -e 0 ${tail}`, 'echo', '--json'])).code).toBe(
        1,
      );
    }
    expect(existsSync(marker)).toBe(false);
  });
});

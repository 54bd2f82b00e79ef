// Standard input and output of a real process as a transport.

import { spawn } from 'node:child_process';
import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { standardStreams, webStreams } from '../../src/cli/stdio.js';
import { ndjson } from '../../src/transport/ndjson.js';
import { nextTexts } from '../host/echo-runtime.js';

const children: ReturnType<typeof start>[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** A process that runs some code, with both of its streams as a transport. */
function start(code: string) {
  return spawn(process.execPath, ['-e', code], { stdio: ['pipe', 'pipe', 'inherit'] });
}

function open(code: string) {
  const child = start(code);
  children.push(child);
  return { child, transport: ndjson(webStreams(child.stdout, child.stdin)) };
}

const CAT = 'process.stdin.pipe(process.stdout)';

describe('a process on the other end', () => {
  it('[10.74] carries lines both ways, and ends when it ends', async () => {
    const { transport } = open(CAT);
    const sent = ['{"a":1}', `{"long":"${'\u00fc'.repeat(500_000)}"}`, '{"b":2}'];
    const answers = nextTexts(transport, sent.length);
    for (const line of sent) transport.send(line);
    expect(await answers).toEqual(sent);
    transport.close();
    expect(await transport.closed).toEqual({ code: 1000, reason: '', clean: true });
  });

  it('that prints CR LF and blank lines is understood', async () => {
    const { transport } = open(String.raw`process.stdout.write('{"a":1}\r\n\r\n\n{"b":2}\r\n')`);
    expect(await nextTexts(transport, 3)).toEqual(['{"a":1}', '{"b":2}']);
    expect(await transport.closed).toMatchObject({ clean: true });
  });

  it('that dies in the middle of a line is lost', async () => {
    const { transport } = open(`process.stdout.write('{"half":', () => process.kill(process.pid, 'SIGKILL'))`);
    expect(await nextTexts(transport, 1)).toEqual([]);
    expect(await transport.closed).toMatchObject({ code: 1006, clean: false });
  });

  it('that never reads is told by what is buffered', async () => {
    const { transport } = open('setInterval(() => {}, 1000)');
    for (let i = 0; i < 40; i++) transport.send('x'.repeat(50_000));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(transport.bufferedBytes).toBeGreaterThan(3_000_000);
    transport.abort();
  });

  it('that is gone when we write is noticed', async () => {
    const { child, transport } = open('');
    await new Promise((resolve) => child.once('exit', resolve));
    expect((await transport.closed).code).toBeGreaterThanOrEqual(1000);
    expect(() => transport.send('{}')).toThrow(expect.objectContaining({ code: 'ERR_CHANNEL_CLOSED' }));
  });
});

describe('our own standard streams', () => {
  /** A transport over them, with both in the test's hand. */
  function own() {
    const [input, output] = [new PassThrough(), new PassThrough()];
    vi.spyOn(process, 'stdin', 'get').mockReturnValue(input as never);
    vi.spyOn(process, 'stdout', 'get').mockReturnValue(output as never);
    const transport = ndjson(standardStreams());
    vi.restoreAllMocks();
    return { input, output, transport };
  }

  it('are over once we have ended the output, though the input never ends', async () => {
    const { input, output, transport } = own();
    transport.send('{"last":1}');
    transport.close();
    expect(await transport.closed).toEqual({ code: 1000, reason: '', clean: true });
    expect(String(output.read())).toBe('{"last":1}\n');
    expect(input.destroyed).toBe(true);
  });

  it('are over when the input ends, after what was said', async () => {
    const { input, output, transport } = own();
    const texts = nextTexts(transport, 2);
    input.end('{"a":1}\n');
    transport.send('{"b":2}');
    expect(await texts).toEqual(['{"a":1}']);
    expect(await transport.closed).toMatchObject({ clean: true });
    expect(String(await output.toArray())).toBe('{"b":2}\n');
  });
});

describe('streams of Node', () => {
  it('pause while nobody reads', async () => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    const { readable } = webStreams(input, output);
    for (let i = 0; i < 100; i++) input.write(new Uint8Array(16_384));
    await new Promise((resolve) => setImmediate(resolve));
    expect(input.readableLength + input.writableLength).toBeGreaterThan(1_500_000);
    const reader = readable.getReader();
    let bytes = 0;
    while (bytes < 1_638_400) bytes += (await reader.read()).value?.length ?? Number.NaN;
    expect(bytes).toBe(1_638_400);
  });

  it('that are destroyed are lost, and that are cancelled are destroyed', async () => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    const transport = ndjson(webStreams(input, output));
    input.destroy();
    expect(await transport.closed).toMatchObject({ clean: false });
    expect(output.destroyed).toBe(true);

    const [next, last] = [new PassThrough(), new PassThrough()];
    ndjson(webStreams(next, last)).abort();
    await new Promise((resolve) => setImmediate(resolve));
    expect([next.destroyed, last.destroyed]).toEqual([true, true]);
  });
});

// Streams of tools and of clients: every kind, what is redacted, and what is missing or damaged.

import { firstOf, nextOf, withBench } from './arcp-bench.mjs';
import { pattern, TEXTS } from './arcp-tools.mjs';
import { equal, failure, ok } from './assert.mjs';

const SIZES = [0, 1, 2, 3, 4_095, 65_537];

/** @param {any} library */
export function streamCases(library) {
  const on = (use) => () => withBench(library, use);
  return [
    { name: 'ARCP: text of every kind comes through a stream as it was written', run: on(text) },
    { name: 'ARCP: a redacted thought leaves the runtime without its words', run: on(thoughts) },
    { name: 'ARCP: bytes come through a stream, each chunk with its hash', run: on(binary) },
    { name: 'ARCP: events, log lines and samples come through streams as objects', run: on(structured) },
    { name: 'ARCP: a stream that is left is cancelled, and its tool hears of it', run: on(left) },
    { name: 'ARCP: a tool reads what a client streams to it', run: on(upwards) },
    {
      name: 'ARCP: a gap or a damaged chunk ends a stream with DATA_LOSS, a repeated one is passed over',
      run: on(damaged),
    },
    { name: 'ARCP: a chunk of no stream is refused once, and then passed over', run: on(unknown) },
  ];
}

/** Every stream of a job, read to its end. */
async function read(job) {
  const streams = [];
  const reading = [];
  for await (const stream of job.streams) {
    const read = { kind: stream.kind, contentType: stream.contentType, items: [] };
    streams.push(read);
    reading.push(
      (async () => {
        for await (const item of stream) read.items.push(item);
      })(),
    );
  }
  await Promise.all(reading);
  return streams;
}

async function text({ connect }) {
  const job = (await connect()).invoke('streams', { thoughts: false });
  const [stream] = await read(job);
  equal([stream.kind, stream.contentType], ['text', 'text/plain']);
  equal(
    stream.items.map(({ text }) => text),
    TEXTS,
  );
  equal(
    stream.items.map(({ sequence }) => sequence),
    TEXTS.map((_, i) => i),
  );
  await job.result;
}

async function thoughts({ connect, open }) {
  const streams = await read((await connect()).invoke('streams', {}));
  const { items } = streams.find(({ kind }) => kind === 'thought');
  equal(
    items.map(({ text, redacted, role }) => [text, redacted, role]),
    [
      ['the moon is near', false, 'assistant_thought'],
      ['something private', true, 'assistant_thought'],
    ],
  );
  const peer = await open();
  peer.send('tool.invoke', { tool: 'streams', arguments: {} });
  await peer.until('job.completed');
  const said = JSON.stringify(peer.received);
  ok(said.includes('the moon is near') && !said.includes('under the mat'), 'the words are on the wire');
  const thought = peer.received.find(({ type, payload }) => type === 'stream.chunk' && payload.redacted === true);
  equal(thought.payload, {
    sequence: 1,
    data: 'something private',
    content: 'something private',
    role: 'assistant_thought',
    redacted: true,
  });
}

async function binary({ connect, open }) {
  const [, stream] = await read((await connect()).invoke('streams', { sizes: SIZES, thoughts: false }));
  equal([stream.kind, stream.contentType], ['binary', 'application/octet-stream']);
  equal(
    stream.items.map(({ bytes }) => bytes),
    SIZES.map(pattern),
  );
  const peer = await open();
  peer.send('tool.invoke', { tool: 'streams', arguments: { sizes: [3], thoughts: false } });
  await peer.until('job.completed');
  const { payload } = peer.received.find(
    ({ type, payload }) => type === 'stream.chunk' && payload.sha256 !== undefined,
  );
  equal([payload.data, payload.content_type], ['AB8+', 'application/octet-stream']);
  equal(payload.sha256, '94e1c77d23e949c5fe5b5309709054b595ae0ddd29b86b0b4f89ba8a7de870fe');
}

async function structured({ connect }) {
  const streams = await read((await connect()).invoke('structured'));
  equal(
    streams.map(({ kind, items }) => [kind, items.map(({ data }) => data)]),
    [
      ['event', [{ name: 'turned', at: 6 }]],
      ['log', [{ level: 'warn', message: 'low' }]],
      ['metric', [{ name: 'latency.ms', value: 1.5, unit: 'ms', dims: { phase: 'exec' } }]],
    ],
  );
}

async function left({ connect }) {
  const job = (await connect()).invoke('pour');
  const stream = await nextOf(job.streams);
  const heard = [];
  for await (const { text } of stream) {
    heard.push(text);
    if (heard.length === 3) break;
  }
  equal(heard, ['drop 0', 'drop 1', 'drop 2']);
  equal((await job.result).value, 'CANCELLED');
}

/** A client's stream to a tool, as messages. */
async function pouring(session, chunks, { kind = 'text', final } = {}) {
  const job = session.invoke('drink');
  const { job_id } = await firstOf(job.events, ({ type }) => type === 'job.progress');
  const fields = { job_id, stream_id: 'str_01KDMX4Q8W7R2N5T0V9Y3B6C1Z' };
  session.send('stream.open', { kind, content_type: 'application/octet-stream' }, fields);
  for (const chunk of chunks) session.send('stream.chunk', chunk, fields);
  if (final !== undefined) session.send('stream.close', { final_sequence: final }, fields);
  return job;
}

const chunk = (sequence) => ({ sequence, data: `drop ${sequence}` });

async function upwards({ connect }) {
  const session = await connect();
  const job = await pouring(session, [chunk(0), chunk(1), chunk(1), chunk(2)], { final: 2 });
  equal((await job.result).value, { kind: 'text', items: ['drop 0', 'drop 1', 'drop 2'] });
  const bytes = [0, 1, 2].map((sequence) => ({ sequence, data: 'AB8+', content_type: 'application/octet-stream' }));
  const counted = await pouring(session, bytes, { kind: 'binary', final: 2 });
  equal((await counted.result).value, { kind: 'binary', items: [3, 3, 3] });
  // What is no kind of today is read as an event.
  const video = await pouring(session, [{ sequence: 0, data: { a: 1 } }], { kind: 'video', final: 0 });
  equal((await video.result).value, { kind: 'event', items: [{ a: 1 }] });
}

async function damaged({ connect }) {
  const session = await connect();
  const codeOf = async (chunks, options) =>
    (await failure(async () => (await pouring(session, chunks, options)).result)).wireCode;
  equal(await codeOf([chunk(0), chunk(5)]), 'DATA_LOSS');
  const wrong = { sequence: 0, content_type: 'application/octet-stream' };
  equal(await codeOf([{ ...wrong, data: 'AB8+', sha256: '0'.repeat(64) }], { kind: 'binary' }), 'DATA_LOSS');
  for (const data of ['AB8', 'AB8-', 'AB9=', ' AB8+', 7]) {
    equal(await codeOf([{ ...wrong, data }], { kind: 'binary' }), 'DATA_LOSS', String(data));
  }
}

async function unknown({ open }) {
  const peer = await open();
  const fields = { stream_id: 'str_nowhere' };
  const ids = [0, 1, 2].map((sequence) => peer.send('stream.chunk', chunk(sequence), fields));
  await peer.demandAlive();
  const nacks = peer.received.filter(({ type }) => type === 'nack');
  equal(
    nacks.map(({ correlation_id, payload }) => [correlation_id, payload.code]),
    [[ids[0], 'NOT_FOUND']],
  );
}

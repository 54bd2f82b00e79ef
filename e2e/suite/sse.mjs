// Server-sent events, however the network cuts them.

import { equal, failure, ok, refuses } from './assert.mjs';
import { endlessBody } from './fake-web.mjs';

/** A byte order mark, all three line ends, comments, fields nobody knows, letters of two and four bytes, a torn end. */
const TEXT = [
  '\ufeff: hello\r\ndata: one\r\ndata: two\r\n\r\n',
  'event: gr\u00fc\u00dfe\rid: 7\rdata:{"a":"\u{1f44b}"}\r\r',
  'retry: 250\ndata\n\n\n: only a comment\n\nevent: without data\n\n',
  'data:  spaced\nunknown: x\n\ndata: cut off',
].join('');

const EVENTS = [
  { event: 'message', data: 'one\ntwo' },
  { event: 'gr\u00fc\u00dfe', data: '{"a":"\u{1f44b}"}', id: '7' },
  { event: 'message', data: '' },
  { event: 'message', data: ' spaced' },
  { event: 'message', data: 'cut off', unfinished: true },
];

/** @param {any} library */
export function sseCases({ sseParser, sseStream }) {
  const { SseParser } = sseParser;
  const { encodeSseEvent, readSse, writeSse } = sseStream;
  const bytes = new TextEncoder().encode(TEXT);
  return [
    {
      name: 'server-sent events: the same ones wherever the text is cut in two',
      run() {
        for (let cut = 0; cut <= bytes.length; cut++) {
          const parser = new SseParser();
          const events = [...parser.push(bytes.subarray(0, cut)), ...parser.push(bytes.subarray(cut))];
          equal([...events, parser.end()], EVENTS, `cut at ${cut}:`);
          equal(parser.retryMs, 250);
        }
      },
    },
    {
      name: 'server-sent events: read from a stream in pieces of every size',
      async run() {
        for (const size of [1, 2, 3, 5, 7, 16, 1_000]) {
          const events = [];
          for await (const event of readSse(inPieces(bytes, size))) events.push(event);
          equal(events, EVENTS, `${size} bytes at a time:`);
        }
      },
    },
    {
      name: 'server-sent events: what is written is read again, and whoever stops reading stops the writer',
      async run() {
        const sent = Array.from({ length: 50 }, (_, i) => ({
          event: i % 3 === 0 ? 'n' : undefined,
          data: `${i}\n${i}`,
        }));
        let left = false;
        const source = async function* () {
          try {
            yield* sent;
          } finally {
            left = true;
          }
        };
        const read = [];
        for await (const { event, data } of readSse(writeSse(source()))) read.push({ event, data });
        equal(
          read,
          sent.map(({ event = 'message', data }) => ({ event, data })),
        );
        left = false;
        for await (const event of readSse(writeSse(source()))) {
          equal(event.data, '0\n0');
          break;
        }
        for (let tries = 0; tries < 100 && !left; tries++) await new Promise((go) => setTimeout(go));
        ok(left, 'the writer goes on');
        equal(encodeSseEvent({ data: 'a\r\nb\rc' }), 'data: a\ndata: b\ndata: c\n\n');
        await refuses(() => encodeSseEvent({ event: 'a\nb', data: '' }), RangeError);
      },
    },
    {
      name: 'server-sent events: an event too long, silence and an abort end the stream and let go of it',
      async run() {
        const endless = endlessBody();
        const iterate = async (body, options) => {
          for await (const _ of readSse(body, options));
        };
        await refuses(() => iterate(endless.stream, { maxEventBytes: 5_000 }), 'ERR_LIMIT_EXCEEDED');
        await endless.cancelled;

        const silent = silentBody();
        equal((await failure(() => iterate(silent.stream, { idleTimeoutMs: 5 }))).name, 'TimeoutError');
        await silent.cancelled;

        const other = silentBody();
        const controller = new AbortController();
        const reason = new Error('enough');
        setTimeout(() => controller.abort(reason), 5);
        ok((await failure(() => iterate(other.stream, { signal: controller.signal }))) === reason, 'the reason');
        await other.cancelled;
      },
    },
  ];
}

/** @param {Uint8Array} bytes @param {number} size */
function inPieces(bytes, size) {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at + size));
      at += size;
    },
  });
}

/** A body that says nothing. */
function silentBody() {
  let cancel;
  const cancelled = new Promise((resolve) => {
    cancel = resolve;
  });
  return { stream: new ReadableStream({ cancel }), cancelled };
}

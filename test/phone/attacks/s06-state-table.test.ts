// Row S6, findings F11, F12 and F24: every kind of frame in every state of an id, in both directions and both roles.
//
// What the words mean:
//   close        the session ends with 1002
//   resolve      our call gets its result             item, end   our stream gets an item, or its end
//   CODE         our call or stream rejects with ERR_RPC_<CODE>, the session lives; +cancel: and the peer is told
//   run          the handler starts
//   grant        the served stream sends one more     cancelled   the handler's signal aborts; +end: a stream_end goes out
//   late         dropped, and never counted           stray       dropped and counted

import { describe, expect, test } from 'vitest';
import { ChannelError, LimitError, RpcError } from '../../../src/errors.js';
import { sessionAgainst, settle } from '../../support/frame-peer.js';

type Role = 'initiator' | 'responder';

const FRAMES: Record<string, Record<string, unknown>> = {
  'req                ': { type: 'req', seq: 0, method: 'unary' },
  'req credits        ': { type: 'req', seq: 0, method: 'stream', credits: 1 },
  'res result         ': { type: 'res', seq: 0, result: 7 },
  'res result null    ': { type: 'res', seq: 0, result: null },
  'res                ': { type: 'res', seq: 0 },
  'res credits        ': { type: 'res', seq: 0, credits: 1 },
  'res credits result ': { type: 'res', seq: 0, credits: 1, result: 7 },
  'chunk in order     ': { type: 'stream_chunk', seq: 1, result: 7 },
  'chunk empty        ': { type: 'stream_chunk', seq: 1 },
  'chunk repeated     ': { type: 'stream_chunk', seq: 0, result: 7 },
  'chunk ahead        ': { type: 'stream_chunk', seq: 2, result: 7 },
  'end ok             ': { type: 'stream_end', seq: 1, reason: 'ok' },
  'end ok, early      ': { type: 'stream_end', seq: 0, reason: 'ok' },
  'end ok, ahead      ': { type: 'stream_end', seq: 2, reason: 'ok' },
  'end cancelled      ': { type: 'stream_end', seq: 1, reason: 'cancelled' },
  'end error          ': { type: 'stream_end', seq: 1, reason: 'error' },
  'end other          ': { type: 'stream_end', seq: 1, reason: 'because' },
  'cancel             ': { type: 'cancel', seq: 0 },
  'cancel reason      ': { type: 'cancel', seq: 0, reason: 'because' },
  'error              ': { type: 'error', seq: 0, error: { code: -32000, message: 'no' } },
  'error not found    ': { type: 'error', seq: 0, error: { code: -32601, message: 'no' } },
};

// An id that we give out: `unary` and `stream` are open, the stream with one chunk taken.
const OURS = `
                      | never  | unary                   | stream                  | ended
  req                 | close  | close                   | close                   | close
  req credits         | close  | close                   | close                   | close
  res result          | stray  | resolve                 | UNEXPECTED_FRAME+cancel | late
  res result null     | stray  | resolve                 | UNEXPECTED_FRAME+cancel | late
  res                 | stray  | resolve                 | UNEXPECTED_FRAME+cancel | late
  res credits         | stray  | UNEXPECTED_FRAME+cancel | UNEXPECTED_FRAME+cancel | late
  res credits result  | stray  | UNEXPECTED_FRAME+cancel | UNEXPECTED_FRAME+cancel | late
  chunk in order      | stray  | UNEXPECTED_FRAME+cancel | item                    | late
  chunk empty         | stray  | UNEXPECTED_FRAME+cancel | item                    | late
  chunk repeated      | stray  | UNEXPECTED_FRAME+cancel | close                   | late
  chunk ahead         | stray  | UNEXPECTED_FRAME+cancel | close                   | late
  end ok              | stray  | UNEXPECTED_FRAME+cancel | end                     | late
  end ok, early       | stray  | UNEXPECTED_FRAME+cancel | close                   | late
  end ok, ahead       | stray  | UNEXPECTED_FRAME+cancel | close                   | late
  end cancelled       | stray  | UNEXPECTED_FRAME+cancel | CANCELLED               | late
  end error           | stray  | UNEXPECTED_FRAME+cancel | REMOTE                  | late
  end other           | stray  | UNEXPECTED_FRAME+cancel | REMOTE                  | late
  cancel              | stray  | UNEXPECTED_FRAME+cancel | UNEXPECTED_FRAME+cancel | late
  cancel reason       | stray  | UNEXPECTED_FRAME+cancel | UNEXPECTED_FRAME+cancel | late
  error               | stray  | REMOTE                  | REMOTE                  | late
  error not found     | stray  | METHOD_NOT_FOUND        | METHOD_NOT_FOUND        | late
`;

// An id that the peer gives out: `unary` and `stream` are running, the stream out of credit; `in line` is a stream
// whose handler waits for its turn.
const THEIRS = `
                      | never  | unary                   | stream                  | in line                 | ended
  req                 | run    | close                   | close                   | close                   | close
  req credits         | run    | close                   | close                   | close                   | close
  res result          | stray  | close                   | close                   | close                   | late
  res result null     | stray  | close                   | close                   | close                   | late
  res                 | stray  | close                   | close                   | close                   | late
  res credits         | stray  | close                   | grant                   | grant                   | late
  res credits result  | stray  | close                   | close                   | close                   | late
  chunk in order      | stray  | close                   | close                   | close                   | late
  chunk empty         | stray  | close                   | close                   | close                   | late
  chunk repeated      | stray  | close                   | close                   | close                   | late
  chunk ahead         | stray  | close                   | close                   | close                   | late
  end ok              | stray  | close                   | close                   | close                   | late
  end ok, early       | stray  | close                   | close                   | close                   | late
  end ok, ahead       | stray  | close                   | close                   | close                   | late
  end cancelled       | stray  | close                   | close                   | close                   | late
  end error           | stray  | close                   | close                   | close                   | late
  end other           | stray  | close                   | close                   | close                   | late
  cancel              | stray  | cancelled               | cancelled+end           | cancelled+end           | late
  cancel reason       | stray  | cancelled               | cancelled+end           | cancelled+end           | late
  error               | stray  | close                   | close                   | close                   | late
  error not found     | stray  | close                   | close                   | close                   | late
`;

/** The rows of a table: frame, state, outcome. */
function cells(table: string): [frame: string, state: string, want: string][] {
  const [head = [], ...rows] = table
    .split('\n')
    .filter((line) => line.includes('|'))
    .map((line) => line.split('|').map((cell) => cell.trim()));
  return rows.flatMap(([frame = '', ...outcomes]) =>
    outcomes.map((want, index): [string, string, string] => [frame, head[index + 1] ?? '', want]),
  );
}

const frameNamed = (name: string): Record<string, unknown> => {
  const frame = Object.entries(FRAMES).find(([key]) => key.trim() === name)?.[1];
  if (frame === undefined) throw new Error(`no frame ${name}`);
  return frame;
};

const word = (error: unknown): string =>
  error instanceof RpcError ? error.code.replace('ERR_RPC_', '') : `not an RpcError: ${String(error)}`;

function against(role: Role) {
  const log: string[] = [];
  let release = () => {};
  const heeding = (signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      release = resolve;
      signal.addEventListener('abort', () => {
        log.push('cancelled');
        resolve();
      });
    });
  const both = sessionAgainst(role, {
    limits: { maxStrayFrames: 1, maxRunningHandlers: 1 },
    handlers: {
      echo: (value) => value,
      unary: async (_, { signal }) => {
        log.push('run');
        await heeding(signal);
      },
      async *stream(_, { signal }) {
        log.push('run');
        signal.addEventListener('abort', () => log.push('cancelled'));
        for (let n = 0; ; n++) yield n;
      },
      hog: (_, { signal }) => heeding(signal),
    },
  });
  return { ...both, log, release: () => release() };
}

/** How the session stands after a frame that did nothing else: sent once more, a stray one ends this session. */
async function lateOrStray({ session, peer }: ReturnType<typeof against>, frame: Record<string, unknown>) {
  peer.send(frame);
  const info = await Promise.race([session.closed, settle(2)]);
  if (info === undefined) return 'late';
  return info.error instanceof LimitError && info.error.limit === 'maxStrayFrames' ? 'stray' : 'closed the second time';
}

async function ended({ session }: ReturnType<typeof against>): Promise<boolean> {
  const info = await Promise.race([session.closed, settle(2)]);
  if (info === undefined) return false;
  expect(info).toMatchObject({ code: 1002, error: { code: 'ERR_CHANNEL_PROTOCOL' } });
  return true;
}

/** What a frame does to one of our ids. */
async function ours(role: Role, state: string, frame: Record<string, unknown>): Promise<string> {
  const here = against(role);
  const { session, peer } = here;
  const streamId = role === 'initiator' ? 1 : 2;
  const log: string[] = [];
  if (state === 'unary' || state === 'ended') {
    session.call('m').then(
      (result) => log.push(state === 'unary' && result === frame.result ? 'resolve' : `resolve ${result}`),
      (error: unknown) => error instanceof ChannelError || log.push(word(error)),
    );
    await peer.until(1);
  }
  if (state === 'ended') {
    peer.send({ type: 'res', stream_id: streamId, seq: 0, result: 1 });
    await settle(2);
    log.length = 0;
  }
  if (state === 'stream') {
    const items = session.stream('s');
    const first = items.next();
    await peer.until(1);
    peer.send({ type: 'stream_chunk', stream_id: streamId, seq: 0, result: 0 });
    await first;
    items.next().then(
      ({ done, value }) => log.push(done ? 'end' : value === frame.result ? 'item' : `item ${value}`),
      (error: unknown) => error instanceof ChannelError || log.push(word(error)),
    );
  }
  const before = peer.frames.length;
  peer.send({ ...frame, stream_id: streamId });
  if (await ended(here)) return 'close';
  if (state === 'never' || state === 'ended') {
    expect(log).toEqual([]);
    return lateOrStray(here, { ...frame, stream_id: streamId });
  }
  const told = peer.frames.slice(before).filter(({ type }) => type !== 'res');
  await session.close();
  return log.join() + told.map(({ type, stream_id }) => `+${type}${stream_id === streamId ? '' : stream_id}`).join('');
}

/** What a frame does to one of the peer's ids. */
async function theirs(role: Role, state: string, frame: Record<string, unknown>): Promise<string> {
  const here = against(role);
  const { session, peer, log } = here;
  const hogId = role === 'initiator' ? 2 : 1;
  const streamId = hogId + 2;
  if (state === 'in line') peer.req(hogId, 'hog');
  if (state === 'unary') peer.req(streamId, 'unary');
  if (state === 'stream') peer.req(streamId, 'stream', { credits: 1 });
  if (state === 'in line') peer.req(streamId, 'stream', { credits: 0 });
  if (state === 'ended') peer.req(streamId, 'echo');
  await settle(2);
  const before = peer.frames.length;
  if (state !== 'never') log.length = 0;
  peer.send({ ...frame, stream_id: streamId });
  if (await ended(here)) return 'close';
  if (state === 'ended' || (state === 'never' && log.length === 0)) {
    expect(log).toEqual([]);
    return lateOrStray(here, { ...frame, stream_id: streamId });
  }
  if (state === 'in line') {
    if (peer.frames.length > before) log.push('cancelled');
    // Whatever waited runs now, unless it was cancelled.
    here.release();
    await settle(2);
    if (log[0] === 'run') log.shift();
  }
  const sent = peer.frames.slice(before).filter(({ stream_id }) => stream_id === streamId);
  await session.close();
  if (state === 'never') return log[0] ?? '';
  for (const { type, reason } of sent) {
    if (type === 'stream_chunk') log.unshift('grant');
    else log.push(type === 'stream_end' ? '+end' : type);
    if (type === 'stream_end') expect(reason).toBe('cancelled');
  }
  // The close at the end of this test aborts a stream that goes on.
  return log[0] === 'grant' ? 'grant' : log.join('');
}

describe.each(['initiator', 'responder'] as const)('S6: %s', (role) => {
  test.each(cells(OURS))('%s, our id: %s: %s', async (name, state, want) => {
    expect(await ours(role, state, frameNamed(name))).toBe(want);
  });
  test.each(cells(THEIRS))('%s, their id: %s: %s', async (name, state, want) => {
    expect(await theirs(role, state, frameNamed(name))).toBe(want);
  });
});

test('S6: the table names every frame once', () => {
  for (const table of [OURS, THEIRS]) {
    expect(new Set(cells(table).map(([frame]) => frame))).toEqual(
      new Set(Object.keys(FRAMES).map((key) => key.trim())),
    );
  }
});

test('S6, F12: a call answered by a stream, and a stream answered by a result, fail at once and cost nobody else', async () => {
  const { session, peer } = sessionAgainst('initiator');
  const call = session.call('m');
  const items = session.stream('s');
  const step = items.next();
  const other = session.call('m');
  await peer.until(3);
  for (let seq = 0; seq < 5; seq++) peer.send({ type: 'stream_chunk', stream_id: 1, seq, result: seq });
  peer.send({ type: 'stream_end', stream_id: 1, seq: 5, reason: 'ok' });
  peer.send({ type: 'res', stream_id: 3, seq: 0, result: 'all at once' });
  peer.send({ type: 'res', stream_id: 5, seq: 0, result: 'fine' });
  await expect(call).rejects.toMatchObject({ code: 'ERR_RPC_UNEXPECTED_FRAME' });
  await expect(step).rejects.toMatchObject({ code: 'ERR_RPC_UNEXPECTED_FRAME' });
  expect(await other).toBe('fine');
  expect(await items.next()).toEqual({ done: true, value: undefined });
  await session.close();
});

// The part of a client that is loaded when it is needed: what comes meanwhile, and what becomes of a session where it cannot
// be had, as offline or behind a deployment that took the old files away.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const LATER = '../../../src/arcp/client/later.js';
const offline = new TypeError('Failed to fetch dynamically imported module');
const PLAIN = { capabilities: {} };

/** Modules of their own for each test, so that nothing has been loaded. */
async function fresh() {
  return import('./scripted-runtime.js');
}

function goOffline(): void {
  vi.doMock(LATER, () => Promise.reject(offline));
}

beforeEach(() => {
  vi.resetModules();
});

afterEach(() => {
  vi.doUnmock(LATER);
});

/** What says that it could not be loaded: no mistake of the caller's, and worth another try. */
const notLoaded = expect.objectContaining({ name: 'ArcpError', code: 'ERR_ARCP_UNAVAILABLE', retryable: true });

/** Whether an error comes of {@link offline}, however deep. */
function isOffline(error: unknown): boolean {
  return error === offline || (error instanceof Error && isOffline(error.cause));
}

describe('a call that needs what cannot be loaded', () => {
  it('rejects with an error that says so; the session goes on, and the next try works', async () => {
    const { ScriptedRuntime } = await fresh();
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect({}, PLAIN);
    goOffline();
    const calls = [
      () => session.artifacts.put(new Uint8Array(1), { mediaType: 'text/plain' }),
      () => session.subscribe(),
      () => session.openStream('text'),
      () => session.cancel('job', 'job_1'),
      () => session.interrupt('job_1' as never, 'why?'),
      () => session.refreshLease('lease_1' as never, 5),
    ];
    for (const call of calls) {
      const error = await call().catch((thrown: unknown) => thrown);
      expect(error).toEqual(notLoaded);
      expect(isOffline(error)).toBe(true);
    }
    expect(session.signal.aborted).toBe(false);
    vi.doUnmock(LATER);
    const cancelled = session.cancel('job', 'job_1');
    const { id } = await runtime.peer.expect('cancel');
    runtime.peer.send('cancel.accepted', {}, { correlation_id: id });
    expect(await cancelled).toEqual({ accepted: true });
  });

  it('is refused by the handshake alike: the next connect works', async () => {
    const { ScriptedRuntime } = await fresh();
    const { connect } = await import('../../../src/arcp/client/connect.js');
    const runtime = new ScriptedRuntime();
    goOffline();
    const options = { capabilities: { binary_encoding: ['sidecar'] } };
    await expect(connect({ ...runtime.options, ...options })).rejects.toEqual(notLoaded);
    expect(runtime.peer.received).toEqual([]);
    vi.doUnmock(LATER);
    runtime.peers.length = 0;
    const session = await runtime.connect(options, PLAIN);
    expect(session.isConnected).toBe(true);
  });
});

describe('a message that needs what cannot be loaded', () => {
  it('ends the session with an error that says so, at the message before: resumed, it comes again', async () => {
    const { ScriptedRuntime, next } = await fresh();
    const { connect } = await import('../../../src/arcp/client/connect.js');
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect({}, PLAIN);
    goOffline();
    const before = runtime.peer.send('event.emit', { name: 'one' });
    runtime.peer.send('agent.handoff', { runtime: { kind: 'other', version: '1' } }, { id: 'msg_handoff' });
    runtime.peer.send('event.emit', { name: 'two' }, { id: 'msg_two' });
    await session.closed;
    expect(session.signal.reason).toEqual(notLoaded);
    expect(isOffline(session.signal.reason)).toBe(true);
    expect(session.lastMessageId).toBe(before);

    vi.doUnmock(LATER);
    const resume = { sessionId: session.id, afterMessageId: session.lastMessageId as never };
    const connecting = connect({ ...runtime.options, resume });
    await runtime.connection(2);
    await runtime.peer.accept(PLAIN);
    const again = await connecting;
    const command = await runtime.peer.expect('resume');
    expect(command.payload).toMatchObject({ after_message_id: before });
    runtime.peer.send('ack', {}, { correlation_id: command.id });
    runtime.peer.send('agent.handoff', { runtime: { kind: 'other', version: '1' } }, { id: 'msg_handoff' });
    runtime.peer.send('event.emit', { name: 'two' }, { id: 'msg_two' });
    expect((await next(again.messages)).id).toBe('msg_handoff');
    expect((await next(again.messages)).id).toBe('msg_two');
    expect(again.lastMessageId).toBe('msg_two');
  });
});

describe('what comes while it is being loaded', () => {
  it('is taken in the order it came, extensions too', async () => {
    const { ScriptedRuntime, next, settle } = await fresh();
    const runtime = new ScriptedRuntime();
    const session = await runtime.connect({}, { capabilities: { extensions: ['arcpx.acme.note.v1'] } });
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    vi.doMock(LATER, async (original) => {
      await gate;
      return original();
    });
    const ids = [
      runtime.peer.send('agent.handoff', { runtime: { kind: 'other', version: '1' } }),
      runtime.peer.send('arcpx.acme.note.v1', { text: 'one' }),
      runtime.peer.send('event.emit', { name: 'two' }),
      runtime.peer.send('arcpx.acme.note.v1', { text: 'three' }),
    ];
    await settle();
    release();
    const came: string[] = [];
    for (const _ of ids) came.push((await next(session.messages)).id);
    expect(came).toEqual(ids);
    expect(session.lastMessageId).toBe(ids[3]);
  });
});

import { describe, expect, it } from 'vitest';
import { codeOf, ScriptedRuntime } from './scripted-runtime.js';

const HI = '8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4';
const REF = { artifact_id: 'art_1', uri: 'arcp://session/sess_1/artifact/art_1', media_type: 'text/plain', size: 2 };
const bytes = new Uint8Array([104, 105]);

describe('artifacts', () => {
  it('[10.66] are put with their hash, and fetched', async () => {
    const runtime = new ScriptedRuntime();
    const { artifacts } = await runtime.connect();
    const putting = artifacts.put(bytes, { mediaType: 'text/plain', retainSeconds: 60 });
    const put = await runtime.peer.expect('artifact.put');
    expect(put.payload).toEqual({ media_type: 'text/plain', data: 'aGk=', sha256: HI, retain_seconds: 60 });
    runtime.peer.send('artifact.ref', { artifact: { ...REF, sha256: HI } }, { correlation_id: put.id });
    const ref = await putting;
    expect(ref).toEqual({ ...REF, sha256: HI });

    const fetching = artifacts.fetch(ref);
    const fetch = await runtime.peer.expect('artifact.fetch');
    expect(fetch.payload).toEqual({ artifact_id: 'art_1' });
    runtime.peer.send('artifact.ref', { artifact: REF, data: 'aGk=' }, { correlation_id: fetch.id });
    expect(await fetching).toEqual({ ref: REF, bytes });
  });

  it('R6: rejects DATA_LOSS for bytes of another hash, size or id than the reference says', async () => {
    const runtime = new ScriptedRuntime();
    const { artifacts } = await runtime.connect();
    const zeros = '0'.repeat(64);
    for (const [wanted, reply] of [
      ['art_1', { artifact: { ...REF, sha256: zeros }, data: 'aGk=' }],
      ['art_1', { artifact: { ...REF, sha256: 'nonsense' }, data: 'aGk=' }],
      ['art_1', { artifact: { ...REF, size: 3 }, data: 'aGk=' }],
      ['art_1', { artifact: { ...REF, artifact_id: 'art_2' }, data: 'aGk=' }],
      [
        { ...REF, sha256: zeros },
        { artifact: REF, data: 'aGk=' },
      ],
      [
        { ...REF, size: 1 },
        { artifact: REF, data: 'aGk=' },
      ],
    ] as const) {
      const fetching = artifacts.fetch(wanted as never);
      const { id } = await runtime.peer.expect('artifact.fetch');
      runtime.peer.send('artifact.ref', reply, { correlation_id: id });
      expect(await codeOf(fetching)).toBe('ERR_ARCP_DATA_LOSS');
    }
    const putting = artifacts.put(bytes, { mediaType: 'text/plain' });
    const { id } = await runtime.peer.expect('artifact.put');
    runtime.peer.send('artifact.ref', { artifact: { ...REF, size: 5 } }, { correlation_id: id });
    expect(await codeOf(putting)).toBe('ERR_ARCP_DATA_LOSS');
  });

  it('are fetched, too, where the runtime answers with the artifact as it was put', async () => {
    const runtime = new ScriptedRuntime();
    const { artifacts } = await runtime.connect();
    const fetch = async (wanted: unknown, reply: object) => {
      const fetching = artifacts.fetch(wanted as never);
      fetching.catch(() => {});
      const { id } = await runtime.peer.expect('artifact.fetch');
      runtime.peer.send('artifact.put', { media_type: 'text/plain', data: 'aGk=', ...reply }, { correlation_id: id });
      return fetching;
    };
    expect(await fetch('art_1', { sha256: HI })).toEqual({ ref: { ...REF, sha256: HI }, bytes });
    const known = { ...REF, uri: 'arcp://artifact/art_1', sha256: HI };
    expect(await fetch(known, {})).toEqual({ ref: { ...REF, uri: 'arcp://artifact/art_1' }, bytes });
    expect(await codeOf(fetch('art_1', { sha256: '0'.repeat(64) }))).toBe('ERR_ARCP_DATA_LOSS');
    expect(await codeOf(fetch({ ...known, size: 3 }, {}))).toBe('ERR_ARCP_DATA_LOSS');
    expect(await codeOf(fetch('art_1', { data: 'aGk' }))).toBe('ERR_ARCP_INVALID_ARGUMENT');
    // One that answers nothing is a command, and refused.
    const id = runtime.peer.send('artifact.put', { media_type: 'text/plain', data: 'aGk=' });
    expect(await runtime.peer.expect('nack')).toMatchObject({ correlation_id: id, payload: { code: 'UNIMPLEMENTED' } });
  });

  it('[10.67] [10.68] rejects what is no base64, what was refused, and an address in place of the bytes', async () => {
    const runtime = new ScriptedRuntime();
    const { artifacts } = await runtime.connect();
    const answer = async (type: string, payload: object) => {
      const fetching = artifacts.fetch('art_1' as never);
      const { id } = await runtime.peer.expect('artifact.fetch');
      runtime.peer.send(type, payload, { correlation_id: id });
      return codeOf(fetching);
    };
    expect(await answer('artifact.ref', { artifact: REF, data: 'not!base64!' })).toBe('ERR_ARCP_INVALID_ARGUMENT');
    expect(await answer('artifact.ref', { artifact: REF, data: 'aGk' })).toBe('ERR_ARCP_INVALID_ARGUMENT');
    expect(await answer('artifact.ref', { artifact: REF })).toBe('ERR_ARCP_UNIMPLEMENTED');
    expect(await answer('nack', { code: 'NOT_FOUND', message: 'gone' })).toBe('ERR_ARCP_NOT_FOUND');
    expect(await answer('artifact.ref', { artifact: 'nonsense' })).toBe('ERR_ARCP_INVALID_ARGUMENT');
  });

  it('[10.67] are at most 4 MiB, which is judged before anything is sent', async () => {
    const runtime = new ScriptedRuntime();
    const { artifacts } = await runtime.connect();
    const large = artifacts.put(new Uint8Array(4_194_305), { mediaType: 'x/y' });
    await expect(large).rejects.toBeInstanceOf(RangeError);
    await expect(artifacts.put('text' as never, { mediaType: 'x/y' })).rejects.toBeInstanceOf(TypeError);
    const most = artifacts.put(new Uint8Array(4_194_304), { mediaType: 'x/y' });
    const put = await runtime.peer.expect('artifact.put');
    const artifact = { ...REF, size: 4_194_304 };
    runtime.peer.send('artifact.ref', { artifact }, { correlation_id: put.id });
    expect((await most).size).toBe(4_194_304);
    expect(runtime.peer.typesReceived()).toEqual(['session.open', 'artifact.put']);
  });

  it('[10.68] are released, also where the runtime does not say so', async () => {
    const runtime = new ScriptedRuntime();
    const { artifacts } = await runtime.connect();
    const acked = artifacts.release('art_1' as never);
    const release = await runtime.peer.expect('artifact.release');
    expect(release.payload).toEqual({ artifact_id: 'art_1' });
    runtime.peer.send('ack', {}, { correlation_id: release.id });
    await acked;
    const ignored = artifacts.release('art_1' as never);
    await runtime.peer.expect('ping');
    const ping = await runtime.peer.expect('ping');
    runtime.peer.send('pong', {}, { correlation_id: ping.id });
    await ignored;
  });

  it('give up by a signal, with its reason', async () => {
    const runtime = new ScriptedRuntime();
    const { artifacts } = await runtime.connect();
    const reason = new Error('enough');
    const controller = new AbortController();
    const fetching = artifacts.fetch('art_1' as never, { signal: controller.signal });
    await runtime.peer.expect('artifact.fetch');
    controller.abort(reason);
    expect(await fetching.catch((error) => error)).toBe(reason);
    expect(runtime.clock.pendingTimers).toBe(0);
  });
});

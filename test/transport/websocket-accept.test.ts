import { describe, expect, it } from 'vitest';
import { acceptWebSocket, callerFromUrl } from '../../src/transport/websocket-accept.js';

const DID = 'did:key:z6MkehRgf7yJbgaGfYsdoAsKdBPE3dj2CYhowQdcjqSJgvVd';

describe('callerFromUrl', () => {
  it.each([
    ['raw, as the Python port sends it', `/phone?caller=${DID}`],
    ['percent-encoded, as the TypeScript reference sends it', `/phone?caller=${encodeURIComponent(DID)}`],
    ['in an absolute URL', `wss://host.example/phone?x=1&caller=${DID}&y=2`],
    ['with only a query', `?caller=${DID}`],
  ])('reads a caller %s', (_name, url) => {
    expect(callerFromUrl(url)).toBe(DID);
  });

  it('reads a URL object', () => {
    expect(callerFromUrl(new URL(`http://host/?caller=${DID}`))).toBe(DID);
  });

  it.each([
    ['no query', '/phone'],
    ['no caller', '/phone?Caller=x'],
    ['an empty caller', '/phone?caller='],
    ['two callers', `/phone?caller=${DID}&caller=did:key:z6Mk`],
    ['the same caller twice', `/phone?caller=${DID}&caller=${DID}`],
    ['a caller in the fragment', `/phone#?caller=${DID}`],
    ['no URL at all', 'http://[/?caller=x'],
    ['nothing', ''],
  ])('finds none in %s', (_name, url) => {
    expect(callerFromUrl(url)).toBeUndefined();
  });

  it('leaves judging the claim to others', () => {
    expect(callerFromUrl('/?caller=not-a-did')).toBe('not-a-did');
    expect(callerFromUrl('/?caller=%ff')).toBe('\ufffd');
  });
});

describe('acceptWebSocket', () => {
  const socket = () => Object.assign(new EventTarget(), { readyState: 1, binaryType: '', send() {}, close() {} });

  it('passes on what the host knows', () => {
    const call = acceptWebSocket(socket(), { callerDid: DID, subprotocol: 'p', remoteAddress: '192.0.2.1' });
    expect(call).toMatchObject({ callerDid: DID, subprotocol: 'p', remoteAddress: '192.0.2.1' });
    expect('remoteAddress' in acceptWebSocket(socket(), { callerDid: DID, subprotocol: 'p' })).toBe(false);
  });

  it('checks what it is given', () => {
    expect(() => acceptWebSocket({} as never, { callerDid: DID, subprotocol: 'p' })).toThrow(TypeError);
    for (const bad of [{ callerDid: undefined }, { subprotocol: 1 }, { remoteAddress: 1 }]) {
      const options = { callerDid: DID, subprotocol: 'p', ...bad } as never;
      expect(() => acceptWebSocket(socket(), options)).toThrow(TypeError);
    }
  });
});

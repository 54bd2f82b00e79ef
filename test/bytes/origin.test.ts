import { describe, expect, it } from 'vitest';
import { isOrigin, originOf } from '../../src/bytes/origin.js';

describe('originOf', () => {
  it.each([
    ['https://Agent.example:443/card?x#y', 'https://agent.example'],
    ['http://127.0.0.1:8080/', 'http://127.0.0.1:8080'],
    ['https://user@agent.example', 'https://agent.example'],
    ['wss://agent.example', undefined],
    ['ftp://agent.example', undefined],
    ['blob:https://agent.example/1', undefined],
    ['data:text/plain,x', undefined],
    ['agent.example', undefined],
    ['/path', undefined],
    ['', undefined],
    [`https://agent.example/${'x'.repeat(8_192)}`, undefined],
  ])('of %.40s is %s', (url, origin) => {
    expect(originOf(url)).toBe(origin);
  });
});

describe('isOrigin', () => {
  it.each(['https://agent.example', 'https://agent.example:8443', 'http://localhost:3000', 'http://[::1]:1'])(
    'holds for %s',
    (text) => expect(isOrigin(text)).toBe(true),
  );

  it.each([
    ...['https://agent.example/', 'https://agent.example:443', 'HTTPS://agent.example', 'https://Agent.example'],
    ...['https://user@agent.example', 'wss://agent.example', 'ftp://agent.example', 'null', 'agent.example', ''],
    ...[undefined, null, 1, ['https://agent.example'], new URL('https://agent.example')],
  ])('does not hold for %s', (value) => expect(isOrigin(value)).toBe(false));
});

// What the observer reads of a message: a few words, safe to show, whatever the message is.

import { describe, expect, it } from 'vitest';
import { FAMILIES } from '../../demo/page/work/families.js';
import { saysOf } from '../../demo/page/work/says.js';

describe('what a message says', () => {
  it.each([
    ['job.progress', { percent: 4, message: '0.2 of 6 hours' }, '4 % 0.2 of 6 hours'],
    ['job.progress', { message: 'on it' }, 'on it'],
    ['job.started', {}, 'it began'],
    ['job.completed', { value: { dish: 'bream' } }, '{"dish":"bream"}'],
    ['job.completed', {}, 'done'],
    ['stream.chunk', { sequence: 3, data: '', content: 'the market' }, 'the market'],
    ['stream.chunk', { sequence: 4, redacted: true, data: '', content: 'who sits where' }, 'left out: who sits where'],
    ['human.input.cancelled', { code: 'CANCELLED', message: 'answered by a page' }, 'answered by a page'],
    ['human.input.cancelled', { code: 'DEADLINE_EXCEEDED', message: 'late' }, 'DEADLINE_EXCEEDED late'],
    ['permission.grant', { permission: 'market.order', lease_seconds: 300 }, 'market.order for 300 s'],
    ['artifact.ref', { artifact: { media_type: 'text/html', size: 371 } }, 'text/html 371 bytes'],
  ])('%s %j: %s', (type, payload, words) => {
    expect(saysOf(type, payload)).toBe(words);
  });

  it('is all of it where nothing is picked out, and nothing where there is nothing', () => {
    expect(saysOf('com.acme.odd', { a: [1] })).toBe('{"a":[1]}');
    expect(saysOf('toString', { a: 1 })).toBe('{"a":1}');
    expect(saysOf('ping', {})).toBe('');
  });

  it('is one short line of text without controls, of every type and whatever the payload is made of', () => {
    const odd = [null, 7, true, ['x'], { a: { b: 1 } }, '\u001b[2J\u202e\n', 'x'.repeat(100_000)];
    const names = [
      'percent',
      'message',
      'value',
      'prompt',
      'reason',
      'artifact',
      'content',
      'data',
      'code',
      'redacted',
    ];
    for (const type of Object.values(FAMILIES).flat()) {
      for (const value of odd) {
        const said = saysOf(type, Object.fromEntries(names.map((name) => [name, value])));
        expect(said.length).toBeLessThanOrEqual(161);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
        expect(said).not.toMatch(/[\u0000-\u001f\u202e]/);
      }
    }
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { textChange } from '../../demo/page/ui/text-change.js';

const CARD = '{\n  "name": "Ann",\n  "url": "ws://127.0.0.1:7411/"\n}';

describe('what changed in a text', () => {
  it('is nothing when nothing did', () => {
    expect(textChange(CARD, CARD)).toBeUndefined();
  });

  it('is one character, on its line, with what stands around it', () => {
    expect(textChange(CARD, CARD.replace('7411', '7421'))).toEqual({
      line: 3,
      before: '"url": "ws://127.0.0.1:74',
      removed: '1',
      added: '2',
      after: '1/"',
      offset: CARD.indexOf('7411') + 2,
    });
  });

  it('is what was put in, or taken out', () => {
    expect(textChange(CARD, CARD.replace('Ann', 'Anna'))).toMatchObject({ line: 2, removed: '', added: 'a' });
    expect(textChange(CARD, CARD.replace('"Ann"', '"A"'))).toMatchObject({ removed: 'nn', added: '' });
    expect(textChange('', 'new')).toMatchObject({ line: 1, removed: '', added: 'new', before: '', after: '' });
    expect(textChange('old', '')).toMatchObject({ line: 1, removed: 'old', added: '' });
  });

  it('is a line of its own where it can be', () => {
    const line = '  "name": "Bob",\n';
    expect(textChange(CARD, CARD.replace('{\n', `{\n${line}`))).toMatchObject({ line: 2, before: '', added: line });
    expect(textChange(CARD.replace('{\n', `{\n${line}`), CARD)).toMatchObject({ line: 2, before: '', removed: line });
  });

  it('never splits a character in two', () => {
    expect(textChange('a\u{1f600}b', 'a\u{1f601}b')).toMatchObject({ removed: '\u{1f600}', added: '\u{1f601}' });
    expect(textChange('\u{1f600}', '\u{1fa00}')).toMatchObject({ removed: '\u{1f600}', added: '\u{1fa00}' });
  });

  it('keeps to a readable length', () => {
    const { before, added, after } =
      textChange('x'.repeat(200), `${'x'.repeat(100)}${'y'.repeat(90)}${'x'.repeat(100)}`) ?? {};
    for (const part of [before, added, after]) expect(part?.length).toBe(33);
  });

  it('turns the one text into the other, whatever they are', () => {
    const texts = fc.string({ unit: fc.constantFrom('a', 'b', '\n', '\u{1f600}', '\u{1f601}'), maxLength: 12 });
    fc.assert(
      fc.property(texts, texts, (from, to) => {
        const { offset = 0, removed = '', added = '' } = textChange(from, to) ?? {};
        expect(from.slice(0, offset) + added + from.slice(offset + removed.length)).toBe(to);
        // Throws for half a character.
        encodeURI(`${removed}|${added}`);
      }),
    );
  });
});

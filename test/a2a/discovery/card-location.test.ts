import { describe, expect, it } from 'vitest';
import { type CardLocationOptions, cardCandidates } from '../../../src/a2a/discovery/card-location.js';
import { codeOf } from '../../codec/helpers.js';

const ROOT = 'https://h.example/.well-known/agent-card.json';

describe('[7.48] addresses at which to look for a card', () => {
  it.each<[string, readonly string[]]>([
    ['https://h.example', [ROOT]],
    ['https://h.example/', [ROOT]],
    ['https://h.example//', [ROOT]],
    ['https://h.example/?a=1#b', [ROOT]],
    ['HTTPS://H.Example:443', [ROOT]],
    ['h.example', [ROOT]],
    ['h.example:8443', ['https://h.example:8443/.well-known/agent-card.json']],
    [' h.example ', [ROOT]],
    ['localhost:3000', ['https://localhost:3000/.well-known/agent-card.json']],
    ['http://127.0.0.1:3000', ['http://127.0.0.1:3000/.well-known/agent-card.json']],
    ['https://h.example/agents/foo', ['https://h.example/agents/foo/.well-known/agent-card.json', ROOT]],
    ['https://h.example/agents/foo/', ['https://h.example/agents/foo/.well-known/agent-card.json', ROOT]],
    ['h.example/agents/foo', ['https://h.example/agents/foo/.well-known/agent-card.json', ROOT]],
    ['https://h.example/a?tenant=1', ['https://h.example/a/.well-known/agent-card.json', ROOT]],
    ['https://h.example/agents/foo/card.json', ['https://h.example/agents/foo/card.json']],
    ['https://h.example/card.json?v=2#x', ['https://h.example/card.json?v=2']],
    [ROOT, [ROOT]],
    ['https://h.example/card.json/', ['https://h.example/card.json/.well-known/agent-card.json', ROOT]],
  ])('%s', (base, expected) => {
    expect(cardCandidates(base)).toEqual(expected);
  });

  it.each<[string, string, string]>([
    ['https://h.example/agents/foo', '/card', 'https://h.example/card'],
    ['https://h.example/agents/foo', 'card', 'https://h.example/agents/foo/card'],
    ['https://h.example/agents/foo/', 'card', 'https://h.example/agents/foo/card'],
    ['https://h.example/agents/foo', '../card', 'https://h.example/agents/card'],
    ['https://h.example/card.json', '/other.json', 'https://h.example/other.json'],
    ['https://h.example?x=1', '/.well-known/agent-card.json?A2A-Version=1.0', `${ROOT}?A2A-Version=1.0`],
    ['https://h.example', 'https://h.example/card', 'https://h.example/card'],
  ])('%s with the path %s', (base, path, expected) => {
    expect(cardCandidates(base, { path })).toEqual([expected]);
    expect(cardCandidates(base, { path, legacyPath: true })).toEqual([expected]);
  });

  it.each([
    '//evil.example/card',
    'https://evil.example/card',
    '\\\\evil.example/card',
    'http://h.example/',
    '//u@h.example/',
  ])('never another origin, by the path %s', (path) => {
    expect(() => cardCandidates('https://h.example', { path })).toThrow(RangeError);
  });

  it('the old path too, when asked to', () => {
    expect(cardCandidates('https://h.example/a', { legacyPath: true })).toEqual([
      'https://h.example/a/.well-known/agent-card.json',
      ROOT,
      'https://h.example/a/.well-known/agent.json',
      'https://h.example/.well-known/agent.json',
    ]);
    expect(cardCandidates('https://h.example', { legacyPath: true })).toHaveLength(2);
    expect(cardCandidates(ROOT, { legacyPath: true })).toEqual([ROOT]);
  });

  it.each([
    '',
    'https://',
    'ftp://h.example',
    'did:key:z6Mk',
    'mailto:a@h.example',
    'https://u:p@h.example',
    'u@h.example',
    'a b',
  ])('none for "%s"', (base) => {
    expect(codeOf(() => cardCandidates(base))).toBe('ERR_HTTP_URL');
  });

  it('none for what is no text', () => {
    expect(() => cardCandidates(new URL(ROOT) as never)).toThrow(TypeError);
    expect(() => cardCandidates(ROOT, { path: 5 } as unknown as CardLocationOptions)).toThrow(TypeError);
  });
});

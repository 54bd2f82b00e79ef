import { describe, expect, it } from 'vitest';
import {
  type AgentCard,
  DEFAULT_PROFILES,
  lintForSigning,
  pythonLegacy,
  type SigningLint,
} from '../../../src/a2a/card/index.js';
import type { JsonObject } from '../../../src/codec/json-value.js';
import { codeOfCall, plainCard } from './helpers.js';

const [skill] = plainCard.skills;
const withParams = (params: unknown) => ({ ...plainCard, capabilities: { extensions: [{ uri: 'u', params }] } });
const lint = (card: unknown) => lintForSigning(card as AgentCard).map(({ code, pointer }) => `${code} ${pointer}`);

describe('[7.24] lint', () => {
  it.each<[SigningLint['code'], string, unknown]>([
    ['empty_required', '/description', { ...plainCard, description: '' }],
    ['empty_required', '/skills', { ...plainCard, skills: [] }],
    ['empty_required', '/capabilities', { ...plainCard, capabilities: {} }],
    ['empty_required', '/skills/0/tags', { ...plainCard, skills: [{ ...skill, tags: [] }] }],
    [
      'explicit_default',
      '/supportedInterfaces/0/tenant',
      { ...plainCard, supportedInterfaces: [{ url: 'u', protocolBinding: 'b', protocolVersion: 'v', tenant: '' }] },
    ],
    [
      'explicit_default',
      '/capabilities/extensions/0/required',
      { ...plainCard, capabilities: { extensions: [{ uri: 'u', required: false }] } },
    ],
    ['explicit_default', '/skills/0/examples', { ...plainCard, skills: [{ ...skill, examples: [] }] }],
    ['explicit_default', '/securitySchemes', { ...plainCard, securitySchemes: {} }],
    ['empty_value', '/iconUrl', { ...plainCard, iconUrl: '' }],
    ['empty_value', '/skills/0/tags/1', { ...plainCard, skills: [{ ...skill, tags: ['a', ''] }] }],
    ['empty_value', '/capabilities/extensions/0/params', withParams({})],
    ['empty_params', '/capabilities/extensions/0/params/a', withParams({ a: null })],
    ['empty_params', '/capabilities/extensions/0/params/a/b/1', withParams({ a: { b: ['x', []] } })],
    ['requirement_without_scopes', '/securityRequirements/0', { ...plainCard, securityRequirements: [{}] }],
    [
      'requirement_without_scopes',
      '/securityRequirements/0',
      { ...plainCard, securityRequirements: [{ schemes: { a: { list: [] } } }] },
    ],
    [
      'requirement_without_scopes',
      '/securityRequirements/0/schemes/b',
      { ...plainCard, securityRequirements: [{ schemes: { a: { list: ['x'] }, b: {} } }] },
    ],
    ['empty_scheme', '/securitySchemes/tls', { ...plainCard, securitySchemes: { tls: { mtlsSecurityScheme: {} } } }],
    ['empty_scheme', '/securitySchemes/new', { ...plainCard, securitySchemes: { new: {} } }],
    ['null_member', '/provider', { ...plainCard, provider: null }],
    ['unknown_member', '/xOwn', { ...plainCard, xOwn: [] }],
    [
      'unknown_member',
      '/capabilities/push_notifications',
      { ...plainCard, capabilities: { streaming: true, push_notifications: true } },
    ],
    ['number_in_params', '/capabilities/extensions/0/params/n', withParams({ n: 0 })],
    ['non_ascii', '/name', { ...plainCard, name: 'Gr\u00fc\u00dfe' }],
    ['non_ascii', '/capabilities/extensions/0/params/\u00fc', withParams({ '\u00fc': 'x' })],
    ['html_character', '/name', { ...plainCard, name: 'R&D' }],
  ])('finds %s at %s, and nothing else', (code, pointer, card) => {
    expect(lint(card)).toEqual([`${code} ${pointer}`]);
  });

  it('finds nothing in a card that follows the recipe, of which every profile makes the same', () => {
    expect(lint(plainCard)).toEqual([]);
    expect(lint({ ...plainCard, signatures: [7] })).toEqual([]);
    const texts = [...DEFAULT_PROFILES, pythonLegacy].map((profile) =>
      profile.canonicalize(plainCard as never as JsonObject),
    );
    expect(new Set(texts).size).toBe(1);
  });

  it('finds each thing once', () => {
    expect(
      lint({ ...plainCard, name: '', iconUrl: '', xOwn: 1, provider: { url: '', organization: 'a & b \u2028' } }),
    ).toEqual([
      'empty_value /iconUrl',
      'empty_required /name',
      'html_character /provider/organization',
      'non_ascii /provider/organization',
      'empty_required /provider/url',
      'unknown_member /xOwn',
    ]);
  });

  it('is of a card', () => {
    expect(codeOfCall(() => lintForSigning([] as never))).toBe('ERR_A2A_INVALID_CARD');
    expect(codeOfCall(() => lintForSigning({ name: '\ud800' } as never))).toBe('ERR_A2A_CANONICALIZATION_FAILED');
  });
});

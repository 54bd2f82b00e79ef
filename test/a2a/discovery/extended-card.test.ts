import { describe, expect, it } from 'vitest';
import type { AgentCard, AgentInterface } from '../../../src/a2a/card/agent-card.js';
import {
  assertExtendedCardOffered,
  type ExtendedCardFacts,
  extendedCardApplies,
  judgeExtendedCard,
} from '../../../src/a2a/discovery/extended-card.js';
import { codeOf } from '../../codec/helpers.js';
import { CARD } from './helpers.js';

const offering = (extendedAgentCard?: boolean): AgentCard => ({
  ...CARD,
  capabilities: extendedAgentCard === undefined ? {} : { extendedAgentCard },
});
const at = (...interfaces: [url: string, protocolBinding?: string][]): AgentCard => ({
  ...CARD,
  supportedInterfaces: interfaces.map(
    ([url, protocolBinding = 'JSONRPC']): AgentInterface => ({ url, protocolBinding, protocolVersion: '1.0' }),
  ),
});
const PUBLIC = at(
  ['https://agent.example/rpc'],
  ['grpc.agent.example:443', 'GRPC'],
  ['wss://agent.example/phone', 'urn:x'],
);
const judge = (extended: AgentCard, facts: Partial<ExtendedCardFacts> = {}) =>
  codeOf(() => judgeExtendedCard(PUBLIC, extended, { verified: false, ...facts }));

describe('[7.55] an extended card that is not offered', () => {
  it.each([undefined, false])('capability %s: fails here, as the agent would', (capability) => {
    expect(codeOf(() => assertExtendedCardOffered(offering(capability)))).toBe('ERR_A2A_UNSUPPORTED_OPERATION');
  });

  it('capability true: may be asked for', () => {
    expect(codeOf(() => assertExtendedCardOffered(offering(true)))).toBeUndefined();
  });
});

describe('[7.55] an extended card that moves the agent', () => {
  it.each<[string, AgentCard]>([
    ['the same addresses', PUBLIC],
    ['another path', at(['https://agent.example/extended/rpc?x=1'])],
    ['another binding there', at(['https://agent.example/rest', 'HTTP+JSON'])],
    ['gRPC at the same host', at(['GRPC.agent.example:443', 'grpc'])],
    ['no addresses', at()],
  ])('is taken unverified with %s', (_, extended) => {
    expect(judgeExtendedCard(PUBLIC, extended, { verified: false })).toBe(extended);
  });

  it.each<[string, AgentCard]>([
    ['another host', at(['https://evil.example/rpc'])],
    ['a subdomain', at(['https://a.agent.example/rpc'])],
    ['a look-alike', at(['https://agent.example.evil.example/rpc'])],
    ['a user name', at(['https://agent.example@evil.example/rpc'])],
    ['another port', at(['https://agent.example:8443/rpc'])],
    ['no TLS', at(['http://agent.example/rpc'])],
    ['another gRPC host', at(['evil.example:443', 'GRPC'])],
    ['the gRPC host, spoken to otherwise', at(['https://grpc.agent.example/rpc'])],
    ['another phone', at(['wss://evil.example/phone', 'urn:x'])],
    ['what is no address', at(['//'])],
    ['only its last one elsewhere', at(['https://agent.example/rpc'], ['https://evil.example/rest', 'HTTP+JSON'])],
  ])('is refused unverified with %s', (_, extended) => {
    expect(judge(extended)).toBe('ERR_A2A_ORIGIN_NOT_ALLOWED');
    expect(judge(extended, { verified: true })).toBeUndefined();
    expect(judge(extended, { allowedOrigins: true })).toBeUndefined();
  });

  it('names the interface', () => {
    const extended = at(['https://agent.example/rpc'], ['https://evil.example/']);
    expect(() => judgeExtendedCard(PUBLIC, extended, { verified: false })).toThrow(
      expect.objectContaining({ pointer: '/supportedInterfaces/1/url' }),
    );
  });

  it('is at no known place when neither card has an address to speak of', () => {
    const facts = { verified: false, cardUrl: 'nonsense' };
    for (const url of ['rpc', '//', 'urn:a', 'data:,']) {
      expect(codeOf(() => judgeExtendedCard(at(['rpc'], ['urn:a']), at([url]), facts))).toBe(
        'ERR_A2A_ORIGIN_NOT_ALLOWED',
      );
    }
  });

  it('may go where its caller allows, and where the public card came from', () => {
    const extended = at(['https://eu.agent.example/rpc']);
    expect(judge(extended, { allowedOrigins: ['https://eu.agent.example'] })).toBeUndefined();
    expect(judge(extended, { cardUrl: 'https://eu.agent.example/card.json' })).toBeUndefined();
    expect(judge(extended, { allowedOrigins: ['https://us.agent.example'], cardUrl: 'nonsense' })).toBe(
      'ERR_A2A_ORIGIN_NOT_ALLOWED',
    );
  });
});

describe('[7.55] separate verification', () => {
  it('an extended card that is not verified itself is refused where that is wanted', () => {
    expect(judge(PUBLIC, { requireVerified: true })).toBe('ERR_A2A_VERIFICATION_FAILED');
    expect(judge(PUBLIC, { requireVerified: true, allowedOrigins: true })).toBe('ERR_A2A_VERIFICATION_FAILED');
    expect(judge(PUBLIC, { requireVerified: true, verified: true })).toBeUndefined();
  });
});

describe('[7.55] how long an extended card stands in', () => {
  const held = { card: PUBLIC, publicVersion: CARD.version, partition: 'alice' };

  it.each<[string, AgentCard, string | undefined, boolean]>([
    ['the same session', CARD, 'alice', true],
    ['another version of the public card', { ...CARD, version: '1.0.1' }, 'alice', false],
    ['other credentials', CARD, 'bob', false],
    ['after logout', CARD, undefined, false],
  ])('%s', (_, publicCard, partition, expected) => {
    expect(extendedCardApplies(held, publicCard, partition)).toBe(expected);
  });
});

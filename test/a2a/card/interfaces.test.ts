import { describe, expect, it } from 'vitest';
import { type AgentCard, compatibleInterfaces, selectInterface } from '../../../src/a2a/card/index.js';
import { plainCard } from './helpers.js';

const offering = (...interfaces: [binding: string, version: string, more?: object][]): AgentCard => ({
  ...plainCard,
  supportedInterfaces: interfaces.map(([protocolBinding, protocolVersion, more = {}], i) => ({
    url: `https://lock.example/${i}`,
    protocolBinding,
    protocolVersion,
    ...more,
  })),
});
const urls = (...args: Parameters<typeof compatibleInterfaces>) =>
  compatibleInterfaces(...args).map(({ url }) => url.at(-1));

describe('[7.54] choosing an interface', () => {
  it('takes the first of the card that we speak, with its tenant', () => {
    const card = offering(['GRPC', '1.0'], ['HTTP+JSON', '1.0', { tenant: 'upper' }], ['JSONRPC', '1.0']);
    expect(selectInterface(card)).toEqual({
      url: 'https://lock.example/1',
      protocolBinding: 'HTTP+JSON',
      protocolVersion: '1.0',
      tenant: 'upper',
    });
    expect(urls(card)).toEqual(['1', '2']);
  });

  it('passes over other versions, and does not look at patches or case', () => {
    const card = offering(
      ['JSONRPC', '0.3'],
      ['JSONRPC', '2.0'],
      ['JSONRPC', '1'],
      ['jsonrpc', '1.0.1'],
      ['JSONRPC', '1.0'],
    );
    expect(urls(card)).toEqual(['3', '4']);
    expect(urls(card, [{ protocolBinding: 'JSONRPC', protocolVersion: '0.3.0' }])).toEqual(['0']);
    expect(urls(offering(['JSONRPC', '1.01'], ['JSONRPC', '11.0'], ['JSONRPC', '1.0-rc'], ['JSONRPC', '']))).toEqual(
      [],
    );
  });

  it("puts the caller's preference before the order of the card", () => {
    const card = offering(['JSONRPC', '1.0'], ['HTTP+JSON', '1.0'], ['HTTP+JSON', '1.0'], ['JSONRPC', '0.3']);
    expect(urls(card, ['HTTP+JSON', 'JSONRPC'])).toEqual(['1', '2', '0']);
    expect(urls(card, ['HTTP+JSON', 'HTTP+JSON'])).toEqual(['1', '2']);
    expect(urls(card, [{ protocolBinding: 'JSONRPC', protocolVersion: '0.3' }, 'JSONRPC'])).toEqual(['3', '0']);
    expect(urls(card, [])).toEqual([]);
  });

  it('speaks custom bindings only when told', () => {
    const card = offering(['https://bindings.example/queue', '1.0'], ['JSONRPC', '1.0']);
    expect(urls(card)).toEqual(['1']);
    expect(urls(card, ['https://bindings.example/queue'])).toEqual(['0']);
  });

  it('names what was offered where there is nothing', () => {
    const card = offering(['GRPC', '1.0'], ['JSONRPC', '0.3']);
    expect(() => selectInterface(card)).toThrow(
      expect.objectContaining({
        name: 'A2aError',
        code: 'ERR_A2A_NO_COMPATIBLE_INTERFACE',
        wireCode: 'no_compatible_interface',
        offered: card.supportedInterfaces,
        message: expect.stringMatching(/GRPC 1\.0.*JSONRPC 0\.3/),
      }),
    );
    const { supportedInterfaces: _, ...none } = plainCard;
    expect(() => selectInterface(none as AgentCard)).toThrow(
      expect.objectContaining({ code: 'ERR_A2A_NO_COMPATIBLE_INTERFACE', offered: [] }),
    );
  });
});

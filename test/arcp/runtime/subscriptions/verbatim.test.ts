// A message inside a message: its text as it was, and nothing that would break the one around it.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeAround, eventText } from '../../../../src/arcp/runtime/subscriptions/verbatim.js';
import { decodeEnvelope, encodeMessage, type RawEnvelope } from '../../../../src/arcp/wire/envelope.js';
import { envelopeOf, wire } from '../../envelopes.js';

const AROUND = envelopeOf(wire('subscribe.event', { event: null }, { subscription_id: 'sub_1', session_id: 'sess_1' }));

function eventIn(text: string): unknown {
  const decoded = decodeEnvelope(text);
  if (decoded.kind !== 'envelope') throw new Error(`no envelope: ${text}`);
  expect(decoded.envelope).toMatchObject({ ...AROUND, payload: { event: expect.anything() } });
  return decoded.envelope.payload.event;
}

describe('the text of an event', () => {
  test('is, of what we said, the very text, with whatever it holds', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 3 }), fc.string({ unit: 'binary' }), (data, text) => {
        const message = envelopeOf(wire('event.emit', { name: 'a.b', data: JSON.parse(data), text }));
        const said = encodeMessage(message as RawEnvelope);
        const event = eventText({ direction: 'out', text: said });
        expect(event).toBe(said);
        const around = encodeAround(AROUND, event);
        expect(around).toContain(`"event":${said}`);
        expect(eventIn(around)).toEqual(JSON.parse(said));
      }),
    );
  });

  test('is, of what a peer said, one line of well-formed JSON with the same fields', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 3 }), fc.string({ unit: 'binary' }), fc.nat({ max: 4 }), (data, text, indent) => {
        const value = wire('event.emit', { name: 'a.b', data: JSON.parse(data), text }, { priority: 'normal' });
        const came = JSON.stringify({ ...value, unknown: [text] }, undefined, indent);
        const event = eventText({ direction: 'in', text: came });
        expect(event).not.toMatch(/[\r\n]/);
        expect(event.search(/\p{Surrogate}/u)).toBe(-1);
        const wellFormed = JSON.parse(
          JSON.stringify(value).replace(/\\\\|\\ud[89a-f][0-9a-f]{2}/g, (pair) => (pair === '\\\\' ? pair : '\ufffd')),
        );
        expect(eventIn(encodeAround(AROUND, event))).toEqual(wellFormed);
      }),
    );
  });

  test('keeps a member named __proto__ as an own one', () => {
    const came = JSON.stringify(wire('event.emit')).replace(
      '"payload":{}',
      '"payload":{"name":"a","__proto__":{"x":1}}',
    );
    const event = eventText({ direction: 'in', text: came });
    expect(event).toContain('"__proto__":{"x":1}');
    expect(({} as { x?: number }).x).toBeUndefined();
  });

  test('refuses what is no message: a log that has it is broken', () => {
    expect(() => eventText({ direction: 'in', text: '[]' })).toThrow(TypeError);
  });
});

import { describe, expect, it } from 'vitest';
import { classify } from '../../../src/arcp/wire/classify.js';
import { isExtensionName } from '../../../src/arcp/wire/extension-names.js';
import { CATALOGUE } from '../catalogue.mjs';

describe('a type', () => {
  it('of the 66 is core', () => {
    for (const { type } of CATALOGUE) expect(classify(type)).toBe('core');
  });

  it.each([
    'session.foo',
    'session.foo.v1',
    'session.',
    'job.complete',
    'tool.Invoke',
    'human.input',
    'agent.x.v1',
    'lease.renew',
    'cancel.maybe',
    'checkpoint.delete',
    'artifact.put.v1',
    'subscribe.event.v1',
    'trace.spans',
    'event.emitted',
  ])('[10.71] %s begins like a core family and is none of it', (type) => {
    expect(classify(type)).toBe('core-typo');
    expect(classify(type, [type])).toBe('core-typo');
  });

  it('[10.70] of an extension is known only where just that name was negotiated', () => {
    const negotiated = ['arcpx.acme.x.v1'];
    expect(classify('arcpx.acme.x.v1', negotiated)).toBe('extension');
    expect(classify('arcpx.acme.x.v1')).toBe('unknown-extension');
    expect(classify('arcpx.acme.x.v2', negotiated)).toBe('unknown-extension');
    expect(classify('com.acme.x.v1', negotiated)).toBe('unknown-extension');
  });

  it('[10.71] x- and something is experimental', () => {
    for (const type of ['x-debug', 'x-acme.thing.v1', 'x-1']) expect(classify(type)).toBe('experimental');
    for (const type of ['x-', 'X-debug', 'x', 'xdebug']) expect(classify(type)).toBe('malformed');
  });

  it('[10.71] of no kind is malformed', () => {
    for (const type of [
      '',
      'just-a-string',
      'Ping',
      'PING',
      ' ping',
      'sessionfoo',
      'Session.open',
      '.open',
      'toString',
      '__proto__',
      'constructor',
      'arcpx.foo',
      'jobs.started',
    ]) {
      expect(classify(type)).toBe('malformed');
      expect(classify(type, [type])).toBe('malformed');
    }
  });
});

describe('the name of an extension', () => {
  it.each(['arcpx.example.v1', 'com.acme.v1', 'arcpx.acme.billing.v12', 'com.acme.Work_Flow-2.v1', 'io.x.v0'])(
    '[10.72] may be %s',
    (name) => {
      expect(isExtensionName(name)).toBe(true);
    },
  );

  it.each([
    'arcpx.foo',
    'arcpx.v1',
    'com.acme.workflow',
    'COM.acme.x.v1',
    'arcpx..v1',
    'arcpx.acme.v',
    'arcpx.acme.1',
    'arcpx.acme.V1',
    'arcpx.acme.v1.',
    '.arcpx.acme.v1',
    'a.acme.v1',
    'abcdefghi.acme.v1',
    'com1.acme.v1',
    'arcpx.ac me.v1',
    'arcpx.acm\u00e9.v1',
    'arcpx.acme.v1\n',
    'x-debug',
    `arcpx.${'a'.repeat(250)}.v1`,
    '',
    1,
    null,
    ['arcpx.example.v1'],
  ])('[10.72] cannot be %j', (name) => {
    expect(isExtensionName(name)).toBe(false);
  });

  it('is judged in linear time, however a peer writes it', () => {
    const started = performance.now();
    for (let i = 0; i < 2_000; i++) isExtensionName(`arcpx${'.v1'.repeat(80)}!`);
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

// The words of a command line against what a command takes.

import { describe, expect, it } from 'vitest';
import { type ArgsSpec, readArgs } from '../../src/cli/args.js';
import { UsageError } from '../../src/cli/failure.js';

const spec: ArgsSpec = {
  name: 'try it',
  positionals: [
    { name: 'URL', help: '' },
    { name: 'PARAMS', optional: true, help: '' },
  ],
  options: { port: { value: 'N', help: '' }, allow: { value: 'A', repeatable: true, help: '' }, json: { help: '' } },
};

describe('words that make sense', () => {
  it.each([
    [['u'], { URL: 'u', PARAMS: undefined, port: undefined, json: false }],
    [['u', 'p', '--port', '80', '--json'], { URL: 'u', PARAMS: 'p', port: '80', json: true }],
    [['--json', 'u', '--port=80', 'p'], { URL: 'u', PARAMS: 'p', port: '80', json: true }],
    [['u', '-'], { URL: 'u', PARAMS: '-', port: undefined, json: false }],
    [['u', '--', '-5'], { URL: 'u', PARAMS: '-5', port: undefined, json: false }],
    [['--', '--port', '--json'], { URL: '--port', PARAMS: '--json', port: undefined, json: false }],
    [['u', '--port=--json'], { URL: 'u', PARAMS: undefined, port: '--json', json: false }],
  ])('%j', (words, expected) => {
    const args = readArgs(spec, words);
    expect({
      URL: args.required('URL'),
      PARAMS: args.text('PARAMS'),
      port: args.text('port'),
      json: args.has('json'),
    }).toEqual(expected);
  });
});

describe('an option that may be given several times', () => {
  it.each([
    [['u'], []],
    [['u', '--allow', 'a'], ['a']],
    [
      ['--allow=b', 'u', '--allow', 'a', '--allow=--json'],
      ['b', 'a', '--json'],
    ],
  ])('%j', (words, texts) => {
    const args = readArgs(spec, words);
    expect(args.texts('allow')).toEqual(texts);
    expect(args.text('allow')).toBe(texts[0]);
    expect(args.has('allow')).toBe(texts.length > 0);
  });

  it('is not what another one is', () => {
    const args = readArgs(spec, ['u', '--port', '1', '--json']);
    expect([args.texts('port'), args.texts('json'), args.texts('URL')]).toEqual([['1'], [], []]);
  });
});

describe('words that make none name what is wrong, and the command', () => {
  it.each([
    [[], 'URL is missing'],
    [['u', 'p', 'q'], 'one word too many: "q"'],
    [['u', '--prot', '1'], 'unknown option "--prot"'],
    [['u', '-p'], 'unknown option "-p"'],
    [['u', '-5'], 'goes after "--"'],
    [['u', '--__proto__=1'], 'unknown option'],
    [['u', '--port'], '--port needs a value: --port N'],
    [['u', '--port='], '--port needs a value'],
    [['u', '--port', '--json'], '--port needs a value'],
    [['u', '--json=1'], '--json takes no value'],
    [['u', '--port', '1', '--port', '2'], '--port is there twice'],
    [['u', '--json', '--json'], '--json is there twice'],
    [['u', '--allow', 'a', '--allow'], '--allow needs a value: --allow A'],
    [['u', 'p', 'x'.repeat(1_000)], 'x...'],
  ])('%j', (words, message) => {
    const error = (() => {
      try {
        return readArgs(spec, words);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toBeInstanceOf(UsageError);
    expect((error as UsageError).message).toContain(message);
    expect((error as UsageError).message.length).toBeLessThan(120);
    expect((error as UsageError).command).toBe('try it');
  });
});

describe('whole numbers', () => {
  const port = (text: string) => readArgs(spec, ['u', `--port=${text}`]).whole('port', 1, 100);

  it.each([
    ['1', 1],
    ['100', 100],
    ['007', 7],
  ])('%s', (text, expected) => {
    expect(port(text)).toBe(expected);
  });

  it.each(['0', '101', '-1', '1.5', '1e1', '0x10', ' 1', 'x', '99999999999999999999'])('not %j', (text) => {
    expect(() => port(text)).toThrow(UsageError);
  });

  it('may be left out', () => {
    expect(readArgs(spec, ['u']).whole('port', 1, 100)).toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';
import { readArguments } from '../../demo/lib/arguments.mjs';

describe('the arguments of the demo', () => {
  it('asks for nothing by default', () => {
    expect(readArguments([])).toEqual({ help: false, once: false, port: undefined });
  });

  it('reads every option', () => {
    expect(readArguments(['--once', '--port', '0', '--help'])).toEqual({ help: true, once: true, port: 0 });
    expect(readArguments(['--port=65535']).port).toBe(65_535);
  });

  it.each([
    [['--port', '65536']],
    [['--port', '-1']],
    [['--port', '80a']],
    [['--port', '']],
    [['--port']],
    [['--twice']],
    [['once']],
    [['--once=yes']],
  ])('refuses %j in one line', (args) => {
    const refusal = () => readArguments(args);
    expect(refusal).toThrow(Error);
    expect(refusal).toThrow(/^[^\n]+$/);
  });
});

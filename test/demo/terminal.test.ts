import { describe, expect, it } from 'vitest';
import { createTerminal, StepFailed } from '../../demo/lib/terminal.mjs';

/** A stream that remembers. */
function recorder(isTTY: boolean): { isTTY: boolean; text: string; write: (text: string) => void } {
  return {
    isTTY,
    text: '',
    write(text) {
      this.text += text;
    },
  };
}

const ESCAPE = '\u001b';

describe('the terminal of the demo', () => {
  it('writes a plain aligned line per step where nobody watches', async () => {
    const stream = recorder(false);
    const terminal = createTerminal(stream, {});
    await terminal.step('echo', async () => 'came back');
    await terminal.step('stream', async () => 'all of it');
    expect(stream.text).toBe('  \u2713 echo       came back\n  \u2713 stream     all of it\n');
  });

  it('returns what a step made, and tells it in its own words', async () => {
    const stream = recorder(false);
    const made = await createTerminal(stream, {}).step(
      'agent',
      async () => ({ port: 7 }),
      ({ port }) => `port ${port}`,
    );
    expect(made).toEqual({ port: 7 });
    expect(stream.text).toContain('port 7');
  });

  it('paints for a person, unless NO_COLOR is set', async () => {
    const [painted, plain, dumb] = [recorder(true), recorder(true), recorder(true)];
    await createTerminal(painted, { TERM: 'xterm' }).step('echo', async () => 'ok');
    await createTerminal(plain, { TERM: 'xterm', NO_COLOR: '1' }).step('echo', async () => 'ok');
    await createTerminal(dumb, { TERM: 'dumb' }).step('echo', async () => 'ok');
    expect(painted.text).toContain(`${ESCAPE}[32m`);
    expect(plain.text).not.toContain(`${ESCAPE}[32m`);
    expect(dumb.text).not.toContain(ESCAPE);
  });

  it('tells the first line of a failure, without its paint', async () => {
    const stream = recorder(false);
    const step = createTerminal(stream, {}).step('call', async () => {
      throw new Error(`${ESCAPE}[31mnobody there${ESCAPE}[39m\nand a long trace`);
    });
    await expect(step).rejects.toBeInstanceOf(StepFailed);
    expect(stream.text).toBe('  \u2717 call       nobody there\n');
  });

  it('says nothing once hushed', async () => {
    const stream = recorder(true);
    const terminal = createTerminal(stream, {});
    terminal.hush();
    terminal.line('late');
    await terminal.step('late', async () => 'late');
    expect(stream.text).toBe('');
  });
});

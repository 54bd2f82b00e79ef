// WCAG 2.2, success criteria 1.4.3 and 1.4.11: text 4.5 to 1, the edge of a control 3 to 1, in both schemes.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const css = readFileSync(join(import.meta.dirname, '../../demo/page/styles/tokens.css'), 'utf8');
const [light = '', dark = ''] = css.split('@media (prefers-color-scheme: dark)');

const colours = (text: string) =>
  new Map(Array.from(text.matchAll(/--([a-z-]+): (#[0-9a-f]{6});/g), ([, name = '', value = '']) => [name, value]));

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(one: string, other: string): number {
  const [dimmer = 0, brighter = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (brighter + 0.05) / (dimmer + 0.05);
}

const TEXT = [
  ...['ink', 'soft', 'accent', 'danger'].flatMap((text) => ['paper', 'panel', 'sunk'].map((ground) => [text, ground])),
  ['ink', 'accent-wash'],
  ['soft', 'accent-wash'],
  ['danger', 'accent-wash'],
  ['accent', 'accent-wash'],
  ['danger', 'danger-wash'],
  ['accent-ink', 'accent'],
  ['accent-ink', 'accent-strong'],
] as const;

const EDGES = [
  ['edge', 'panel'],
  ['edge', 'paper'],
  ['focus', 'paper'],
  ['focus', 'panel'],
  ['dial-first', 'panel'],
  ['accent', 'dial-track'],
  ['danger', 'dial-track'],
  ...['ink', 'soft', 'accent', 'danger', 'focus'].map((mark) => [mark, 'sunk'] as const),
] as const;

/** A mark that is mixed of two colours: how much there is of the first, as the stylesheet has it. */
const work = readFileSync(join(import.meta.dirname, '../../demo/page/views/work.css'), 'utf8');
const share = Number(/color-mix\(in srgb, var\(--accent\) (\d+)%, var\(--sunk\)\)/.exec(work)?.[1]) / 100;

function mixed(one: string, other: string): string {
  const channel = (colour: string, at: number) => Number.parseInt(colour.slice(at, at + 2), 16);
  const mix = (at: number) => Math.round(channel(one, at) * share + channel(other, at) * (1 - share));
  return `#${[1, 3, 5].map((at) => mix(at).toString(16).padStart(2, '0')).join('')}`;
}

describe.each([
  ['light', colours(light)],
  ['dark', colours(dark)],
])('in %s', (_scheme, palette) => {
  const ratio = ([one, other]: readonly [string, string]) =>
    contrast(palette.get(one) as string, palette.get(other) as string);

  it.each(TEXT as readonly (readonly [string, string])[])('%s can be read on %s', (...pair) => {
    expect(ratio(pair)).toBeGreaterThanOrEqual(4.5);
  });

  it.each(EDGES)('%s can be seen on %s', (...pair) => {
    expect(ratio(pair)).toBeGreaterThanOrEqual(3);
  });

  it('the mark of a thought can be seen on its strip', () => {
    const sunk = palette.get('sunk') as string;
    expect(contrast(mixed(palette.get('accent') as string, sunk), sunk)).toBeGreaterThanOrEqual(3);
  });
});

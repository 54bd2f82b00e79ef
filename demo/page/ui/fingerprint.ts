// A picture of a key: rings broken into arcs. It helps to tell names apart at a glance and proves nothing, so the page
// says so wherever it shows one.

import { makeSvg } from './dom.js';

/** One arc, in turns from the top, clockwise. */
export interface Arc {
  readonly radius: number;
  readonly from: number;
  readonly to: number;
  /** Which of the two colours. */
  readonly tone: 0 | 1;
}

/** A drawing that depends on the name alone. */
export interface Fingerprint {
  /** Two hues, in degrees. */
  readonly hues: readonly [number, number];
  readonly arcs: readonly Arc[];
}

/** Rings from the outside in: radius in a box of 100, and how many slots each has. */
const RINGS = [
  { radius: 44, slots: 16 },
  { radius: 34.5, slots: 12 },
  { radius: 25, slots: 9 },
  { radius: 15.5, slots: 6 },
] as const;

const STROKE = 5.6;

/** Draws up the picture of a name. The same name gives the same picture everywhere. */
export function fingerprintOf(did: string): Fingerprint {
  const next = numbersFrom(did);
  const first = next() * 360;
  const hues = [first, (first + 50 + next() * 110) % 360] as const;
  const arcs = RINGS.flatMap(({ radius, slots }) => ringArcs(radius, slots, next));
  return { hues, arcs };
}

/** One ring: neighbouring filled slots of one colour become one arc. */
function ringArcs(radius: number, slots: number, next: () => number): Arc[] {
  const turn = next();
  const filled = Array.from({ length: slots }, () => next() < 0.66);
  const toneChange = Math.floor(next() * slots);
  const toneAt = (index: number): 0 | 1 => (index < toneChange ? 0 : 1);
  // A cap sticks out by half a stroke at each end: what is left between two arcs is a gap of one stroke and a half.
  const cap = (STROKE * 1.25) / (2 * Math.PI * radius);
  const arcs: Arc[] = [];
  for (let start = 0; start < slots; start++) {
    if (!filled[start]) continue;
    let end = start;
    while (end + 1 < slots && filled[end + 1] && toneAt(end + 1) === toneAt(start)) end++;
    const from = turn + start / slots + cap;
    const to = Math.max(turn + (end + 1) / slots - cap, from + 0.001);
    arcs.push({ radius, from, to, tone: toneAt(start) });
    start = end;
  }
  return arcs;
}

/** An endless row of numbers from 0 to 1 that depends on the text alone (FNV-1a, then xorshift). */
function numbersFrom(text: string): () => number {
  let state = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) state = Math.imul(state ^ text.charCodeAt(index), 0x01000193);
  // The one number that a shift leaves as it is.
  if (state === 0) state = 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** The picture as an SVG that takes the size of its box. */
export function drawFingerprint(did: string): SVGSVGElement {
  const { hues, arcs } = fingerprintOf(did);
  const paths = arcs.map((arc) =>
    makeSvg('path', { d: arcPath(arc), class: `arc arc-${arc.tone}`, 'stroke-width': STROKE }),
  );
  const svg = makeSvg('svg', { viewBox: '0 0 100 100', class: 'fingerprint', role: 'img' }, ...paths);
  svg.setAttribute('aria-label', `Picture of the key ${did.slice(-6)}`);
  svg.style.setProperty('--hue-0', hues[0].toFixed(0));
  svg.style.setProperty('--hue-1', hues[1].toFixed(0));
  return svg;
}

/** The empty place where a picture will be. */
export function drawVacancy(): SVGSVGElement {
  const rings = RINGS.map(({ radius }) => makeSvg('circle', { cx: 50, cy: 50, r: radius, class: 'vacancy' }));
  return makeSvg('svg', { viewBox: '0 0 100 100', class: 'fingerprint', 'aria-hidden': 'true' }, ...rings);
}

function arcPath({ radius, from, to }: Arc): string {
  const [x1, y1] = pointAt(radius, from);
  const [x2, y2] = pointAt(radius, to);
  return `M${x1} ${y1}A${radius} ${radius} 0 ${to - from > 0.5 ? 1 : 0} 1 ${x2} ${y2}`;
}

function pointAt(radius: number, turns: number): [string, string] {
  const angle = turns * 2 * Math.PI;
  return [(50 + radius * Math.sin(angle)).toFixed(2), (50 - radius * Math.cos(angle)).toFixed(2)];
}

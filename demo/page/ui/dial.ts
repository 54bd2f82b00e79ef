// The ring on which a stream is drawn: a finite stream as one line wound inwards, each grant in the other of two tones,
// so that a growing window shows as longer and longer bands; an endless one as a clock of sixty marks.

const TURNS = 7;
const OUTER = 0.95;
const INNER = 0.47;
const MARKS = 60;

/** Time between two drawings: painting takes from the time the stream has. */
const DRAW_EVERY_MS = 60;

type Mode = { readonly name: 'line'; readonly total: number } | { readonly name: 'clock' };

/** Draws onto one canvas, a few times a second; give it numbers as often as you like. */
export class Dial {
  readonly #canvas: HTMLCanvasElement;
  #mode: Mode = { name: 'line', total: 1 };
  #count = 0;
  /** Counts at which a grant went out. */
  #grants: number[] = [];
  #drawn = 0;
  #timer = 0;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    const redraw = () => this.#redraw();
    new ResizeObserver(redraw).observe(canvas);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
  }

  /** Starts anew. */
  begin(mode: Mode): void {
    this.#mode = mode;
    this.#count = 0;
    this.#grants = [];
    this.#redraw();
  }

  /** A grant went out after this many items. */
  grant(count: number): void {
    this.#grants.push(count);
  }

  /** This many items have come so far. */
  show(count: number): void {
    this.#count = count;
    if (this.#timer !== 0) return;
    this.#timer = window.setTimeout(() => {
      this.#timer = 0;
      this.#draw();
    }, DRAW_EVERY_MS);
  }

  #redraw(): void {
    const { clientWidth } = this.#canvas;
    const pixels = Math.max(1, Math.round(clientWidth * devicePixelRatio));
    this.#canvas.width = pixels;
    this.#canvas.height = pixels;
    this.#drawn = 0;
    const pen = this.#pen();
    if (pen === undefined) return;
    if (this.#mode.name === 'line') this.#stroke(pen, 0, 1, pen.track);
    else for (let mark = 0; mark < MARKS; mark++) this.#mark(pen, mark, pen.track);
    this.#draw();
  }

  #draw(): void {
    const pen = this.#pen();
    if (pen === undefined) return;
    if (this.#mode.name === 'line') this.#drawLine(pen, this.#mode.total);
    else this.#drawClock(pen);
    this.#drawn = this.#count;
  }

  #drawLine(pen: Pen, total: number): void {
    const grants = this.#grants;
    let from = this.#drawn;
    // The bands that the new part of the line crosses.
    let band = grants.findIndex((at) => at > from);
    if (band < 0) band = grants.length;
    while (from < this.#count) {
      const to = Math.min(this.#count, grants[band] ?? this.#count);
      this.#stroke(pen, from / total, to / total, band % 2 === 0 ? pen.first : pen.second);
      from = to;
      band++;
    }
  }

  #drawClock(pen: Pen): void {
    for (let index = this.#drawn; index < this.#count; index++) {
      const lap = Math.floor(index / MARKS);
      this.#mark(pen, index % MARKS, lap % 2 === 0 ? pen.first : pen.second);
    }
  }

  /** A stretch of the line, in parts of its whole length. */
  #stroke({ context, radius }: Pen, from: number, to: number, colour: string): void {
    const outer = radius * OUTER;
    const inner = radius * INNER;
    const pitch = (outer - inner) / TURNS;
    const step = pitch / (2 * Math.PI);
    const length = (outer * outer - inner * inner) / (2 * step);
    context.lineWidth = pitch * 0.66;
    context.strokeStyle = colour;
    context.beginPath();
    const steps = Math.max(2, Math.ceil((to - from) * 900));
    for (let index = 0; index <= steps; index++) {
      const along = (from + ((to - from) * index) / steps) * length;
      const r = Math.sqrt(Math.max(inner * inner, outer * outer - 2 * step * along));
      const angle = (outer - r) / step - Math.PI / 2;
      const x = radius + r * Math.cos(angle);
      const y = radius + r * Math.sin(angle);
      if (index === 0) context.moveTo(x, y);
      else context.lineTo(x, y);
    }
    context.stroke();
  }

  #mark({ context, radius }: Pen, index: number, colour: string): void {
    const angle = (index / MARKS) * 2 * Math.PI - Math.PI / 2;
    context.lineWidth = radius * 0.032;
    context.lineCap = 'round';
    context.strokeStyle = colour;
    context.beginPath();
    context.moveTo(radius + radius * 0.74 * Math.cos(angle), radius + radius * 0.74 * Math.sin(angle));
    context.lineTo(radius + radius * OUTER * Math.cos(angle), radius + radius * OUTER * Math.sin(angle));
    context.stroke();
  }

  #pen(): Pen | undefined {
    const context = this.#canvas.getContext('2d');
    if (context === null || this.#canvas.width < 2) return undefined;
    context.lineCap = 'butt';
    const style = getComputedStyle(this.#canvas);
    const colour = (name: string) => style.getPropertyValue(name).trim();
    return {
      context,
      radius: this.#canvas.width / 2,
      track: colour('--dial-track'),
      first: colour('--dial-first'),
      second: colour('--dial-second'),
    };
  }
}

interface Pen {
  readonly context: CanvasRenderingContext2D;
  readonly radius: number;
  readonly track: string;
  readonly first: string;
  readonly second: string;
}

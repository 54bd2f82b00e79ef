// A Durable Object without its platform: storage with SQLite and an alarm, WebSockets that stand while it hibernates, time
// that a test turns. An object that is gone can neither write nor send, and its timers never fire.

import type { ArcpObject, DurableObjectStateLike } from '../../src/host/arcp-machine.js';
import type { DurableSocket } from '../../src/host/hibernating-socket.js';
import { type FakeClock, fakeClock } from '../../src/testing/fake-clock.js';
import type { WebSocketEvent, WebSocketLike } from '../../src/transport/socket-transport.js';
import { SocketHalf, upgradeRequest } from '../host/socket-pair.js';
import { wasmDatabase } from './sqlite-wasm.js';

/** Unix time at which the clock stands at 0. */
export const EPOCH_MS = Date.parse('2026-03-02T08:15:42.000Z');

/** Longest attachment of a socket, in bytes, as Cloudflare has it. */
const MAX_ATTACHMENT_BYTES = 2_048;

/** What an object is made with. */
export interface Boot {
  readonly clock: FakeClock;
  readonly now: () => number;
}

type Make = (boot: Boot) => new (state: DurableObjectStateLike, env: undefined) => ArcpObject;

/** Our end of a socket as the platform has it, whatever object is there. */
class Standing extends SocketHalf {
  attachment: unknown;
  /** How often something was attached although it had ended. */
  lateAttachments = 0;
  tags: readonly string[] = [];
  isAccepted = false;
  readonly #world: DurableWorld;

  constructor(world: DurableWorld) {
    super();
    this.#world = world;
  }

  override emit(type: string, event: object): void {
    this.#world.deliver(this, type, event);
  }
}

/** What one object holds of it: of no use when that is gone. */
class Handle implements DurableSocket {
  readonly #socket: Standing;
  readonly #life: Life;

  constructor(socket: Standing, life: Life) {
    this.#socket = socket;
    this.#life = life;
  }

  get readyState(): number {
    return this.#socket.readyState;
  }

  send(data: string | Uint8Array): void {
    if (!this.#life.isOver) this.#socket.send(data);
  }

  close(code?: number, reason?: string): void {
    if (!this.#life.isOver) this.#socket.close(code, reason);
  }

  serializeAttachment(value: unknown): void {
    if (this.#life.isOver) return;
    if (this.#socket.readyState === 3) this.#socket.lateAttachments++;
    if (JSON.stringify(value ?? null).length > MAX_ATTACHMENT_BYTES) throw new Error('the attachment is too long');
    this.#socket.attachment = structuredClone(value);
  }

  deserializeAttachment(): unknown {
    return structuredClone(this.#socket.attachment ?? null);
  }
}

/** One object in memory. */
interface Life {
  isOver: boolean;
  object: ArcpObject;
  /** Settles when it takes events. */
  ready: Promise<unknown>;
  readonly timers: Set<() => void>;
  readonly handles: Map<Standing, Handle>;
}

/** The platform around one object. */
export class DurableWorld {
  readonly clock = fakeClock();
  readonly now = () => EPOCH_MS + this.clock.now();
  /** When the alarm goes off, as Unix time in milliseconds. */
  alarmAtMs: number | undefined;
  /** How often the alarm was set, and how often the object came up. */
  alarmsSet = 0;
  boots = 0;
  readonly database = wasmDatabase();
  readonly #make: Make;
  readonly #sockets = new Set<Standing>();
  readonly #all: Standing[] = [];
  #life: Life | undefined;
  #events: Promise<void> = Promise.resolve();

  constructor(make: Make) {
    this.#make = make;
  }

  /** The object, which comes up where it is not there. */
  get object(): ArcpObject {
    return this.#up().object;
  }

  get isUp(): boolean {
    return this.#life !== undefined;
  }

  /** Whether nothing keeps the object in memory. */
  get mayHibernate(): boolean {
    return this.#life === undefined || this.#life.timers.size === 0;
  }

  /** What the sockets carry. */
  get attachments(): unknown[] {
    return [...this.#sockets].map(({ attachment }) => attachment);
  }

  /** How often something was attached to sockets that had ended. */
  get lateAttachments(): number {
    return this.#all.reduce((sum, { lateAttachments }) => sum + lateAttachments, 0);
  }

  /** Asks the object for a WebSocket. */
  async ask(headers: Record<string, string> = {}): Promise<{ status: number; socket?: WebSocketLike }> {
    const life = this.#up();
    await life.ready;
    const request = upgradeRequest('', { 'sec-websocket-protocol': '', ...headers });
    const response = (await life.object.fetch(request)) as Response & { readonly webSocket?: WebSocketLike };
    return { status: response.status, ...(response.webSocket && { socket: response.webSocket }) };
  }

  /** For `vi.stubGlobal('WebSocketPair', ...)`. */
  readonly WebSocketPair = (() => {
    const world = this;
    return class {
      readonly 0: SocketHalf;
      readonly 1: Handle;

      constructor() {
        const [caller, host] = [new SocketHalf(), new Standing(world)];
        caller.other = host;
        host.other = caller;
        this[0] = caller;
        this[1] = world.#handleOf(host, world.#life as Life);
      }
    };
  })();

  /** The platform takes the object out of memory; sockets stand. */
  evict(): void {
    const life = this.#life;
    if (life === undefined) return;
    this.#life = undefined;
    life.isOver = true;
    for (const cancel of [...life.timers]) cancel();
  }

  /** The machine under it dies: sockets are lost. The alarm is kept. */
  kill(): void {
    this.evict();
    for (const socket of [...this.#sockets]) {
      this.#sockets.delete(socket);
      socket.readyState = 3;
      const caller = socket.other;
      caller.readyState = 3;
      queueMicrotask(() => caller.emit('close', { code: 1006, reason: '', wasClean: false }));
    }
  }

  /** Time passes, in steps of a second at most; the alarm goes off in its time. */
  async advance(ms: number): Promise<void> {
    for (let leftMs = ms; leftMs > 0; ) {
      const toAlarmMs = this.alarmAtMs === undefined ? Number.POSITIVE_INFINITY : this.alarmAtMs - this.now();
      // With nobody in memory there is nothing to see before the alarm.
      const stepMs = Math.max(0, Math.min(leftMs, toAlarmMs, this.isUp && !this.mayHibernate ? 1_000 : leftMs));
      this.clock.advance(stepMs);
      leftMs -= stepMs;
      await turns();
      if (this.alarmAtMs !== undefined && this.alarmAtMs <= this.now()) {
        this.alarmAtMs = undefined;
        const life = this.#up();
        await life.ready;
        await life.object.alarm();
        this.clock.advance(0);
        await turns();
      }
    }
  }

  /** @internal */
  deliver(socket: Standing, type: string, event: object): void {
    const { data, code = 1005, reason = '', wasClean = false } = event as WebSocketEvent;
    if (type === 'close') this.#sockets.delete(socket);
    this.#events = this.#events.then(async () => {
      const life = this.#up();
      await life.ready;
      const handle = this.#handleOf(socket, life);
      if (type === 'message') life.object.webSocketMessage(handle, data as string | ArrayBuffer);
      else if (type === 'close') life.object.webSocketClose(handle, code, reason, wasClean);
    });
  }

  #handleOf(socket: Standing, life: Life): Handle {
    let handle = life.handles.get(socket);
    if (handle === undefined) {
      handle = new Handle(socket, life);
      life.handles.set(socket, handle);
    }
    return handle;
  }

  #up(): Life {
    if (this.#life !== undefined) return this.#life;
    this.boots++;
    const life: Life = {
      isOver: false,
      object: undefined as never,
      ready: Promise.resolve(),
      timers: new Set(),
      handles: new Map(),
    };
    this.#life = life;
    const Class = this.#make({ clock: this.#clockOf(life), now: this.now });
    life.object = new Class(this.#stateOf(life), undefined);
    return life;
  }

  #clockOf({ timers }: Life): FakeClock {
    const { clock } = this;
    return {
      ...clock,
      setTimer(callback, delayMs) {
        const cancel = clock.setTimer(() => {
          timers.delete(stop);
          callback();
        }, delayMs);
        const stop = () => {
          timers.delete(stop);
          cancel();
        };
        timers.add(stop);
        return stop;
      },
    };
  }

  #stateOf(life: Life): DurableObjectStateLike {
    const { database } = this;
    const alive = () => {
      if (life.isOver) throw new Error('the object is gone');
    };
    const toBuffer = (value: unknown) => (value instanceof Uint8Array ? value.slice().buffer : value);
    return {
      id: { toString: () => 'the-id' },
      storage: {
        sql: {
          exec(query, ...bindings) {
            alive();
            const rows = database.prepare(query).all(...bindings);
            const copies = rows.map((row) =>
              Object.fromEntries(Object.entries(row).map(([name, value]) => [name, toBuffer(value)])),
            );
            return { toArray: () => copies };
          },
        },
        transactionSync(work) {
          alive();
          database.exec('BEGIN');
          try {
            const result = work();
            database.exec('COMMIT');
            return result;
          } catch (error) {
            database.exec('ROLLBACK');
            throw error;
          }
        },
        setAlarm: async (atMs) => {
          if (life.isOver) return;
          this.alarmsSet++;
          this.alarmAtMs = atMs;
        },
      },
      acceptWebSocket: (handle, tags = []) => {
        for (const [socket, own] of life.handles) {
          if (own !== handle) continue;
          socket.tags = tags;
          this.#sockets.add(socket);
          this.#all.push(socket);
        }
      },
      getWebSockets: (tag) =>
        [...this.#sockets]
          .filter(({ tags }) => tag === undefined || tags.includes(tag))
          .map((socket) => this.#handleOf(socket, life)),
      async blockConcurrencyWhile<T>(work: () => Promise<T>): Promise<T> {
        const done = work();
        life.ready = done;
        return done;
      },
      waitUntil() {},
    };
  }
}

/** Lets everything that can move without time do so. */
export async function turns(count = 3): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
}

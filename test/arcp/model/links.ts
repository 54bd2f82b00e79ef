// What one runtime here has with the runtime elsewhere: a session for each principal, over which tasks are handed on and
// jobs are moved. They die with the runtime here.

import { connect } from '../../../src/arcp/client/connect.js';
import type { ClientSession } from '../../../src/arcp/client/session.js';
import { ArcpError } from '../../../src/arcp/errors.js';
import { idFactory } from '../../../src/arcp/wire/ids.js';
import type { Cable } from './network.js';
import { Random } from './random.js';
import type { Generation } from './site.js';
import type { World } from './world.js';

/** The sessions. */
export class Links {
  readonly #world: World;
  readonly #generation: Generation;
  readonly #sessions = new Map<string, Promise<ClientSession>>();
  readonly #standing: ClientSession[] = [];
  readonly #cables = new Map<string, Cable>();

  constructor(world: World, generation: Generation) {
    this.#world = world;
    this.#generation = generation;
  }

  /** Sessions that go on. */
  get sessions(): readonly ClientSession[] {
    return this.#standing.filter(({ signal }) => !signal.aborted);
  }

  /** The newest connection of each. */
  get cables(): readonly Cable[] {
    return [...this.#cables.values()];
  }

  /** The session of a principal. Rejects where nobody listens there. */
  async of(principal: string): Promise<ClientSession> {
    const known = this.#sessions.get(principal);
    if (known !== undefined && !(await known).signal.aborted) return known;
    const opening = this.#open(principal).catch((cause: unknown) => {
      this.#sessions.delete(principal);
      throw new ArcpError('UNAVAILABLE', 'nobody is there', { cause });
    });
    this.#sessions.set(principal, opening);
    return opening;
  }

  async #open(principal: string): Promise<ClientSession> {
    const world = this.#world;
    const { clock, random, tracker } = this.#generation;
    const own = new Random(random.int(0x7fff_ffff));
    const session = await tracker.track(
      `connect elsewhere for ${principal}`,
      connect({
        dial: async () => {
          if (this.#generation.isDead) throw new Error('it is no more');
          const cable = world.dialElsewhere();
          this.#cables.set(principal, cable);
          return cable.near;
        },
        auth: { scheme: 'bearer', token: `token of ${principal}` },
        client: { kind: `here, for ${principal}`, version: '1' },
        capabilities: { streaming: true, durable_jobs: true, human_input: true },
        clock,
        now: world.now,
        ids: idFactory({ now: world.now, random: (count) => own.bytes(count) }),
        random: () => own.next(),
        reconnect: { initialDelayMs: 100, maxDelayMs: 2_000 },
      }),
    );
    this.#standing.push(session);
    void tracker.track(`end of the session elsewhere for ${principal}`, session.closed);
    return session;
  }
}

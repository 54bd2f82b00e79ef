// What the views share: who we are, whom we can call, and the one line that may be open.

import { type ConnectOptions, connect, type Identity, isSdkError, type Session, webSocket } from 'ringline';
import type { Directory } from './directory.js';
import { Keyring } from './keyring.js';
import { tapped } from './tap.js';
import { formatJson } from './ui/format.js';
import { Value } from './value.js';
import { WireLog } from './wire-log.js';

/** The line to the agent. */
export type Line =
  | { readonly name: 'idle' }
  | { readonly name: 'calling' }
  | { readonly name: 'open'; readonly session: Session; readonly readyMs: number }
  | { readonly name: 'ended'; readonly by: 'you' | 'agent' | 'nobody' }
  | { readonly name: 'failed'; readonly error: unknown };

/** A handshake message that has crossed. */
export interface HandshakeStep {
  readonly number: 1 | 2 | 3;
  readonly bytes: number;
  /** Since the call began. */
  readonly atMs: number;
}

/** The state of the page. */
export class App {
  readonly directory: Directory;
  readonly keyring = new Keyring();
  readonly line = new Value<Line>({ name: 'idle' });
  readonly handshake = new Value<readonly HandshakeStep[]>([]);
  readonly log = new WireLog();
  #callerDid = '';

  constructor(directory: Directory) {
    this.directory = directory;
    this.keyring.keys.watch(() => {
      // A new name does not go on with the old one's line.
      if (this.session !== undefined && this.identity?.did !== this.#callerDid) void this.hangUp();
    });
  }

  /** Who we are, once that is known. */
  get identity(): Identity | undefined {
    const keys = this.keyring.keys.current;
    return keys.name === 'open' ? keys.identity : undefined;
  }

  /** The open session, if there is one. */
  get session(): Session | undefined {
    const line = this.line.current;
    return line.name === 'open' ? line.session : undefined;
  }

  /** Calls the agent. What goes wrong becomes the state of the line. */
  async call(): Promise<void> {
    const { identity } = this;
    const { name } = this.line.current;
    if (identity === undefined || name === 'calling' || name === 'open') return;
    this.#callerDid = identity.did;
    this.line.set({ name: 'calling' });
    this.handshake.set([]);
    const startedAt = performance.now();
    try {
      const session = await connect(this.#route(identity, startedAt));
      this.line.set({ name: 'open', session, readyMs: performance.now() - startedAt });
      session.closed.then(({ clean }) => {
        if (this.session === session) this.line.set({ name: 'ended', by: clean ? 'agent' : 'nobody' });
      });
    } catch (error) {
      this.line.set({ name: 'failed', error });
    }
  }

  /** Ends the session politely, if there is one. */
  async hangUp(): Promise<void> {
    const { session } = this;
    if (session === undefined) return;
    this.line.set({ name: 'ended', by: 'you' });
    await session.close();
  }

  /**
   * Calls a method on the open line, and tells the log what the two messages meant.
   *
   * @throws {Error} there is no line; otherwise as `session.call`.
   */
  async ask<Result>(method: string, params: unknown): Promise<{ result: Result; ms: number }> {
    const { session, log } = this;
    if (session === undefined) throw new Error('there is no line');
    const startedAt = performance.now();
    const answer = session.call<Result>(method, params);
    log.explain('out', `${method} ${formatJson(params)}`);
    try {
      const result = await answer;
      log.explain('in', formatJson(result));
      return { result, ms: performance.now() - startedAt };
    } catch (error) {
      if (isSdkError(error)) log.explain('in', error.code);
      throw error;
    }
  }

  #route(identity: Identity, startedAt: number): ConnectOptions {
    const { agent } = this.directory;
    this.log.newLine();
    let crossed = 0;
    const transport = tapped(webSocket(agent.url), (way, message) => {
      this.log.listener(way, message);
      crossed++;
      if (crossed > 3) return;
      const step: HandshakeStep = {
        number: crossed as 1 | 2 | 3,
        bytes: message.length,
        atMs: performance.now() - startedAt,
      };
      this.handshake.set([...this.handshake.current, step]);
    });
    return { identity, transport, remoteDid: agent.did };
  }
}

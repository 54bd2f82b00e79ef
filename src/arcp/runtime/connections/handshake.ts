// The runtime's side of the handshake (ARCP v1.0, section 8.1) as a pure machine: what arrives, and what is to be done.
// Judging credentials, sending and time are the driver's, in greeting.ts.
//
//   state           input                          next
//   opened          session.open                   judging
//   judging         accepted                       accepted
//   judging         refused                        opened, or closed after the last try
//   judging         challenged                     challenged
//   challenged      session.open                   judging, or closed after the last try
//   challenged      session.authenticate           verifying
//   verifying       accepted                       accepted
//   verifying       refused                        challenged, or opened or closed after the last try

/** Where the handshake stands. */
export type HandshakeState = 'opened' | 'judging' | 'challenged' | 'verifying' | 'accepted' | 'closed';

/** What follows from a refusal. */
export type Refusal = 'retry' | 'rejected' | 'closed';

/** The handshake of one connection. */
export class Handshake {
  readonly #maxOpens: number;
  readonly #maxTries: number;
  #state: HandshakeState = 'opened';
  #failedOpens = 0;
  #tries = 0;

  constructor(maxFailedOpens: number, maxChallengeTries: number) {
    this.#maxOpens = maxFailedOpens;
    this.#maxTries = maxChallengeTries;
  }

  get state(): HandshakeState {
    return this.#state;
  }

  /** A `session.open` arrived. @returns Whether it is to be judged; else it is dropped. */
  open(): boolean {
    // In place of an answer to a challenge it begins anew, and what went before counts as failed: else a client could have
    // as many tries as it likes.
    if (this.#state === 'challenged') {
      this.#tries = 0;
      if (++this.#failedOpens === this.#maxOpens) this.#state = 'closed';
    } else if (this.#state !== 'opened') return false;
    if (this.#state === 'closed') return false;
    this.#state = 'judging';
    return true;
  }

  /** A `session.authenticate` arrived. @returns Whether it is to be judged; else it is dropped. */
  authenticate(): boolean {
    if (this.#state !== 'challenged') return false;
    this.#state = 'verifying';
    return true;
  }

  challenge(): void {
    this.#expect('judging');
    this.#state = 'challenged';
  }

  accept(): void {
    if (this.#state !== 'verifying') this.#expect('judging');
    this.#state = 'accepted';
  }

  /** Credentials or an answer were not good. */
  refuse(): Refusal {
    if (this.#state === 'verifying' && ++this.#tries < this.#maxTries) {
      this.#state = 'challenged';
      return 'retry';
    }
    return this.reject();
  }

  /** The open is refused for another reason than its credentials. */
  reject(): Exclude<Refusal, 'retry'> {
    if (this.#state !== 'verifying') this.#expect('judging');
    this.#tries = 0;
    this.#failedOpens++;
    this.#state = this.#failedOpens < this.#maxOpens ? 'opened' : 'closed';
    return this.#state === 'closed' ? 'closed' : 'rejected';
  }

  #expect(state: HandshakeState): void {
    if (this.#state !== state) throw new Error(`the handshake is ${this.#state}, not ${state}`);
  }
}

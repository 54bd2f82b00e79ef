// The credentials of a client for one origin: asked for once, kept, and asked for again when they are no longer taken.

import type { A2aClientOptions, AuthenticateContext } from './options.js';

type Authenticate = NonNullable<A2aClientOptions['authenticate']>;

/** What `authenticate` gave; told apart by identity. */
export type Credentials = { readonly headers: Headers } | undefined;

/** Keeps what `authenticate` gave for one origin. */
export class CredentialKeeper {
  readonly #authenticate: Authenticate;
  #given: Promise<Credentials> | undefined;
  #renewal: Promise<Credentials> | undefined;

  constructor(authenticate: Authenticate) {
    this.#authenticate = authenticate;
  }

  /** The credentials for a request; `undefined` where there are none. @throws whatever `authenticate` throws. */
  current(url: string): Promise<Credentials> {
    this.#given ??= this.#ask({ url });
    return this.#given;
  }

  /**
   * Other credentials, after the agent has refused some. Calls that were refused with the same ones share one refresh.
   *
   * @param failed Makes the answer that `authenticate` is shown.
   * @returns `undefined` where there are none to be had, so that asking again is of no use.
   */
  async renew(refused: Credentials, url: string, failed: () => Response): Promise<Credentials> {
    if (this.#renewal !== undefined) return this.#renewal;
    const given = await this.#given?.catch(() => undefined);
    // Another call has been here meanwhile.
    if (given !== undefined && given !== refused) return given;
    this.#renewal ??= this.#startRenewal({ url, failed: failed() });
    return this.#renewal;
  }

  #startRenewal(context: AuthenticateContext): Promise<Credentials> {
    const renewal = this.#ask(context);
    this.#given = renewal;
    const done = () => {
      this.#renewal = undefined;
    };
    renewal.then(done, done);
    return renewal;
  }

  #ask(context: AuthenticateContext): Promise<Credentials> {
    const asked = (async () => {
      const headers = await this.#authenticate(context);
      return headers === undefined ? undefined : { headers: new Headers(headers) };
    })();
    // What failed, or brought nothing, is tried again with the next request.
    const forget = () => {
      if (this.#given === asked) this.#given = undefined;
    };
    asked.then((credentials) => credentials ?? forget(), forget);
    return asked;
  }
}

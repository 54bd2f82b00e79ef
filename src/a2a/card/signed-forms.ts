// The texts a card may have been signed as, in the order of the profiles and each no earlier than it is wanted: most
// signatures hold under the first.

import { encodeUtf8 } from '../../bytes/utf8.js';
import { encodeBase64url } from '../../codec/base64url.js';
import type { JsonObject } from '../../codec/json-value.js';
import { A2aError } from '../errors.js';
import type { CanonicalProfile } from './profiles.js';

/** One text, made once and used for every signature. */
export interface SignedForm {
  /** Name of the first profile that gives this text. */
  readonly profile: string;
  readonly text: string;
  /** The text's UTF-8 in base64url, which is what signatures cover. */
  readonly payload: string;
}

/** The distinct canonical texts of one card. */
export class SignedForms {
  readonly #card: JsonObject;
  readonly #profiles: readonly CanonicalProfile[];
  readonly #forms: SignedForm[] = [];
  #next = 0;
  #fault: unknown;

  /** @param card Borrowed for the life of this. */
  constructor(card: JsonObject, profiles: readonly CanonicalProfile[]) {
    this.#card = card;
    this.#profiles = profiles;
  }

  /** Gives the forms in order, those made before as well. A profile that fails is passed over. */
  *[Symbol.iterator](): Generator<SignedForm> {
    for (let i = 0; ; i++) {
      while (i >= this.#forms.length && this.#next < this.#profiles.length) this.#make();
      const form = this.#forms[i];
      if (form === undefined) return;
      yield form;
    }
  }

  /** Why there is no form at all; `undefined` when there is one, or nobody looked yet. */
  get fault(): A2aError | undefined {
    if (this.#forms.length > 0 || this.#fault === undefined) return undefined;
    if (this.#fault instanceof A2aError) return this.#fault;
    return new A2aError('ERR_A2A_CANONICALIZATION_FAILED', 'a canonical profile failed', { cause: this.#fault });
  }

  #make(): void {
    const profile = this.#profiles[this.#next++] as CanonicalProfile;
    try {
      const text = profile.canonicalize(this.#card);
      if (this.#forms.some((form) => form.text === text)) return;
      this.#forms.push({ profile: profile.name, text, payload: encodeBase64url(encodeUtf8(text)) });
    } catch (error) {
      this.#fault ??= error;
    }
  }
}

// Steps of one validation, counted. The validator offers no bound of its own, so both sides of its work are made to count:
// every schema it enters charges what it holds, and the value it looks at is a view that charges for every look.

/** Thrown through the validator when a value asks for too much work. */
export class TooManySteps extends Error {
  override readonly name = 'TooManySteps';
}

/** Characters that cost as much to pass over as one step. */
const CHARS_PER_STEP = 64;

/** Counts the steps of a validation. */
export class Meter {
  #left = 0;
  /** Length of the text that was read last: the one being judged, since texts have nothing inside to look at. */
  #textLength = 0;

  /** Starts anew. */
  reset(steps: number): void {
    this.#left = steps;
    this.#textLength = 0;
  }

  /** @throws {TooManySteps} */
  charge(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw new TooManySteps('too many steps');
  }

  /** Charges for going over the text at hand once. @throws {TooManySteps} */
  chargeText(): void {
    this.charge(this.#textLength / CHARS_PER_STEP);
  }

  /** A value that charges for every look into it. Not for changing. @throws {TooManySteps} */
  view(value: unknown): unknown {
    this.#textLength = typeof value === 'string' ? value.length : 0;
    if (typeof value !== 'object' || value === null) return value;
    return new Proxy(Array.isArray(value) ? [] : {}, this.#handler(value));
  }

  // The target is an empty stand-in, since a view of a frozen object would have to return its members as they are.
  #handler(source: object): ProxyHandler<object> {
    return {
      get: (_target, name) => {
        this.charge(1);
        const member: unknown = Object.hasOwn(source, name)
          ? (source as Record<PropertyKey, unknown>)[name]
          : undefined;
        return this.view(member);
      },
      ownKeys: () => {
        const keys = Reflect.ownKeys(source);
        this.charge(keys.length);
        return keys;
      },
      getOwnPropertyDescriptor: (target, name) => {
        this.charge(1);
        const descriptor = Reflect.getOwnPropertyDescriptor(source, name);
        // The one member of an empty list that cannot be said to be other than it is.
        if (descriptor === undefined || (name === 'length' && Array.isArray(target))) return descriptor;
        return { ...descriptor, configurable: true, writable: true };
      },
      getPrototypeOf: () => null,
    };
  }
}

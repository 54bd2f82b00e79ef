// The data model of JSON (RFC 8259) as types. Types only.

/** An object of JSON. Every own enumerable string key is a member, `__proto__` included. */
export interface JsonObject {
  readonly [name: string]: JsonValue;
}

/** Any value JSON can say. Numbers are finite doubles; strings hold no lone surrogates. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;

// Frames as a stranger would make them: mostly well formed, so that they get far, with every member open to nonsense.

import fc from 'fast-check';

const LONG = process.env.RINGLINE_LONG === '1';

/** Options of a property: so many runs by default, so many with RINGLINE_LONG=1. */
export const runs = (short: number, long: number) => ({ numRuns: LONG ? long : short });

const INTEGERS = ['0', '1', '2', '3', '4', '5', '7', '100', '999999999999999', '1000000000000000', '9007199254740991'];
const ODD_NUMBERS = ['-0', '-1', '1.5', '1e2', '1.0', '9007199254740992', '1e300', '1e400', '00', '+1', 'NaN'];
const ODD_VALUES = ['null', 'true', '"1"', '[]', '{}', '[1]', '""', '{"a":{"__proto__":1}}'];

const integer = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...INTEGERS) },
  { weight: 1, arbitrary: fc.constantFrom(...ODD_NUMBERS, ...ODD_VALUES) },
);

/** JSON text of any value, now and then of one that is not JSON at all. */
export const valueText = fc.oneof(
  { weight: 6, arbitrary: fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify(value)) },
  { weight: 2, arbitrary: fc.constantFrom(...INTEGERS, ...ODD_VALUES) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(',"seq":', '","seq":0', '"x,\\"seq\\":1"', '{,}', '[', ' 1 ', '1,"result":2'),
  },
);

const text = (...usual: string[]) =>
  fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...usual.map((word) => JSON.stringify(word))) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 8 }).map((word) => JSON.stringify(word)) },
    { weight: 1, arbitrary: fc.constantFrom(...ODD_VALUES) },
  );

/** Methods that the fuzzed sessions have, and one they have not. */
export const METHODS = ['echo', 'count', 'hang', 'throws', 'breaks', 'nope', '__proto__'];

const TYPES = ['req', 'res', 'stream_chunk', 'stream_end', 'cancel', 'error'];

const error = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom('{"code":-32000,"message":"no"}', '{"message":"no","code":-32601,"data":[1]}'),
  },
  { weight: 1, arbitrary: fc.constantFrom('{"code":1}', '{"code":1.5,"message":""}', '"no"', 'null', '[]') },
);

/** Members and how likely each stands in a frame, in canonical order. */
const members = fc.record(
  {
    credits: integer,
    error,
    method: text(...METHODS),
    params: valueText,
    reason: text('ok', 'cancelled', 'error'),
    result: valueText,
    seq: integer,
    stream_id: integer,
    type: text(...TYPES),
    x_unknown: valueText,
  },
  { requiredKeys: [] },
);

/** What a type carries in honest frames. */
const CARRIED: Record<string, readonly (readonly string[])[]> = {
  req: [['method'], ['method', 'params'], ['credits', 'method'], ['credits', 'method', 'params']],
  res: [[], ['result'], ['credits'], ['credits', 'result']],
  stream_chunk: [[], ['result']],
  stream_end: [['reason']],
  cancel: [[], ['reason']],
  error: [['error']],
};

const honest = fc
  .constantFrom(...TYPES)
  .chain((type) =>
    fc.tuple(
      fc.constantFrom(...(CARRIED[type] ?? [])),
      members,
      fc.constant(type),
      fc.constantFrom(...INTEGERS.slice(0, 7)),
      fc.constantFrom(...INTEGERS.slice(1, 7)),
    ),
  )
  .map(([carried, drawn, type, seq, streamId]) => {
    const all: Record<string, string> = { seq, stream_id: streamId, type: JSON.stringify(type) };
    for (const name of carried) all[name] = (drawn as Record<string, string>)[name] ?? '1';
    return write(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
  });

const strange = fc.tuple(members, fc.boolean(), fc.constantFrom('', ' ', '\n\t')).chain(([drawn, sorted, space]) => {
  const entries = Object.entries(drawn) as [string, string][];
  const order = sorted ? fc.constant(entries) : fc.shuffledSubarray(entries, { minLength: entries.length });
  return order.map((ordered) => write(ordered, space));
});

const repeated = fc.tuple(honest, members).map(([frame, drawn]) => {
  const [first] = Object.entries(drawn) as [string, string][];
  return first === undefined ? frame : `{${JSON.stringify(first[0])}:${first[1]},${frame.slice(1)}`;
});

function write(entries: readonly (readonly [string, string])[], space = ''): string {
  return `{${entries.map(([name, value]) => `${space}${JSON.stringify(name)}${space}:${value}`).join(`,${space}`)}}`;
}

/** Text of a frame: honest, strange, or with a member twice. */
export const frameText: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: honest },
  { weight: 3, arbitrary: strange },
  { weight: 1, arbitrary: repeated },
);

const encoder = new TextEncoder();

/** Bytes of a frame, with a few of them changed, cut off, doubled or swapped. */
export const mutatedFrame: fc.Arbitrary<Uint8Array> = fc
  .tuple(
    frameText,
    fc.array(fc.tuple(fc.constantFrom('flip', 'set', 'cut', 'insert', 'double'), fc.nat(), fc.nat(255)), {
      maxLength: 4,
    }),
  )
  .map(([frame, changes]) => {
    let bytes = Array.from(encoder.encode(frame));
    for (const [how, where, value] of changes) {
      const at = where % (bytes.length + 1);
      if (how === 'flip' && at < bytes.length) bytes[at] = (bytes[at] as number) ^ (1 << (value & 7));
      else if (how === 'set' && at < bytes.length) bytes[at] = value;
      else if (how === 'cut') bytes = bytes.slice(0, at);
      else if (how === 'insert') bytes.splice(at, 0, value);
      else if (how === 'double') bytes.splice(at, 0, ...bytes.slice(at, at + (value & 15)));
    }
    return Uint8Array.from(bytes);
  });

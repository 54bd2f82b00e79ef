// Lines of a byte stream, none of them longer than somebody wants to keep.

/** A line without its end, or that it was too long and is gone. */
export type Line = Uint8Array | 'too long';

/**
 * Splits a stream into lines. What follows the last end of line counts as one where it is not empty.
 *
 * @param maxBytes Longest line.
 */
export async function* splitLines(stream: AsyncIterable<Uint8Array>, maxBytes: number): AsyncGenerator<Line> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const take = (): Line => {
    const line = length > maxBytes ? 'too long' : new Uint8Array(Buffer.concat(parts));
    parts.length = 0;
    length = 0;
    return line;
  };
  const keep = (part: Uint8Array) => {
    length += part.length;
    if (length <= maxBytes) parts.push(part);
    else parts.length = 0;
  };
  for await (const chunk of stream) {
    let rest = chunk;
    for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a)) {
      keep(rest.subarray(0, end));
      yield take();
      rest = rest.subarray(end + 1);
    }
    keep(rest);
  }
  if (length > 0) yield take();
}

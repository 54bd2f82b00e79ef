// The body of a request that came in. Not every runtime shows it as a stream: in Firefox, whose service workers answer
// requests too, `Request` has no member `body`.

/**
 * The body as a stream, whatever the runtime. Where it has to be asked for as a whole, it is bounded by what its sender,
 * a page of the same origin, could hold itself.
 *
 * @returns `null` where there is none; where that cannot be told before it is read, an empty stream instead.
 */
export async function requestBody(request: Request): Promise<ReadableStream<Uint8Array> | null> {
  // The compiler knows only runtimes that have it.
  const { body } = request as { readonly body?: ReadableStream<Uint8Array> | null };
  return body === undefined ? (await request.blob()).stream() : body;
}

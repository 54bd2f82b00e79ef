// The tools of the tests of ARCP, the same in the suite and behind every host of the table.

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** What the tool `lease` asks leave for. */
export const SCOPE = { permission: 'filesystem.read', resource: '/srv/tide', operation: 'read' };

/** Bytes that say where they stand. @param {number} size */
export function pattern(size) {
  return Uint8Array.from({ length: size }, (_, i) => (i * 31 + (i >> 8)) & 0xff);
}

/** Nothing but text that every encoding has to keep. */
export const TEXTS = ['', 'tide', 'Bergen, æøå', '\u{1f30a}'.repeat(3), 'a"b\\c\n\u2028'];

/** @param {any} library */
export function toolsOf({ arcp }) {
  const { arcpError, resultRef } = arcp;
  const handlers = {
    echo: (args) => args,
    nothing: () => null,
    /** Fails as it is told, and may say when to come again. */
    fail({ code, retryAfterSeconds }) {
      const details = retryAfterSeconds === undefined ? undefined : { retry_after_seconds: retryAfterSeconds };
      throw arcpError(code, 'as you wished', { details });
    },
    boom() {
      throw new Error('the password is swordfish');
    },
    /** So many steps, with or without time in between. */
    async count({ n, gapMs = 0 }, context) {
      for (let i = 1; i <= n; i++) {
        context.progress((100 * i) / n, `step ${i}`);
        await (gapMs === 0 ? null : pause(gapMs));
      }
      return n;
    },
    telemetry(_args, context) {
      context.log('info', 'the tide is high', { at: 'Bergen' });
      context.metric('tokens.used', 12, 'tokens', { kind: 'input' });
      context.span({ name: 'read', spanId: 'span-1', startMs: 1_790_000_000_000, endMs: 1_790_000_000_250 });
      context.event('tide.turned', { at: 'Bergen' });
      return context.traceId ?? null;
    },
    /** Stops when it is asked to. */
    async wait(_args, context) {
      context.progress(0, 'waiting');
      await new Promise((resolve) => context.signal.addEventListener('abort', resolve));
    },
    /** Does not. */
    async stubborn(_args, context) {
      context.progress(0, 'busy');
      await pause(250);
      return 'too late';
    },
    /** Writes a text, thinks one thing that may be read and one that may not, and sends bytes. */
    async streams({ sizes = [], thoughts = true }, context) {
      const text = context.stream('text', { contentType: 'text/plain' });
      for (const line of TEXTS) await text.write(line);
      await text.close();
      if (thoughts) {
        await context.thought('the moon is near');
        await context.thought('the key is under the mat', { redacted: true, summary: 'something private' });
      }
      if (sizes.length > 0) {
        const binary = context.stream('binary', { contentType: 'application/octet-stream' });
        for (const size of sizes) await binary.write(pattern(size));
        await binary.close();
      }
      return TEXTS.length;
    },
    async structured(_args, context) {
      const event = context.stream('event');
      await event.write({ name: 'turned', at: 6 });
      await event.close();
      const log = context.stream('log');
      await log.write({ level: 'warn', message: 'low' });
      await log.close();
      const metric = context.stream('metric');
      await metric.write({ name: 'latency.ms', value: 1.5, unit: 'ms', dims: { phase: 'exec' } });
      await metric.close();
      return null;
    },
    /** Sends text until nobody wants any more. */
    async pour(_args, context) {
      const stream = context.stream('text');
      try {
        for (let i = 0; ; i++) {
          await stream.write(`drop ${i}`);
          await pause(1);
        }
      } catch (error) {
        return error.wireCode;
      }
    },
    /** Reads the bytes of a stream of the client's. */
    async drink(_args, context) {
      context.progress(0, 'ready');
      const stream = await context.acceptStream();
      const items = [];
      for await (const item of stream) items.push(item.text ?? item.bytes?.length ?? item.data);
      return { kind: stream.kind, items };
    },
    async ask(
      { prompt = 'How high?', schema = { type: 'integer', minimum: 0 }, expiresInMs = 20_000, ...rest },
      context,
    ) {
      return { answer: await context.requestInput({ prompt, schema, expiresInMs, ...rest }) };
    },
    async choose({ expiresInMs = 20_000 }, context) {
      const options = [
        { id: 'ebb', label: 'Ebb' },
        { id: 'flood', label: 'Flood' },
      ];
      return context.requestChoice({ prompt: 'Which?', options, expiresInMs });
    },
    /** Works under a lease, perhaps without asking for one. */
    async lease({ ask = true, seconds = 300 }, context) {
      const lease = ask
        ? await context.requestPermission({ ...SCOPE, reason: 'to see', leaseSeconds: seconds })
        : await context.requireLease(SCOPE);
      return lease.id;
    },
    async artifact({ size }, context) {
      const ref = await context.artifact(pattern(size), { mediaType: 'application/octet-stream' });
      return resultRef(ref, size);
    },
    async read({ artifactId }, context) {
      const { bytes, mediaType } = await context.fetchArtifact(artifactId);
      return { size: bytes.length, mediaType };
    },
    /** Is stopped by a human, and says what that one had to say. */
    async pauseable(_args, context) {
      const said = new Promise((resolve) => context.onInterrupt(resolve));
      context.progress(0, 'interrupt me');
      return said;
    },
    /** Remembers how far it has come. */
    async stages(_args, context) {
      if (context.restored !== undefined) return context.restored;
      context.checkpoint({ stage: 2 });
      context.progress(50, 'kept');
      await new Promise((resolve) => context.signal.addEventListener('abort', resolve));
    },
    /** What the runtime made of names that objects have. */
    own: (args) => [Object.keys(args), Object.getPrototypeOf(args) === Object.prototype, {}.admin === undefined],
    who: (_args, { principal }) => principal,
  };
  const restartable = new Set(['stages']);
  return Object.entries(handlers).map(([name, handler]) => ({ name, handler, restartable: restartable.has(name) }));
}

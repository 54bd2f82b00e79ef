import { expect, it } from 'vitest';
import { readBody } from '../../src/http/read-body.js';
import { requestBody } from '../../src/http/request-body.js';

const post = (body?: string) => new Request('https://agent.example/', { method: 'POST', ...(body && { body }) });

/** A request as Firefox has it. */
function withoutMember(request: Request): Request {
  return new Proxy(request, {
    get: (target, name) => {
      if (name === 'body') return undefined;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

it('is the stream of the request', async () => {
  const request = post('hello');
  expect(await requestBody(request)).toBe(request.body);
  expect(await requestBody(post())).toBeNull();
});

it('is a stream also where the runtime shows none', async () => {
  const body = await requestBody(withoutMember(post('hello')));
  expect(new TextDecoder().decode(await readBody(body, 100))).toBe('hello');
  expect(await readBody(await requestBody(withoutMember(post())), 100)).toHaveLength(0);
});

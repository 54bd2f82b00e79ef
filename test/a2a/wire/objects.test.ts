import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { A2aOperationError } from '../../../src/a2a/wire/errors.js';
import type { Message, StreamResponse, Task } from '../../../src/a2a/wire/objects.js';
import {
  emit,
  emitStreamResponse,
  parseMessage,
  parseParams,
  parseStreamResponse,
  parseTask,
} from '../../../src/a2a/wire/parse.js';
import { agentMessage, bytesOfPart, rawPart, textOf, userMessage } from '../../../src/a2a/wire/parts.js';
import * as readers from '../../../src/a2a/wire/readers.js';
import * as requests from '../../../src/a2a/wire/request-readers.js';
import { isInterrupted, isTerminal } from '../../../src/a2a/wire/states.js';
import { encodeBase64 } from '../../../src/codec/base64.js';
import { codeOf, runs } from '../../codec/helpers.js';

const part = (value: unknown) => parseMessage({ messageId: 'm', role: 'ROLE_AGENT', parts: [value] }).parts[0];
const INVALID = 'ERR_A2A_INVALID_AGENT_RESPONSE';

// Every member there is, so that the compiler also holds a literal of the protocol to the types.
const TASK: Task = {
  id: 't-1',
  contextId: 'c-1',
  status: {
    state: 'TASK_STATE_WORKING',
    message: {
      messageId: 'm-1',
      contextId: 'c-1',
      taskId: 't-1',
      role: 'ROLE_AGENT',
      parts: [
        { text: 'a', metadata: { k: [1, null, { x: false }] }, filename: 'a.txt', mediaType: 'text/plain' },
        { raw: 'AAE=' },
        { url: 'https://example.com/' },
        { data: null },
      ],
      metadata: {},
      extensions: ['https://e.example/'],
      referenceTaskIds: ['t-0'],
    },
    timestamp: '2026-01-01T00:00:00.123456789Z',
  },
  artifacts: [
    {
      artifactId: 'a-1',
      name: 'n',
      description: 'd',
      parts: [{ text: '' }],
      metadata: { a: null },
      extensions: ['e'],
    },
  ],
  history: [{ messageId: 'm-0', role: 'ROLE_USER', parts: [] }],
  metadata: { __proto__: null, deep: { er: [] } } as never,
};

describe('what is read', () => {
  test('a full object comes out as it went in, afresh', () => {
    const input = structuredClone(TASK);
    const task = parseTask(Object.freeze(input));
    expect(task).toEqual(TASK);
    expect(task).not.toBe(input);
    expect(task.status).not.toBe(input.status);
  });

  test('snake_case counts where camelCase is absent, and both at once are a fault', () => {
    const snake = { task_id: 't', context_id: 'c', artifact: { artifact_id: 'a', parts: [] }, last_chunk: true };
    expect(parseStreamResponse({ artifact_update: snake })).toEqual({
      artifactUpdate: { taskId: 't', contextId: 'c', artifact: { artifactId: 'a', parts: [] }, lastChunk: true },
    });
    expect(codeOf(() => parseStreamResponse({ artifactUpdate: snake, artifact_update: snake }))).toBe(INVALID);
    expect(codeOf(() => parseTask({ ...TASK, context_id: 'c-1' }))).toBe(INVALID);
    expect(part({ text: 'a', media_type: 'x/y' })).toEqual({ text: 'a', mediaType: 'x/y' });
  });

  test('null counts as absent, defaults of implicit members as well, and unknown members are left out', () => {
    const message = { messageId: 'm', role: 'ROLE_USER', parts: [], contextId: '', taskId: null, extensions: [] };
    expect(parseMessage({ ...message, metadata: null, kind: 'message', referenceTaskIds: null })).toEqual({
      messageId: 'm',
      role: 'ROLE_USER',
      parts: [],
    });
  });

  test('names come by number as well; those nobody knows are kept', () => {
    const state = (value: unknown) => parseTask({ id: 't', status: { state: value } }).status.state;
    readers.TASK_STATES.forEach((name, number) => {
      expect(state(number)).toBe(name);
      expect(state(name)).toBe(name);
    });
    expect(state('TASK_STATE_PAUSED')).toBe('TASK_STATE_PAUSED');
    expect(state(99)).toBe('99');
    for (const value of ['', 1.5, true, {}, []]) expect(codeOf(() => state(value))).toBe(INVALID);
  });

  test('integers come as decimal text as well', () => {
    const length = (historyLength: unknown) => parseParams(requests.getTaskRequest, { id: 't', historyLength });
    expect(length('10')).toEqual({ id: 't', historyLength: 10 });
    expect(length(0)).toEqual({ id: 't', historyLength: 0 });
    expect(length(null)).toEqual({ id: 't' });
    for (const value of [-1, '-1', 1.5, '1.5', ' 1', '1e3', '', 2 ** 31, true, Number.NaN, '99999999999']) {
      expect(codeOf(() => length(value))).toBe('ERR_A2A_INVALID_PARAMS');
    }
  });

  test.each([
    '2026-01-01T00:00:00Z',
    '2026-01-01T00:00:00.1Z',
    '2026-01-01T00:00:00.123456789Z',
    '2026-01-01T01:00:00+01:00',
  ])('the timestamp %s is kept as written', (timestamp) => {
    expect(parseTask({ id: 't', status: { state: 'X', timestamp } }).status.timestamp).toBe(timestamp);
  });

  test.each(['2026-01-01', '2026-13-01T00:00:00Z', '2026-01-01T00:00:00', '2026-01-01T00:00:00.1234567890Z', 'now', 0])(
    'the timestamp %j is a fault',
    (timestamp) => {
      expect(codeOf(() => parseTask({ id: 't', status: { state: 'X', timestamp } }))).toBe(INVALID);
    },
  );

  test('[7.63] bytes come in base64 and base64url, padded or not, and are kept in one form', () => {
    for (const raw of ['-_8=', '-_8', '+/8=', '+/8', '-/8']) expect(part({ raw })).toEqual({ raw: '+/8=' });
    expect(part({ raw: '' })).toEqual({ raw: '' });
    for (const raw of ['A', 'AA=A', 'AAA===', 'A A=', 'AAAAA', 7, ['AA==']]) {
      expect(codeOf(() => part({ raw }))).toBe(INVALID);
    }
  });

  test('[7.64] data is any JSON value, null and the other empty ones included', () => {
    for (const data of [null, 0, '', false, [], {}, { a: null }]) {
      const read = part({ data });
      expect('data' in (read as object)).toBe(true);
      expect(read).toEqual({ data });
    }
    // A writer that spells out what it has not set.
    expect(part({ text: 'a', raw: null, url: null, data: null })).toEqual({ text: 'a' });
    expect(part({ text: '' })).toEqual({ text: '' });
  });

  test.each([
    [{}],
    [{ text: null }],
    [{ text: 'a', data: 1 }],
    [{ text: 'a', url: 'b' }],
    [{ text: 1 }],
    [{ text: 'a', filename: 1 }],
    [{ text: 'a', metadata: [] }],
    ['text'],
    [null],
    [[]],
  ])('%j is no part', (value) => {
    expect(codeOf(() => part(value))).toBe(INVALID);
  });

  test.each<[unknown, string]>([
    [7, 'the value must be an object'],
    [{}, 'id is required'],
    [{ ...TASK, id: '' }, 'id must not be empty'],
    [{ ...TASK, history: {} }, 'history must be an array'],
    [
      { ...TASK, history: [{ messageId: 'm', role: 'ROLE_USER', parts: [{ text: 'a' }, { raw: '?' }] }] },
      'history[0].parts[1].raw must',
    ],
    [{ ...TASK, status: { state: 'X', message: { role: 1 } } }, 'status.message.messageId is required'],
  ])('a fault names its path: %#', (value, words) => {
    expect(() => parseTask(value)).toThrow(expect.objectContaining({ message: expect.stringContaining(words) }));
  });

  test('a fault of a request is told to the client, member by member', () => {
    const request = { message: { messageId: 'm', role: 'ROLE_USER', parts: [] } };
    let error: unknown;
    try {
      parseParams(requests.sendMessageRequest, request);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(A2aOperationError);
    expect(error).toMatchObject({
      code: 'ERR_A2A_INVALID_PARAMS',
      details: [
        {
          '@type': 'type.googleapis.com/google.rpc.BadRequest',
          fieldViolations: [{ field: 'message.parts', description: 'must not be empty' }],
        },
      ],
    });
  });

  test('what a list of tasks is asked by has bounds and known states', () => {
    const asked = (request: object) => parseParams(requests.listTasksRequest, request);
    expect(asked({ pageSize: 1, status: 2 })).toEqual({ pageSize: 1, status: 'TASK_STATE_WORKING' });
    expect(asked({ pageSize: 100, status: 0, includeArtifacts: false })).toEqual({
      pageSize: 100,
      includeArtifacts: false,
    });
    for (const request of [
      { pageSize: 0 },
      { pageSize: 101 },
      { status: 'DONE' },
      { historyLength: -1 },
      { includeArtifacts: 'yes' },
    ]) {
      expect(codeOf(() => asked(request))).toBe('ERR_A2A_INVALID_PARAMS');
    }
  });

  test('members of an object’s prototype are no members', () => {
    expect(codeOf(() => parseTask({ ...TASK, status: 'constructor' }))).toBe(INVALID);
    const { metadata } = parseTask(JSON.parse('{"id":"t","status":{"state":"X"},"metadata":{"__proto__":{"a":1}}}'));
    expect(Object.keys(metadata as object)).toEqual(['__proto__']);
  });
});

describe('what is sent', () => {
  test('is the same as what is read', () => {
    expect(emit(readers.task, TASK)).toEqual(TASK);
    expect(emitStreamResponse({ task: TASK })).toEqual({ task: TASK });
  });

  test('has no undefined, no null, and base64 with padding', () => {
    const event = { message: { messageId: 'm', role: 'ROLE_AGENT', parts: [{ raw: '-_8' }], contextId: undefined } };
    expect(JSON.stringify(emitStreamResponse(event as never))).toBe(
      '{"message":{"messageId":"m","role":"ROLE_AGENT","parts":[{"raw":"+/8="}]}}',
    );
  });

  test('is told as misuse where it is none, naming the member', () => {
    const event = { statusUpdate: { taskId: 't', contextId: 'c', status: {} } };
    expect(() => emitStreamResponse(event as never)).toThrow(
      new TypeError('event.statusUpdate.status.state is required'),
    );
    expect(() => emit(readers.task, 7 as never, 'task')).toThrow(new TypeError('task must be an object'));
  });

  test('events of every kind are one of four', () => {
    const status = { state: 'TASK_STATE_WORKING' };
    const all: StreamResponse[] = [
      { task: TASK },
      { message: TASK.history?.[0] as Message },
      { statusUpdate: { taskId: 't', contextId: 'c', status } },
      { artifactUpdate: { taskId: 't', contextId: 'c', artifact: { artifactId: 'a', parts: [] }, append: true } },
    ];
    for (const event of all) expect(parseStreamResponse(JSON.parse(JSON.stringify(event)))).toEqual(event);
    expect(codeOf(() => parseStreamResponse({ ...all[0], ...all[1] }))).toBe(INVALID);
    expect(codeOf(() => parseStreamResponse({}))).toBe(INVALID);
  });
});

describe('making and reading parts', () => {
  test('[7.63] bytes of every length come back, without Buffer', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const made = rawPart(bytes);
        expect(made.raw).toBe(Buffer.from(bytes).toString('base64'));
        expect(bytesOfPart(part(JSON.parse(JSON.stringify(made)))!)).toEqual(Uint8Array.from(bytes));
        const url = part({ raw: Buffer.from(bytes).toString('base64url') })!;
        expect(bytesOfPart(url)).toEqual(Uint8Array.from(bytes));
      }),
      runs(100),
    );
    expect(bytesOfPart({ text: 'a' })).toBeUndefined();
    expect(() => rawPart('text' as never)).toThrow(TypeError);
  });

  test('[7.63] so do 5 MB', () => {
    const bytes = Uint8Array.from({ length: 5_000_000 }, (_, i) => (i * 7) % 256);
    const read = part({ raw: encodeBase64(bytes) })!;
    expect(Buffer.from(bytesOfPart(read)!).equals(bytes)).toBe(true);
  });

  test('messages get an id of their own, and keep what they are given', () => {
    const message = userMessage('hi', { taskId: 't' });
    expect(message).toMatchObject({ role: 'ROLE_USER', parts: [{ text: 'hi' }], taskId: 't' });
    expect(message.messageId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(userMessage('hi').messageId).not.toBe(message.messageId);
    expect(agentMessage([{ data: 1 }], { messageId: 'm' })).toEqual({
      messageId: 'm',
      role: 'ROLE_AGENT',
      parts: [{ data: 1 }],
    });
    expect(() => userMessage(7 as never)).toThrow(TypeError);
  });

  test('the text of a message is that of its text parts', () => {
    expect(textOf(userMessage([{ text: 'a' }, { data: 1 }, { text: 'b' }]))).toBe('ab');
    expect(textOf(undefined)).toBe('');
  });
});

test('states that end a task, and states that wait', () => {
  const terminal = ['TASK_STATE_COMPLETED', 'TASK_STATE_FAILED', 'TASK_STATE_CANCELED', 'TASK_STATE_REJECTED'];
  const interrupted = ['TASK_STATE_INPUT_REQUIRED', 'TASK_STATE_AUTH_REQUIRED'];
  for (const state of [...readers.TASK_STATES, 'TASK_STATE_NEW']) {
    expect(isTerminal(state)).toBe(terminal.includes(state));
    expect(isInterrupted(state)).toBe(interrupted.includes(state));
  }
});

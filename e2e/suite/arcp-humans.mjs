// Asking humans: questions with a schema, choices, permissions and the leases they become; and schemas of strangers.

import { codeOf, firstOf, nextOf, withBench } from './arcp-bench.mjs';
import { equal, failure, ok, refuses } from './assert.mjs';

/** @param {any} library */
export function humanCases(library) {
  const on = (use) => () => withBench(library, use);
  return [
    { name: 'ARCP: an answer that does not fit the schema is refused, and the question stays', run: on(input) },
    { name: 'ARCP: a question that expires is answered with its default', run: on(expiresWithDefault) },
    { name: 'ARCP: a question that expires without one fails its job', run: on(expires) },
    { name: 'ARCP: a choice takes what was offered, once', run: on(choice) },
    { name: 'ARCP: of two answers the first one counts', run: on(twoAnswers) },
    { name: 'ARCP: a question that is given up cancels its job', run: on(givenUp) },
    { name: 'ARCP: an answer to nothing is refused', run: on(toNothing) },
    { name: 'ARCP: a permission becomes a lease, and is not asked for again', run: on(granted) },
    { name: 'ARCP: a denied permission fails its job', run: on(denied) },
    { name: 'ARCP: a lease is prolonged, expires, and can be revoked', run: on(leases) },
    ...Object.entries(HOSTILE).map(([what, schema]) => ({
      name: `ARCP: R5: a schema ${what} is refused`,
      run: () => refuses(() => library.arcpRuntime.compileSchema(schema()), 'ERR_ARCP_INVALID_ARGUMENT'),
    })),
    { name: 'ARCP: R5: no value of a stranger keeps a schema busy for long', run: () => busy(library) },
    { name: 'ARCP: schemas judge as the draft of 2020-12 says', run: () => judged(library) },
  ];
}

async function input({ connect }) {
  const session = await connect();
  const schema = {
    type: 'object',
    properties: { metres: { type: 'number', maximum: 20 }, at: { enum: ['Bergen', 'Oslo'] } },
    required: ['metres'],
    additionalProperties: false,
  };
  const job = session.invoke('ask', { prompt: 'How high \u001b[31mexactly?', schema });
  const prompt = await nextOf(job.prompts);
  equal([prompt.kind, prompt.tool, prompt.schema], ['input', 'ask', schema]);
  ok(!prompt.text.includes('\u001b'), 'a terminal would act on the text');
  for (const bad of [null, 7, {}, { metres: '1' }, { metres: 21 }, { metres: 1, at: 'Rome' }, { metres: 1, more: 1 }]) {
    await refuses(() => prompt.answer(bad), 'ERR_ARCP_INVALID_ARGUMENT', JSON.stringify(bad));
    equal(prompt.isOpen, true);
  }
  await prompt.answer({ metres: 1.5, at: 'Bergen' });
  equal((await job.result).value, { answer: { metres: 1.5, at: 'Bergen' } });
  equal(await prompt.ended, 'answered');
  await refuses(() => prompt.answer({ metres: 2 }), 'ERR_ARCP_FAILED_PRECONDITION');
}

async function expiresWithDefault({ open }) {
  const peer = await open();
  peer.send('tool.invoke', { tool: 'ask', arguments: { expiresInMs: 30, default: 7 } });
  const request = await peer.until('human.input.request');
  equal([request.payload.default, request.payload.response_schema], [7, { type: 'integer', minimum: 0 }]);
  const response = await peer.until('human.input.response');
  equal(response.correlation_id, request.id);
  equal([response.payload.value, response.payload.responded_by], [7, 'default']);
  equal((await peer.until('job.completed')).payload.value, { answer: 7 });
}

async function expires({ connect }) {
  const session = await connect();
  for (const tool of ['ask', 'choose']) {
    const job = session.invoke(tool, { expiresInMs: 30 });
    const prompt = await nextOf(job.prompts);
    equal(await codeOf(job), 'DEADLINE_EXCEEDED', tool);
    ok(['expired', 'cancelled'].includes(await prompt.ended), tool);
    const { code } = await failure(() => (tool === 'ask' ? prompt.answer(1) : prompt.choose('ebb')));
    ok(['ERR_ARCP_DEADLINE_EXCEEDED', 'ERR_ARCP_FAILED_PRECONDITION'].includes(code), code);
  }
}

async function choice({ connect }) {
  const session = await connect();
  const job = session.invoke('choose', {});
  const prompt = await nextOf(job.prompts);
  equal(prompt.options, [
    { id: 'ebb', label: 'Ebb' },
    { id: 'flood', label: 'Flood' },
  ]);
  for (const bad of ['zzz', '', 'EBB', 'constructor']) {
    await refuses(() => prompt.choose(bad), 'ERR_ARCP_INVALID_ARGUMENT', bad);
  }
  await prompt.choose('flood');
  equal((await job.result).value, 'flood');
}

const answered = (value) => ({ value, responded_by: 'suite', responded_at: '2026-03-02T08:15:42Z' });

async function twoAnswers({ open }) {
  const peer = await open();
  peer.send('tool.invoke', { tool: 'ask', arguments: {} });
  const { id } = await peer.until('human.input.request');
  for (const value of [1, 2]) peer.send('human.input.response', answered(value), { correlation_id: id });
  equal((await peer.until('job.completed')).payload.value, { answer: 1 });
  await peer.demandAlive();
  equal(peer.types().filter((type) => type.startsWith('job.')).length, 3);
}

async function givenUp({ connect }) {
  const session = await connect();
  const job = session.invoke('ask', {});
  await (await nextOf(job.prompts)).cancel('nobody is here');
  equal(await codeOf(job), 'CANCELLED');
}

async function toNothing({ open }) {
  const peer = await open();
  peer.send('tool.invoke', { tool: 'ask', arguments: {} });
  const { id } = await peer.until('human.input.request');
  const choice = { choice_id: 'ebb', responded_by: 'suite', responded_at: '2026-03-02T08:15:42Z' };
  for (const [type, payload, fields, code] of [
    ['human.input.response', answered(1), {}, 'INVALID_ARGUMENT'],
    ['human.input.response', answered(1), { correlation_id: 'msg_nowhere' }, 'NOT_FOUND'],
    ['human.choice.response', choice, { correlation_id: id }, 'INVALID_ARGUMENT'],
    ['human.input.response', { responded_by: 'suite' }, { correlation_id: id }, 'INVALID_ARGUMENT'],
  ]) {
    const nack = await peer.answerTo(peer.send(type, payload, fields));
    equal([nack.type, nack.payload.code], ['nack', code], `${type} ${JSON.stringify(fields)}`);
  }
  peer.send('human.input.response', answered(3), { correlation_id: id });
  equal((await peer.until('job.completed')).payload.value, { answer: 3 });
}

async function granted({ connect }) {
  const session = await connect();
  const job = session.invoke('lease', {});
  const prompt = await nextOf(job.prompts);
  equal(
    [prompt.kind, prompt.permission, prompt.resource, prompt.operation, prompt.requestedLeaseSeconds],
    ['permission', 'filesystem.read', '/srv/tide', 'read', 300],
  );
  ok(prompt.text.includes('to see'), prompt.text);
  // More than was asked for is cut down to it.
  await prompt.grant(3_600);
  const { payload } = await firstOf(job.events, ({ type }) => type === 'lease.granted');
  ok(Math.abs(Date.parse(payload.expires_at) - Date.now() - 300_000) < 60_000, payload.expires_at);
  equal((await job.result).value, payload.lease_id);
  const again = session.invoke('lease', {});
  equal((await again.result).value, payload.lease_id);
}

async function denied({ connect }) {
  const job = (await connect()).invoke('lease', {});
  await (await nextOf(job.prompts)).deny('not today');
  equal(await codeOf(job), 'PERMISSION_DENIED');
}

async function leases(bench) {
  const session = await bench.connect();
  const use = () => codeOf(session.invoke('lease', { ask: false }));
  const take = async () => {
    const job = session.invoke('lease', {});
    await (await nextOf(job.prompts)).grant();
    return (await job.result).value;
  };
  equal(await use(), 'PERMISSION_DENIED');
  const lease = await take();
  equal(await use(), { value: lease });
  bench.aheadMs = 299_000;
  equal(await use(), { value: lease });
  const until = Date.parse(await session.refreshLease(lease, 60));
  ok(until - (Date.now() + bench.aheadMs) > 55_000, 'it was not prolonged');
  bench.aheadMs = 340_000;
  equal(await use(), { value: lease });
  bench.aheadMs = 400_000;
  equal(await use(), 'LEASE_EXPIRED');
  await refuses(() => session.refreshLease(lease, 60), 'ERR_ARCP_LEASE_EXPIRED');
  await refuses(() => session.refreshLease('lease_zzz', 60), 'ERR_ARCP_NOT_FOUND');
  const other = await take();
  equal(await bench.permissions.revoke(session.id, other, 'the tide turned'), true);
  equal(await use(), 'LEASE_REVOKED');
  await refuses(() => session.refreshLease(other, 60), 'ERR_ARCP_LEASE_REVOKED');
}

const nested = (levels) => (levels === 0 ? {} : { not: nested(levels - 1) });

/** Schemas of strangers: what each tries. */
const HOSTILE = {
  'that is no schema': () => 7,
  'that leaves for another host': () => ({ $ref: 'https://attacker.example/schema.json' }),
  'that refers to itself': () => ({ $ref: '#' }),
  'that refers in a circle through allOf': () => ({ allOf: [{ $ref: '#' }] }),
  'that refers to an inherited member': () => ({ $ref: '#/constructor' }),
  'with a regular expression': () => ({ pattern: '^(a+)+$' }),
  'with a regular expression deep inside': () => ({ properties: { a: { items: { anyOf: [{ pattern: 'a' }] } } } }),
  'with regular expressions for names': () => ({ patternProperties: { '^(a+)+$': true } }),
  'with a dynamic reference': () => ({ $dynamicRef: '#node' }),
  'with an id inside': () => ({ properties: { a: { $id: 'https://attacker.example/' } } }),
  'of an older draft': () => ({ items: [{ type: 'string' }] }),
  'that is 33 levels deep': () => nested(33),
  'longer than 64 KiB': () => ({ description: 'a'.repeat(65_536) }),
  'of two thousand schemas': () => ({ anyOf: Array.from({ length: 2_000 }, () => ({})) }),
  'with marks of the validator': () => ({ $ref: '#/$defs/a', __absolute_ref__: '#/x', $defs: {} }),
};

async function busy({ arcpRuntime }) {
  const levels = Array.from({ length: 5 }, (_, i) => [
    `a${i}`,
    { anyOf: Array.from({ length: 12 }, () => ({ $ref: `#/$defs/a${i + 1}` })) },
  ]);
  const fan = { $ref: '#/$defs/a0', $defs: { ...Object.fromEntries(levels), a5: { type: 'string' } } };
  const { check } = await arcpRuntime.compileSchema(fan);
  ok(check(1) !== undefined, 'twelve to the fifth were tried');
}

async function judged({ arcpRuntime }) {
  const table = [
    [{ type: ['integer', 'null'] }, [1, null, 2.0], ['1', 1.5, true]],
    [{ multipleOf: 0.5 }, [1, 1.5], [1.2]],
    [{ minLength: 2, maxLength: 2 }, ['ab', '\u{1f30a}\u{1f30a}', 7], ['a', '\u{1f30a}', 'abc']],
    [{ const: { a: [1] } }, [{ a: [1] }], [{ a: [1, 2] }, {}]],
    [{ prefixItems: [{ type: 'string' }], items: false }, [[], ['a'], 1], [[1], ['a', 'b']]],
    [{ contains: { const: 1 }, maxContains: 1 }, [[1], [0, 1]], [[], [1, 1]]],
    [{ dependentRequired: { a: ['b'] } }, [{}, { a: 1, b: 1 }], [{ a: 1 }]],
    [{ oneOf: [{ type: 'number' }, { minimum: 3 }] }, [1, 'a'], [3]],
    [{ if: { required: ['a'] }, else: { required: ['b'] } }, [{ a: 1 }, { b: 1 }], [{}]],
    [
      { $ref: '#/$defs/n', $defs: { n: { properties: { n: { $ref: '#/$defs/n' } }, required: ['v'] } } },
      [{ v: 1, n: { v: 2 } }],
      [{ v: 1, n: {} }],
    ],
    [{ propertyNames: { maxLength: 1 } }, [{ a: 1 }], [{ ab: 1 }]],
    [true, [1, null], []],
    [false, [], [1, null]],
  ];
  for (const [schema, good, bad] of table) {
    const { check } = await arcpRuntime.compileSchema(schema);
    for (const value of good) equal(check(value), undefined, `${JSON.stringify(schema)} ${JSON.stringify(value)}:`);
    for (const value of bad) ok(check(value) !== undefined, `${JSON.stringify(schema)} took ${JSON.stringify(value)}`);
  }
}

// The callee's handshake: whom it refuses unheard, what ends it early, and in which order it does things.

import { describe, expect, test, vi } from 'vitest';
import type { RespondOptions } from '../../src/channel/respond.js';
import type { Identity } from '../../src/identity/identity.js';
import { ScriptedPeer } from '../../src/testing/scripted-peer.js';
import { memoryPair, memoryTransports } from '../../src/transport/memory.js';
import cases from '../../vectors/did-key/edge-cases.json' with { type: 'json' };
import { countedSignal } from '../support/counted-signal.js';
import { settle } from '../support/frame-peer.js';
import { alice, answering, bob, code, mallory, suite } from '../support/handshake.js';

const never = () => new Promise<never>(() => {});

describe('F2, N8, N9: a caller by a name that is no strict did:key is refused unheard', () => {
  const names: [string, string][] = [
    ['nothing', ''],
    ['any text', 'not-a-did-at-all'],
    ['a fragment', `${alice.did}#key-1`],
    ['a query', `${alice.did}?service=x`],
    ['a path', `${alice.did}/x`],
    ['a space behind it', `${alice.did} `],
    ['a space before it', ` ${alice.did}`],
    ['a line feed behind it', `${alice.did}\n`],
    ['upper case', alice.did.toUpperCase()],
    ['upper case in front', alice.did.replace('did:key', 'DID:key')],
    ['lower case', alice.did.toLowerCase()],
    ['one more 1 in front of the key', alice.did.replace('did:key:z', 'did:key:z1')],
    ['65,539 characters', `did:key:z${'6'.repeat(65_530)}`],
    ['65,539 bytes whose length is 3 in sixteen bits', 'x'.repeat(65_539)],
    ['a million characters', 'did:key:z6Mk'.padEnd(1_000_000, 'a')],
    ...cases.refusedText
      .filter(({ repeat }) => repeat === undefined)
      .map(({ why, did }): [string, string] => [`vector: ${why}`, did]),
  ];

  test.each(names)('%s', async (_, callerDid) => {
    const [near, far] = memoryTransports();
    const got: unknown[] = [];
    near.receive((message) => got.push(message));
    near.send(new Uint8Array(48));
    const agree = vi.fn(bob.agree);
    const admit = vi.fn(never);
    const answer = answering(
      { transport: far, callerDid, subprotocol: 'agent-phone.v1' },
      { identity: { ...bob, agree }, admit },
    );
    await expect(answer).rejects.toEqual(code('ERR_IDENTITY_DID'));
    expect(await near.closed).toMatchObject({ code: 1008, reason: '' });
    expect(got).toEqual([]);
    expect(agree).not.toHaveBeenCalled();
    expect(admit).not.toHaveBeenCalled();
  });
});

describe('the order of things', () => {
  test('admission comes after message 1 and before any key is touched; message 2 waits for nothing else', async () => {
    const done: string[] = [];
    const identity: Identity = {
      ...bob,
      agree: (key) => {
        done.push('agree');
        return bob.agree(key);
      },
      sign: never,
    };
    let admitted = () => {};
    const admit = () => {
      done.push('admit');
      return new Promise<void>((resolve) => {
        admitted = resolve;
      });
    };
    const [near, far] = memoryPair();
    const answer = answering(far, { identity, admit });
    await settle();
    expect(done).toEqual([]);
    const peer = new ScriptedPeer({ identity: alice, suite });
    const dialling = peer.dial(near, bob.did);
    await settle();
    expect(done).toEqual(['admit']);
    admitted();
    expect(await dialling).toBe('ready');
    await answer;
    expect(done).toEqual(['admit', 'agree']);
  });

  test('who is not admitted gets no message 2', async () => {
    const refusal = new Error('not today');
    const [near, far] = memoryPair();
    const peer = new ScriptedPeer({ identity: alice, suite });
    const dialling = peer.dial(near, bob.did);
    await expect(answering(far, { admit: () => Promise.reject(refusal) })).rejects.toBe(refusal);
    expect(await dialling).toBe('ended');
    expect(peer.handshake).toHaveLength(1);
    expect(await peer.closed).toMatchObject({ code: 1008, reason: '' });
  });
});

/** Stages at which a handshake can be interrupted, and how to get there and no further. */
const STAGES: [string, Partial<RespondOptions>, heard: number][] = [
  ['awaiting message 1', {}, 0],
  ['waiting for admission', { admit: never }, 1],
  ['during the agreement with message 1, by a wallet that hangs', { identity: { ...bob, agree: never } }, 1],
  ['while the suite is loaded', { suite: never }, 1],
  ['awaiting message 3', {}, 1],
  [
    'during the last agreement',
    {
      suite: {
        ...suite,
        generateKeyPair: async () => {
          const pair = await suite.generateKeyPair();
          let agreements = 0;
          return { ...pair, agree: (key: Uint8Array) => (agreements++ === 0 ? pair.agree(key) : never()) };
        },
      },
    },
    3,
  ],
];

/** Brings a handshake to a stage. */
async function at(heard: number, options: Partial<RespondOptions>, signal: AbortSignal) {
  const [near, far] = memoryPair();
  const silence = { kind: 'silence', message: heard === 0 ? 1 : 3 } as const;
  const peer = new ScriptedPeer({ identity: alice, suite, misbehaviours: heard === 3 ? [] : [silence] });
  const dialling = peer.dial(near, bob.did);
  const answer = answering(far, { ...options, signal });
  answer.catch(() => {});
  await settle();
  return { peer, answer, dialling };
}

describe('abort: at every point the reason comes through, and nothing stays behind', () => {
  test.each(STAGES)('%s', async (_, options, heard) => {
    const reason = { why: 'not an error at all' };
    const counted = countedSignal();
    const { peer, answer } = await at(heard, options, counted.signal);
    counted.abort(reason);
    await expect(answer).rejects.toBe(reason);
    expect(await peer.closed).toMatchObject({ code: 1008, reason: '' });
    await settle();
    expect(counted.listeners).toBe(0);
    expect(peer.frames).toEqual([]);
  });

  test('before it begins: the connection is closed', async () => {
    const [near, far] = memoryTransports();
    const incoming = { transport: far, callerDid: alice.did, subprotocol: 'agent-phone.v1' };
    await expect(answering(incoming, { signal: AbortSignal.abort('no') })).rejects.toBe('no');
    expect(await near.closed).toMatchObject({ code: 1008, reason: '' });
  });

  test('after it is over: the channel stands', async () => {
    const [near, far] = memoryPair();
    const controller = new AbortController();
    const peer = new ScriptedPeer({ identity: alice, suite });
    const [channel] = await Promise.all([answering(far, { signal: controller.signal }), peer.dial(near, bob.did)]);
    controller.abort();
    channel.receive(() => {});
    channel.write(() => 0);
    expect((await peer.next()).plaintext).toEqual(new Uint8Array(0));
  });
});

describe('a caller that goes away is not waited for', () => {
  test.each(STAGES)('%s', async (_, options, heard) => {
    let admission: AbortSignal | undefined;
    const watched =
      options.admit === undefined
        ? options
        : {
            ...options,
            admit: (signal: AbortSignal) => {
              admission = signal;
              return never();
            },
          };
    const { peer, answer } = await at(heard, watched, new AbortController().signal);
    peer.abort();
    await expect(answer).rejects.toEqual(code('ERR_CHANNEL_REFUSED'));
    if (options.admit !== undefined) expect(admission?.reason).toEqual(code('ERR_CHANNEL_REFUSED'));
  });
});

describe('what else may fail', () => {
  test('our own identity: its error, and the caller is not called an impostor', async () => {
    const locked = new Error('the wallet is locked');
    const [near, far] = memoryPair();
    const peer = new ScriptedPeer({ identity: alice, suite });
    const dialling = peer.dial(near, bob.did);
    const identity = { ...bob, agree: () => Promise.reject(locked) };
    await expect(answering(far, { identity })).rejects.toBe(locked);
    expect(await dialling).toBe('ended');
  });

  test('the suite cannot be loaded: its error', async () => {
    const broken = new Error('no such file');
    const [near, far] = memoryPair();
    const peer = new ScriptedPeer({ identity: alice, suite });
    const dialling = peer.dial(near, bob.did);
    await expect(answering(far, { suite: () => Promise.reject(broken) })).rejects.toBe(broken);
    expect(await dialling).toBe('ended');
  });

  test('an identity by another name than its key: nobody can call it', async () => {
    const [near, far] = memoryPair();
    const peer = new ScriptedPeer({ identity: alice, suite });
    const dialling = peer.dial(near, mallory.did);
    await expect(answering(far, { identity: { ...bob, did: mallory.did } })).rejects.toEqual(
      code('ERR_CHANNEL_IMPOSTOR'),
    );
    expect(await dialling).toBe('ended');
  });
});

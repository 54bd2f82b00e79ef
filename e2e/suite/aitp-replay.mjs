// The memory of message identifiers, over a store: one that several programs share, and that outlives them.

import { handshakeOptions } from './aitp-agents.mjs';
import { NOW, refusedAs } from './aitp-session.mjs';
import { equal, refuses } from './assert.mjs';

/**
 * @param {any} library @param {string} name @param {() => any} create A store on empty data.
 * @param {(store: any) => any} again The same data, opened once more.
 */
export function replayCases(library, name, create, again) {
  const { aitp } = library;
  return [
    {
      name: `${name}: of many that record a key at once, one is first`,
      async run() {
        const store = create();
        const [near, far] = [store, again(store)].map((one) => aitp.storedReplayStore(one, { now: () => NOW }));
        const answers = await Promise.all(
          Array.from({ length: 16 }, (_, i) => (i % 2 === 0 ? near : far).addIfAbsent('a message', NOW + 300)),
        );
        equal(answers.filter((first) => first).length, 1);
        equal([await near.has('a message'), await far.has('a message'), await far.has('another')], [true, true, false]);
      },
    },
    {
      name: `${name}: what has expired is forgotten, what has not stays, and beyond the bound nothing is taken`,
      async run() {
        const clock = { sec: NOW };
        const memory = aitp.storedReplayStore(create(), { now: () => clock.sec, maxEntries: 3 });
        for (const key of ['a', 'b']) equal(await memory.addIfAbsent(key, NOW + 10), true);
        equal(await memory.addIfAbsent('c', NOW + 20), true);
        await refuses(() => memory.addIfAbsent('d', NOW + 20), 'ERR_LIMIT_EXCEEDED');
        clock.sec = NOW + 10;
        equal([await memory.has('a'), await memory.has('c'), await memory.sweep()], [false, true, 1]);
        equal([await memory.addIfAbsent('a', NOW + 20), await memory.addIfAbsent('c', NOW + 30)], [true, false]);
      },
    },
    {
      name: `${name}: a message that was taken is a replay for whoever opens the store next`,
      async run() {
        const store = create();
        const now = () => NOW;
        const { signer } = await handshakeOptions(library, { name: 'a sender', suite: 'ed25519', now });
        const message = await aitp.buildRefusal('POLICY_VIOLATION', { signer, now });
        const verify = (over) => aitp.verifyEnvelope(message, { now, replay: aitp.storedReplayStore(over, { now }) });
        equal((await verify(store)).sender, signer.aid);
        await refusedAs(library, 'REPLAY_DETECTED', () => verify(again(store)));
      },
    },
  ];
}

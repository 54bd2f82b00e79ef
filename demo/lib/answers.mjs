// @ts-check
// What the agent has to say. It is no oracle; it knows who is asking, and what the line promises.

/** Characters of a key that people compare. @param {string} did */
const tail = (did) => did.slice(-6);

/** @type {readonly (readonly [RegExp, (callerDid: string, ownDid: string) => string])[]} */
const ANSWERS = [
  [
    /who am i/i,
    (caller) =>
      `You are whoever holds the key that ends in ${tail(caller)}. You proved that in the third message, and I did ` +
      'not have to ask anybody else.',
  ],
  [
    /who are you|your name/i,
    (_caller, own) =>
      `An agent, a small one. My key ends in ${tail(own)}. You knew that before you dialled, or I could not have answered.`,
  ],
  [
    /hear|listen|read|private|secret/i,
    () =>
      'They can hear that we talk, and how much, and when. Not one word of it. The keys of this call were made for it ' +
      'and die with it.',
  ],
  [/time|clock/i, () => `My clock says ${new Date().toISOString().slice(11, 19)} UTC. Yours may have its own opinion.`],
  [/trust/i, () => 'You may trust my name: it is a key. Whether to trust my judgement is your own affair.'],
  [/hello|hi\b|good (morning|day|evening)/i, (caller) => `Hello, you with the key ending in ${tail(caller)}.`],
];

/**
 * Answers a question.
 *
 * @param {string} question
 * @param {string} callerDid As the handshake proved it.
 * @param {string} ownDid
 */
export function answer(question, callerDid, ownDid) {
  for (const [pattern, say] of ANSWERS) if (pattern.test(question)) return say(callerDid, ownDid);
  return 'I am a demonstration and know very little. Ask me who you are, who I am, or who can hear us.';
}

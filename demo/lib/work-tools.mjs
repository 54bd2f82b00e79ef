// @ts-check
// What the agent can be put to work with: a dinner that is planned together, and a stock that takes far too long.

import { setTimeout as sleep } from 'node:timers/promises';
import { ArcpError } from 'ringline/arcp';
import { invitation } from './work-invitation.mjs';

/** Words of one phrase. */
const PHRASE_WORDS = 3;

/**
 * How fast the agent works: between two phrases of a thought, and between two looks into the pot.
 *
 * @typedef {{ phraseMs: number, simmerMs: number }} Pace
 */

/** A pace that people can follow. @type {Pace} */
const PACE = { phraseMs: 110, simmerMs: 250 };

/** Longest a question waits before the agent goes on without an answer, or gives up. */
const PATIENCE_MS = 5 * 60_000;

/** Lease that is asked for. */
const LEASE_SECONDS = 5 * 60;

const KITCHENS = /** @type {const} */ ({
  Garden: [
    { id: 'aubergine', label: 'Aubergine, smoked over the flame' },
    { id: 'risotto', label: 'Risotto of the first peas' },
    { id: 'galette', label: 'A galette of onions and walnuts' },
  ],
  Sea: [
    { id: 'bream', label: 'Sea bream in a crust of salt' },
    { id: 'mussels', label: 'Mussels with saffron' },
    { id: 'chowder', label: 'A chowder, and bread to go with it' },
  ],
  Oven: [
    { id: 'chicken', label: 'A chicken with forty cloves of garlic' },
    { id: 'lasagne', label: 'Lasagne, as it was at home' },
    { id: 'ham', label: 'Ham in a crust of bread' },
  ],
});

/** What the agent wants to know: the schema is all a client gets to make a form of. */
const WISHES = {
  type: 'object',
  properties: {
    host: { title: 'In whose name?', type: 'string', minLength: 1, maxLength: 40 },
    guests: { title: 'How many will there be?', type: 'integer', minimum: 1, maximum: 12 },
    kitchen: { title: 'From where?', enum: Object.keys(KITCHENS) },
    wine: { title: 'Wine with it', type: 'boolean' },
  },
  required: ['host', 'guests', 'kitchen', 'wine'],
  additionalProperties: false,
};

/** The answer where nobody gives one. */
const NO_WISHES = { host: 'Nobody in particular', guests: 6, kitchen: 'Garden', wine: true };

/**
 * The tools.
 *
 * @param {(event: { name: 'job-left', tool: string, why: string }) => void} tell
 * @param {Pace} [pace]
 * @returns {import('ringline/arcp').Tool[]}
 */
export function workTools(tell, pace = PACE) {
  return [
    {
      name: 'whoami',
      description: 'Says by what name the caller is known.',
      handler: (_args, { principal }) => ({ principal }),
    },
    {
      name: 'dinner.plan',
      description: 'Plans a dinner: asks, lets choose, and orders what it is allowed to.',
      handler: (_args, context) => planDinner(context, pace.phraseMs),
    },
    {
      name: 'stock.simmer',
      description: 'Simmers a stock for six hours.',
      async handler(_args, context) {
        const startedAt = performance.now();
        try {
          for (let percent = 0; percent <= 100; percent++) {
            context.progress(percent, `${((percent * 6) / 100).toFixed(1)} of 6 hours`);
            await sleep(pace.simmerMs, undefined, { signal: context.signal });
          }
          return { litres: 2 };
        } finally {
          // A cancel gets here wherever the work was; the client still hears what is said now.
          context.log('info', 'The pot is off the heat.', { after_ms: Math.round(performance.now() - startedAt) });
          tell({ name: 'job-left', tool: 'stock.simmer', why: context.signal.aborted ? 'cancelled' : 'done' });
        }
      },
    },
  ];
}

/** @param {import('ringline/arcp').ToolContext} context @param {number} phraseMs */
async function planDinner(context, phraseMs) {
  const think = (/** @type {string} */ text) => thinkAloud(context, text, phraseMs);
  context.progress(0, 'Looking at Friday');
  await think('Friday, 20:00, dinner for six. The oven is free from five, and the market closes at noon.');
  await context.thought('Two of the guests are not on speaking terms since the spring.', {
    redacted: true,
    summary: 'who should not sit beside whom',
  });
  context.progress(15, 'Asking what you would like');

  const wishes = /** @type {typeof NO_WISHES} */ (
    await context.requestInput({
      prompt: 'Before I plan anything: what shall it be?',
      schema: WISHES,
      default: NO_WISHES,
      expiresInMs: PATIENCE_MS,
    })
  );
  const options = KITCHENS[/** @type {keyof typeof KITCHENS} */ (wishes.kitchen)];
  context.progress(30, `For ${wishes.guests}, from the ${wishes.kitchen.toLowerCase()}`);
  await think(
    `${wishes.guests} at the table, in the name of ${wishes.host}. Three dishes would do, and each of them can be ready by eight.`,
  );
  context.progress(45, 'Three dishes to choose from');

  const dishId = await context.requestChoice({
    prompt: 'Which of these?',
    options,
    expiresInMs: PATIENCE_MS,
  });
  const dish = options.find(({ id }) => id === dishId)?.label ?? dishId;
  context.progress(60, dish);
  await think(`Then ${dish.toLowerCase()}. What is missing in the house can be had at the market tomorrow.`);

  const ordered = await order(context, dish, wishes.guests);
  context.progress(85, ordered ? 'Ordered. Writing the invitation' : 'Not ordered. Writing the invitation');
  await think('An invitation, then, with the hour and the dish on it. Nobody should have to ask.');
  const card = await context.artifact(new TextEncoder().encode(invitation({ ...wishes, dish, ordered })), {
    mediaType: 'text/html; charset=utf-8',
    retainSeconds: 3_600,
  });
  context.progress(100, 'Done');
  return { dish, guests: wishes.guests, ordered, invitation: card.artifact_id };
}

/**
 * Orders at the market, under a lease or not at all.
 *
 * @param {import('ringline/arcp').ToolContext} context @param {string} dish @param {number} guests
 */
async function order(context, dish, guests) {
  const scope = { permission: 'market.order', resource: 'market:saturday', operation: 'order' };
  context.progress(70, 'Asking for leave to order');
  try {
    const { id } = await context.requestPermission({
      ...scope,
      reason: `the ingredients for ${guests}, at most 80 euros`,
      leaseSeconds: LEASE_SECONDS,
      expiresInMs: PATIENCE_MS,
    });
    // Whatever is done in somebody's name looks for its lease right before.
    await context.requireLease(scope);
    context.log('info', 'Ordered at the market, under the lease.', { lease_id: id, dish });
    return true;
  } catch (error) {
    if (!(error instanceof ArcpError) || error.code !== 'ERR_ARCP_PERMISSION_DENIED') throw error;
    context.log('warn', 'Nothing was ordered: there is no lease for it.');
    return false;
  }
}

/**
 * Thinks aloud, a few words at a time.
 *
 * @param {import('ringline/arcp').ToolContext} context @param {string} text @param {number} phraseMs
 */
async function thinkAloud(context, text, phraseMs) {
  const words = text.split(' ');
  for (let at = 0; at < words.length; at += PHRASE_WORDS) {
    await context.thought(words.slice(at, at + PHRASE_WORDS).join(' '));
    await sleep(phraseMs, undefined, { signal: context.signal });
  }
}

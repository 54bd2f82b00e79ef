// A question of a job, and whatever it takes to answer it: a form out of its schema, a button for each choice, or leave to be
// given for a while. What it says is a stranger's and is shown as text; who asks is shown beside it.

import type { ChoicePrompt, InputPrompt, PermissionPrompt, Prompt, PromptEnd } from 'ringline/arcp/client';
import { codeOf } from '../explain.js';
import { make, onPress } from '../ui/dom.js';
import { drawFingerprint } from '../ui/fingerprint.js';
import { shortDid } from '../ui/format.js';
import { drawForm } from './form.js';
import { plain } from './plain.js';
import { wordsFor } from './words.js';

const times = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', hour12: false });

/** Lease where the job does not say. */
const LEASE_SECONDS = 300;

/** How long nothing is said of an answer that was sent and not heard of. */
const WAITING_MS = 700;

/** What became of a question. */
export interface Settled {
  readonly stamp: string;
  readonly good: boolean;
  /** How it was answered, in a few words; empty where it was not. */
  readonly words: string;
  /** When that was, before the agent could take notice: by the page's own clock. */
  readonly atMs: number;
}

const ENDED: Readonly<Record<PromptEnd, string>> = {
  answered: 'Answered',
  cancelled: 'Withdrawn',
  expired: 'Too late',
};

/**
 * Draws a question.
 *
 * @param agentDid Whom we dialled: the only one whose questions we expect.
 * @param onSettled Called once.
 */
export function drawQuestion(prompt: Prompt, agentDid: string, onSettled: (settled: Settled) => void): HTMLElement {
  const trouble = make('p', 'outcome failed');
  trouble.setAttribute('role', 'alert');
  const onItsWay = make('p', 'note');
  onItsWay.setAttribute('role', 'status');
  let ended: PromptEnd | undefined;
  let isSending = false;
  const over = (how: PromptEnd) => onSettled({ stamp: ENDED[how], good: false, words: '', atMs: performance.now() });
  /** Answers once, and says what went wrong; the question stays where it may. */
  const settle = async (send: () => Promise<void>, words: string) => {
    if (isSending) return;
    isSending = true;
    trouble.textContent = '';
    const atMs = performance.now();
    const waiting = setTimeout(() => {
      onItsWay.textContent = 'On its way: it arrives as soon as the line is back.';
    }, WAITING_MS);
    try {
      await send();
      onSettled({ stamp: ENDED.answered, good: true, words, atMs });
    } catch (error) {
      isSending = false;
      if (ended !== undefined) return over(ended);
      trouble.textContent = `${wordsFor(error)} ${codeOf(error)}`;
    } finally {
      clearTimeout(waiting);
      onItsWay.textContent = '';
    }
  };
  // The runtime tells everybody that a question is settled, whoever settled it.
  void prompt.ended.then((how) => {
    ended = how;
    if (!isSending) over(how);
  });
  // A permission is put in our words: what is granted are the three below them, letter for letter.
  const text = prompt.kind === 'permission' ? 'May it do this in your name?' : plain(prompt.text, 600);
  const box = make('section', 'question', drawAsker(prompt, agentDid), make('p', 'question-text', text));
  box.setAttribute('aria-label', `The agent asks: ${plain(prompt.text, 200)}`);
  box.dataset.kind = prompt.kind;
  switch (prompt.kind) {
    case 'input':
      box.append(drawInput(prompt, settle));
      break;
    case 'choice':
      box.append(drawChoice(prompt, settle));
      break;
    default:
      box.append(...drawPermission(prompt, settle));
  }
  box.append(onItsWay, trouble);
  return box;
}

type Settle = (send: () => Promise<void>, words: string) => Promise<void>;

/** Who asks. The runtime says so; that it is the one we dialled, the line has proved. */
function drawAsker({ agent, tool = '', expiresAtMs }: Prompt, agentDid: string): HTMLElement {
  const isDialled = agent === agentDid;
  const ring = make('span', 'question-ring', ...(isDialled ? [drawFingerprint(agent)] : []));
  const who = isDialled ? make('span', 'mono', shortDid(agent)) : make('span', 'failed', 'somebody you did not dial');
  const until = expiresAtMs === undefined ? '' : `, until ${times.format(expiresAtMs)}`;
  return make('p', 'question-asker', ring, make('span', '', who, ` asks for ${plain(tool, 40)}${until}`));
}

function drawInput(prompt: InputPrompt, settle: Settle): HTMLElement {
  const form = drawForm(prompt.schema, prompt.default, (answer) =>
    settle(() => prompt.answer(answer), plain(sayAnswer(answer), 120)),
  );
  if (prompt.default !== undefined) {
    form.append(make('p', 'note', 'If nobody answers, the agent goes on with what the form began with.'));
  }
  return form;
}

function drawChoice({ options, choose }: ChoicePrompt, settle: Settle): HTMLElement {
  const buttons = options.slice(0, 24).map(({ id, label }) => {
    const button = make('button', 'button choice-button', plain(label, 120));
    button.type = 'button';
    onPress(button, () => settle(() => choose(id), plain(label, 120)));
    return button;
  });
  return make('div', 'choices', ...buttons);
}

function drawPermission(prompt: PermissionPrompt, settle: Settle): HTMLElement[] {
  const { permission, resource, operation, requestedLeaseSeconds: seconds = LEASE_SECONDS } = prompt;
  const fact = (name: string, value: string, className = 'mono') =>
    make('div', '', make('dt', '', name), make('dd', className, plain(value, 300)));
  const grant = make('button', 'button primary', `Grant it for ${formatSeconds(seconds)}`);
  const deny = make('button', 'button danger', 'Deny it');
  for (const button of [grant, deny]) button.type = 'button';
  onPress(grant, () =>
    settle(() => prompt.grant(seconds), `Granted ${plain(permission, 60)} for ${formatSeconds(seconds)}.`),
  );
  onPress(deny, () => settle(() => prompt.deny('not today'), `Denied ${plain(permission, 60)}.`));
  return [
    make(
      'dl',
      'facts',
      fact('Permission', permission),
      fact('Operation', operation),
      fact('On', resource),
      fact('It says', prompt.text, ''),
    ),
    make('div', 'row', grant, deny),
  ];
}

function sayAnswer(answer: unknown): string {
  if (typeof answer !== 'object' || answer === null) return String(answer);
  return Object.entries(answer)
    .map(([name, value]) => `${name} ${value === true ? 'yes' : value === false ? 'no' : String(value)}`)
    .join(', ');
}

function formatSeconds(seconds: number): string {
  if (seconds < 120) return `${seconds} seconds`;
  return `${Math.round(seconds / 60)} minutes`;
}

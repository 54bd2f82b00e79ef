// The card of the agent: found, verified, spoiled, called from; and one of our own.

import type { FoundCard, VerifiedCard } from '../agent-card.js';
import type { App } from '../app.js';
import { codeOf, explain, wireCodeOf } from '../explain.js';
import { control, make, onPress, slot } from '../ui/dom.js';
import { drawFingerprint } from '../ui/fingerprint.js';
import { formatBytes, formatMs } from '../ui/format.js';
import { type TextChange, textChange } from '../ui/text-change.js';
import { drawVerdict, type Fact, type Verdict } from '../ui/verdict.js';
import { Value } from '../value.js';

/** Canonical forms that signers use, in words. */
const PROFILES: Readonly<Record<string, string>> = {
  spec: 'the form that the specification lays down',
  sdk: 'the form of the official SDKs',
  raw: 'the card as it stands',
};

const WORDS = 'Hello from the card';

const CALL_HINT = 'The card is all it takes: it names the phone, and the key that has to answer.';

/** What a third party might add, where everything else is signed. */
const PRAISE = '\n  "rating": "five stars",';

const cards = () => import('../agent-card.js');

/** Brings the section `#card` to life. */
export function mountCard(app: App): void {
  const found = new Value<FoundCard | undefined>(undefined);
  slot('card-asked').textContent = `${location.host}/.well-known/agent-card.json`;
  onPress(control('find'), () => find(app, found));
  onPress(control('card-call'), () => callFrom(app, found.current));
  found.watch(showFound);
  mountEdit(app, found);
  mountSign(app);
}

// Finding

async function find({ directory }: App, found: Value<FoundCard | undefined>): Promise<void> {
  const place = slot('card-verdict');
  place.replaceChildren(make('p', 'verdict-wait', 'Asking.'));
  try {
    const card = await (await cards()).findCard(location.origin, directory.agent.did);
    found.set(card);
    place.replaceChildren(...drawVerdict(praise(card)));
  } catch (error) {
    found.set(undefined);
    place.replaceChildren(...drawVerdict(refusal(error)));
  }
}

function praise({ verified, url, bytes, tookMs }: FoundCard): Verdict {
  return {
    good: true,
    stamp: 'Verified',
    when: `found and verified in ${formatMs(tookMs)}`,
    why: "The agent's own key signed it, the one you dial. Nothing in it was changed since.",
    facts: [...factsOf(verified), ['Found', `${formatBytes(bytes)} at ${new URL(url).host}`, 'plain']],
  };
}

function showFound(found: FoundCard | undefined): void {
  slot('agent-card').hidden = found === undefined;
  slot('card-call').hidden = found === undefined;
  sayCall(CALL_HINT);
  if (found === undefined) return;
  const { card, key } = found.verified;
  slot('agent-card-ring').replaceChildren(drawFingerprint(key.did ?? ''));
  slot('agent-card-name').textContent = card.name;
  slot('agent-card-description').textContent = card.description;
  slot('agent-card-skills').replaceChildren(
    ...card.skills.map(({ name, description }) => make('li', '', make('b', '', name), make('span', '', description))),
  );
  slot('agent-card-places').replaceChildren(
    ...card.supportedInterfaces.map(({ url, protocolBinding, protocolVersion }) => {
      const binding = protocolBinding.startsWith('urn:ringline:agent-phone:') ? 'Phone' : protocolBinding;
      // The name in the fragment is shown as the signer's already.
      const [address = ''] = url.split('#', 1);
      return make('li', '', make('span', 'mono', address), make('span', 'tag', `${binding} ${protocolVersion}`));
    }),
  );
}

/** Who signed a card, in which form, and how much of it. */
function factsOf({ alg, key, profile, uncovered }: VerifiedCard): Fact[] {
  const all = uncovered.length === 0;
  return [
    ['Signed by', key.did ?? 'a key without a name'],
    ['Signature', alg, 'plain'],
    ['Profile', `${profile}, ${PROFILES[profile] ?? 'a form some signers use'}`, 'plain'],
    ['Covered', all ? 'Everything it says' : `Everything but ${uncovered.join(', ')}`, 'plain'],
  ];
}

function refusal(error: unknown): Verdict {
  const { pointer } = error as { pointer?: string };
  const all: Fact[] = [
    ['Reason', wireCodeOf(error)],
    ['At', pointer ?? ''],
    ['Error', codeOf(error)],
  ];
  const facts = all.filter(([, value]) => value !== '');
  return { good: false, stamp: 'Not verified', why: explain(error), facts };
}

// Calling

async function callFrom(app: App, found: FoundCard | undefined): Promise<void> {
  const { identity } = app;
  if (identity === undefined || found === undefined) return;
  sayCall('Dialling.');
  try {
    const { said, readyMs, echoMs } = await (await cards()).echoFromCard(identity, found.verified, WORDS);
    const ready = `Connected in ${formatMs(readyMs)} to the key that signed the card.`;
    sayCall(`${ready} \u201c${said}\u201d came back in ${formatMs(echoMs)}.`, 'held');
  } catch (error) {
    sayCall(`${explain(error)} ${codeOf(error)}`.trim(), 'failed');
  }
}

function sayCall(words: string, outcome: 'held' | 'failed' | 'open' = 'open'): void {
  const place = slot('card-call-outcome');
  place.textContent = words;
  place.className = `outcome ${outcome}`;
}

// Spoiling

function mountEdit({ directory }: App, found: Value<FoundCard | undefined>): void {
  const area = document.querySelector<HTMLTextAreaElement>('#card-text') as HTMLTextAreaElement;
  const restore = control('card-restore');
  let original = '';
  let latest = 0;

  const check = async (): Promise<void> => {
    const mine = ++latest;
    const text = area.value;
    const change = textChange(original, text);
    restore.disabled = change === undefined;
    const verdict = await judge(text, directory.agent.did, change);
    // Somebody has typed on meanwhile.
    if (mine !== latest) return;
    const drawn = drawVerdict(verdict);
    if (change !== undefined) drawn.splice(2, 0, drawChange(change, verdict.good));
    slot('card-edit-verdict').replaceChildren(...drawn);
  };
  const put = (text: string): Promise<void> => {
    area.value = text;
    const { offset = 0 } = textChange(original, text) ?? {};
    // Lines are about equally long, which is near enough to bring the change into sight.
    area.scrollTop = (offset / Math.max(1, text.length)) * area.scrollHeight - area.clientHeight / 2;
    return check();
  };

  area.addEventListener('input', () => void check());
  onPress(control('card-change'), () => put(moveThePhone(original)));
  onPress(control('card-add'), () => put(original.replace('{', `{${PRAISE}`)));
  onPress(restore, async () => {
    await put(original);
    // The button that had the focus is off now.
    control('card-change').focus({ preventScroll: true });
  });
  found.watch((card) => {
    slot('card-edit').hidden = card === undefined;
    slot('card-edit-empty').hidden = card !== undefined;
    if (card === undefined) return;
    original = card.text;
    void put(original);
  });
}

async function judge(text: string, trustedDid: string, change: TextChange | undefined): Promise<Verdict> {
  try {
    const { verifyCard } = await cards();
    const startedAt = performance.now();
    const verified = await verifyCard(text, trustedDid);
    return {
      good: true,
      stamp: 'Verified',
      when: `in ${formatMs(performance.now() - startedAt)}`,
      why: whyItHolds(verified, change),
      facts: factsOf(verified).slice(-1),
    };
  } catch (error) {
    return refusal(error);
  }
}

function whyItHolds({ uncovered }: VerifiedCard, change: TextChange | undefined): string {
  if (uncovered.length > 0)
    return 'What was signed still holds. What nobody signed was dropped: no caller gets to see it.';
  return change === undefined ? 'This is what was signed.' : 'It looks different and says the same.';
}

/** Another port in the address of the phone: one digit, and calls would go to somebody else. */
function moveThePhone(text: string): string {
  return text.replace(/(wss?:\/\/[^"/]*)(\d)(?=[^"\d]*\/)/, (_all, start, digit) => start + ((Number(digit) + 1) % 10));
}

function drawChange({ line, before, removed, added, after }: TextChange, good: boolean): HTMLElement {
  const drawn = make('p', 'change mono', make('span', 'change-line', `Line ${line}`), before);
  if (removed !== '') drawn.append(make('del', '', legible(removed)));
  if (added !== '') drawn.append(make('ins', '', legible(added)));
  // A whole line that was put in needs nothing of the next.
  if (!`${removed}${added}`.endsWith('\n')) drawn.append(after);
  drawn.dataset.good = String(good);
  return drawn;
}

/** Spaces and line ends are shown where there is nothing else. */
function legible(text: string): string {
  return text.trim() === '' ? text.replaceAll(' ', '\u2423').replaceAll('\n', '\u23ce') : text.trim();
}

// Signing

function mountSign(app: App): void {
  const form = slot<HTMLFormElement>('sign');
  const name = form.querySelector<HTMLInputElement>('#sign-name') as HTMLInputElement;
  const url = form.querySelector<HTMLInputElement>('#sign-url') as HTMLInputElement;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const { identity } = app;
    if (identity === undefined) return;
    const place = slot('sign-verdict');
    slot('signed').hidden = true;
    try {
      const { signOwnCard, verifyCard } = await cards();
      const startedAt = performance.now();
      const text = await signOwnCard(identity, { name: name.value, url: url.value });
      const when = `in ${formatMs(performance.now() - startedAt)}`;
      const facts = factsOf(await verifyCard(text, identity.did));
      const why = 'Whoever knows your name can tell that this card is yours.';
      place.replaceChildren(...drawVerdict({ good: true, stamp: 'Signed', when, why, facts }));
      slot('signed-text').textContent = text;
      slot('signed').hidden = false;
    } catch (error) {
      const words = error instanceof TypeError ? 'The address of a phone begins with ws:// or wss://.' : explain(error);
      place.replaceChildren(make('p', 'outcome failed', words));
    }
  });
}

// Something a job made: how big it is and what it hashes to, and its bytes for whoever asks for them. It is a stranger's file.
// It is looked at as text, and saved as text, whatever it says it is.

import type { ClientSession, Message } from 'ringline/arcp/client';
import { codeOf } from '../explain.js';
import { make, onPress } from '../ui/dom.js';
import { formatBytes, formatMs } from '../ui/format.js';
import { plain } from './plain.js';
import { wordsFor } from './words.js';

type ArtifactRef = Message<'artifact.ref'>['payload']['artifact'];

/** Characters that are shown. */
const MAX_SHOWN = 4_000;

/** Time the browser has to begin a download. */
const DOWNLOAD_MS = 30_000;

/** Draws what is known of an artifact, and a button that fetches it. */
export function drawArtifact(session: ClientSession, ref: ArtifactRef): HTMLElement {
  const { media_type: mediaType, size, sha256 } = ref;
  const fact = (name: string, value: string, className = 'mono') =>
    make('div', '', make('dt', '', name), make('dd', className, value));
  const fetchIt = make('button', 'button', 'Fetch it and check it');
  fetchIt.type = 'button';
  const buttons = make('div', 'row', fetchIt);
  const outcome = make('p', 'outcome');
  outcome.setAttribute('role', 'status');
  const ticket = make(
    'article',
    'artifact',
    make('h4', 'artifact-title', 'The agent made something'),
    make(
      'dl',
      'facts',
      fact('Says it is', plain(mediaType, 80)),
      fact('Size', formatBytes(size)),
      fact('SHA-256', sha256 === undefined ? 'not said' : plain(sha256, 72)),
    ),
    buttons,
    outcome,
  );
  onPress(fetchIt, async () => {
    const startedAt = performance.now();
    outcome.classList.remove('failed');
    try {
      const { bytes } = await session.artifacts.fetch(ref);
      outcome.textContent = `${formatBytes(bytes.length)} came in ${formatMs(performance.now() - startedAt)}, and hash to what was announced.`;
      const save = make('button', 'button', 'Save it as text');
      save.type = 'button';
      onPress(save, () => download(bytes));
      buttons.replaceChildren(save);
      save.focus({ preventScroll: true });
      ticket.append(drawSource(bytes));
    } catch (error) {
      outcome.textContent = `${wordsFor(error)} ${codeOf(error)}`;
      outcome.classList.add('failed');
    }
  });
  return ticket;
}

/** Its text, as text. */
function drawSource(bytes: Uint8Array): HTMLElement {
  const text = new TextDecoder().decode(bytes.subarray(0, 4 * MAX_SHOWN));
  const shown = text
    .split('\n')
    .map((line) => plain(line, 200))
    .join('\n')
    .slice(0, MAX_SHOWN);
  const scroll = make('section', 'signed-scroll', make('pre', 'mono artifact-source', shown));
  scroll.tabIndex = 0;
  scroll.setAttribute('aria-label', 'Source of what the agent made');
  return make('details', 'signed', make('summary', '', 'What is in it, as text'), scroll);
}

/** Hands bytes to the browser as a download: of no type that it would open by itself. */
function download(bytes: Uint8Array<ArrayBuffer>): void {
  const url = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }));
  const link = make('a', '');
  link.href = url;
  link.download = 'from-the-agent.txt';
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), DOWNLOAD_MS);
}

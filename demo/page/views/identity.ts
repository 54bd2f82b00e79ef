// The card with our name: made, restored, backed up, forgotten.

import type { Backup } from 'ringline';
import type { App } from '../app.js';
import { explain } from '../explain.js';
import type { Keyring, Keys } from '../keyring.js';
import { control, make, onPress, slot } from '../ui/dom.js';
import { drawFingerprint } from '../ui/fingerprint.js';
import { formatMs, shortDid } from '../ui/format.js';

/** Brings the section `#identity` to life. */
export function mountIdentity({ keyring }: App): void {
  onPress(control('make'), () => keyring.make());
  onPress(control('copy'), () => copyDid(keyring.keys.current));
  mountRestore(keyring);
  mountBackup(keyring);
  mountForget(keyring);
  keyring.keys.watch(showKeys);
  keyring.backup.watch(showBackup);
}

function showKeys(keys: Keys): void {
  const open = keys.name === 'open';
  slot('identity').hidden = !open;
  slot('identity-none').hidden = keys.name !== 'none';
  slot('forget').hidden = !(open || keys.name === 'broken');
  slot('identity-outcome').textContent = keys.name === 'broken' ? explain(keys.error) : '';
  // A damaged identity can be replaced by a backup, and by nothing else.
  showRestore(keys.name === 'broken');
  if (!open) return;
  const { did } = keys.identity;
  slot('identity-ring').replaceChildren(drawFingerprint(did));
  slot('did').replaceChildren(...didParts(did));
  slot('origin').textContent = describeOrigin(keys);
  slot('protection').textContent = 'Not extractable. This page can use it and cannot read it.';
  slot('persistence').textContent = keys.persisted
    ? 'IndexedDB. The browser has promised to keep it.'
    : 'IndexedDB. The browser may clear it when it runs short of room, so keep a backup.';
}

function describeOrigin({ origin, tookMs }: Extract<Keys, { name: 'open' }>): string {
  if (origin === 'made') return `Made just now, in ${formatMs(tookMs)}`;
  if (origin === 'restored') return 'Restored from a backup';
  return `Found in this browser, opened in ${formatMs(tookMs)}`;
}

/** The name with the ends that people compare set off. */
function didParts(did: string): Node[] {
  const from = did.lastIndexOf(':') + 1;
  return [
    new Text(did.slice(0, from)),
    make('b', '', did.slice(from, from + 8)),
    new Text(did.slice(from + 8, -6)),
    make('b', '', did.slice(-6)),
  ];
}

async function copyDid(keys: Keys): Promise<void> {
  if (keys.name !== 'open') return;
  const outcome = slot('copy-outcome');
  try {
    await navigator.clipboard.writeText(keys.identity.did);
    outcome.textContent = 'Copied.';
  } catch {
    getSelection()?.selectAllChildren(slot('did'));
    outcome.textContent = 'Selected: copy it with your keyboard.';
  }
  setTimeout(() => {
    outcome.textContent = '';
  }, 2_500);
}

// Restoring

function showRestore(shown: boolean): void {
  slot('restore').hidden = !shown;
  control('show-restore').setAttribute('aria-expanded', String(shown));
}

function mountRestore(keyring: Keyring): void {
  const form = slot<HTMLFormElement>('restore');
  const phrase = form.querySelector('textarea') as HTMLTextAreaElement;
  const file = form.querySelector('input[type="file"]') as HTMLInputElement;
  const passphrase = form.querySelector('input[type="password"]') as HTMLInputElement;
  const outcome = slot('restore-outcome');

  control('show-restore').addEventListener('click', () => {
    const shown = form.hidden !== false;
    showRestore(shown);
    if (shown) phrase.focus();
  });
  control('hide-restore').addEventListener('click', () => {
    showRestore(false);
    control('show-restore').focus();
  });
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    outcome.className = 'outcome';
    outcome.textContent = 'Restoring.';
    try {
      const [chosen] = file.files ?? [];
      if (chosen === undefined) await keyring.restore({ phrase: phrase.value });
      else await keyring.restore({ file: await chosen.text(), passphrase: passphrase.value });
      outcome.textContent = '';
      form.reset();
    } catch (error) {
      outcome.className = 'outcome failed';
      outcome.textContent = explain(error);
    }
  });
}

// Backing up

function showBackup(backup: Backup | undefined): void {
  slot('backup').hidden = backup === undefined;
  const phrase = slot('phrase');
  phrase.hidden = true;
  phrase.replaceChildren();
  control('phrase').disabled = false;
  control('phrase').setAttribute('aria-expanded', 'false');
  sayBackup('');
}

function sayBackup(words: string): void {
  slot('backup-outcome').textContent = words;
}

function mountBackup(keyring: Keyring): void {
  onPress(control('phrase'), async () => {
    try {
      const phrase = await keyring.backup.current?.recoveryPhrase();
      if (phrase === undefined) return;
      slot('phrase').replaceChildren(...phrase.words.map((word) => make('li', '', word)));
      phrase.dispose();
      slot('phrase').hidden = false;
      control('phrase').disabled = true;
      control('phrase').setAttribute('aria-expanded', 'true');
      sayBackup('Write the words down in their order. They are shown once.');
    } catch (error) {
      sayBackup(explain(error));
    }
  });

  const form = slot<HTMLFormElement>('backup-file');
  const passphrase = form.querySelector('input') as HTMLInputElement;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const backup = keyring.backup.current;
    if (backup === undefined) return;
    if (passphrase.value === '') {
      passphrase.focus();
      return sayBackup('Choose a passphrase first: it is all that protects the file.');
    }
    sayBackup('Encrypting.');
    try {
      saveText(`ringline-${shortDid(backup.did).slice(0, 8)}.json`, await backup.encryptedFile(passphrase.value));
      sayBackup('Saved. Keep the file and the passphrase apart.');
      form.reset();
    } catch (error) {
      sayBackup(explain(error));
    }
  });

  control('backup-done').addEventListener('click', () => {
    keyring.endBackup();
    control('copy').focus();
  });
}

function saveText(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const link = make('a', '');
  link.href = url;
  link.download = name;
  link.click();
  // The download has its own reference by the time the task ends.
  setTimeout(() => URL.revokeObjectURL(url), 0);
}

// Forgetting

function mountForget(keyring: Keyring): void {
  const sure = slot('forget-sure');
  const first = control('forget');
  const show = (asking: boolean) => {
    sure.hidden = !asking;
    first.hidden = asking;
  };
  first.addEventListener('click', () => {
    show(true);
    control('forget-no').focus();
  });
  control('forget-no').addEventListener('click', () => {
    show(false);
    first.focus();
  });
  onPress(control('forget-yes'), async () => {
    await keyring.forget();
    show(false);
    control('next').focus();
  });
}

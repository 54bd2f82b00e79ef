// The sample, ready to be taken along.

import { control, onPress, slot } from '../ui/dom.js';

/** Brings the section `#how` to life. */
export function mountHow(): void {
  const button = control('copy-sample');
  onPress(button, async () => {
    try {
      await navigator.clipboard.writeText(slot('sample').textContent ?? '');
      button.textContent = 'Copied';
    } catch {
      getSelection()?.selectAllChildren(slot('sample'));
      button.textContent = 'Selected';
    }
    setTimeout(() => {
      button.textContent = 'Copy';
    }, 1_500);
  });
}

// The page. Each section is a view: `views/NAME.html`, `.css` and `.ts`, named in index.html and mounted here.

import { App } from './app.js';
import { loadDirectory } from './directory.js';
import { explain } from './explain.js';
import { slot } from './ui/dom.js';
import { mountCall } from './views/call.js';
import { mountCard } from './views/card.js';
import { mountHow } from './views/how.js';
import { mountIdentity } from './views/identity.js';
import { mountImpostors } from './views/impostors.js';
import { mountStream } from './views/stream.js';
import { mountTalk } from './views/talk.js';
import { mountTrust } from './views/trust.js';
import { mountWire } from './views/wire.js';
import { mountWork } from './views/work.js';

/** The policy is the server's; the page tells whether it was ever crossed. */
function countViolations(): void {
  let violations = 0;
  addEventListener('securitypolicyviolation', () => {
    slot('violations').textContent = String(++violations);
  });
}

async function start(): Promise<void> {
  const app = new App(await loadDirectory());
  slot('version').textContent = app.directory.version;
  const views = [
    mountCall,
    mountIdentity,
    mountTalk,
    mountStream,
    mountImpostors,
    mountCard,
    mountTrust,
    mountWork,
    mountWire,
    mountHow,
  ];
  for (const mount of views) mount(app);
  await app.keyring.look();
}

countViolations();
start().catch((error) => {
  const fatal = slot('fatal');
  fatal.textContent = `The page could not start. ${explain(error)}`;
  fatal.hidden = false;
});

// Doing by command, once for each idempotency key, what starts no job. ARCP v1.0, section 6.4.

import type { JsonValue } from '../../../codec/json-value.js';
import { ArcpError } from '../../errors.js';
import type { Core } from '../core.js';
import { Intents } from './idempotency.js';

/** As `RuntimePort.once`. */
export async function doOnce(
  { intents, write }: Pick<Core, 'intents' | 'write'>,
  principal: string,
  { type, key, body }: { readonly type: string; readonly key: string; readonly body: JsonValue },
  work: () => Promise<string>,
): Promise<string> {
  const scope = Intents.scope(principal, key);
  const print = await Intents.print(type, body);
  let outcome = '';
  await intents.inTurn(scope, async (known) => {
    if (known !== undefined && (known.print !== print || known.outcome === undefined)) {
      throw new ArcpError('ALREADY_EXISTS', 'the idempotency key was used for something else');
    }
    if (known === undefined && !intents.hasRoom(principal)) {
      throw new ArcpError('RESOURCE_EXHAUSTED', 'the principal has used too many keys');
    }
    outcome = known?.outcome ?? (await work());
    if (known === undefined) write([intents.done(scope, print, outcome)]);
  });
  return outcome;
}

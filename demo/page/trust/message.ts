// What a message of the handshake says, read without any check: for people to look at, and for somebody who spoils one.

/** Kind of a message; empty where it is none. */
export function kindOf(text: string): string {
  try {
    return String((JSON.parse(text) as { message_type?: unknown }).message_type);
  } catch {
    return '';
  }
}

/** What a message asks for or grants; empty where it does neither. */
export function saysOf(text: string): string {
  const { payload } = JSON.parse(text) as { payload: { requested_grants?: string[]; tct?: string } };
  const { requested_grants: wanted, tct } = payload;
  if (wanted !== undefined) return `wants ${wanted.join(', ')}`;
  return tct === undefined ? '' : `grants ${grantsIn(tct).join(', ')}`;
}

/** In the first round what somebody asks for, in the second what somebody grants. */
const SAID = /("requested_grants":\["[^"]*|"tct":"[^"]*)([^"])"/;

/** The message with one character of what it says changed. */
export function spoil(text: string): string {
  return text.replace(SAID, (_all, before, last) => `${before}${last === 'x' ? 'y' : 'x'}"`);
}

function grantsIn(token: string): readonly string[] {
  try {
    const claims = atob((token.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/'));
    const { grants } = JSON.parse(claims) as { grants?: unknown };
    if (Array.isArray(grants)) return grants.map(String);
  } catch {
    // Said below.
  }
  return ['something illegible'];
}

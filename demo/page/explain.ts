// Errors in plain words, by their stable code. The code is shown beside the words, since it is what programs switch on.

import { isSdkError, type SdkErrorCode } from 'ringline';
import type { A2aErrorCode } from 'ringline/a2a';

const WORDS: Partial<Record<SdkErrorCode | A2aErrorCode, string>> = {
  ERR_CHANNEL_IMPOSTOR: 'Whoever picked up does not hold the key you dialled.',
  ERR_CHANNEL_REFUSED: 'Nobody let you in: the agent is not there, or it does not accept this call.',
  ERR_CHANNEL_TIMEOUT: 'The agent did not answer in time.',
  ERR_CHANNEL_CLOSED: 'The line was closed.',
  ERR_CHANNEL_LOST: 'The line was lost.',
  ERR_RPC_METHOD_NOT_FOUND: 'The agent does not know how to do that.',
  ERR_RPC_BUSY: 'The agent has too much to do just now.',
  ERR_STORAGE_UNAVAILABLE: 'This browser does not let the page keep anything. A private window is often the reason.',
  ERR_STORAGE_FAILED: 'The browser could not read or write its storage.',
  ERR_VAULT_DAMAGED: 'The stored identity is damaged. It has been left as it is; restore a backup, or forget it.',
  ERR_VAULT_PASSPHRASE: 'That is not the passphrase of this file.',
  ERR_VAULT_PHRASE: 'These are not the words of a recovery phrase. Check their spelling and order.',
  ERR_VAULT_BACKUP: 'This is not a backup file, or it is damaged.',
  ERR_VAULT_OCCUPIED: 'There is another identity in this browser already.',
  ERR_A2A_CARD_NOT_FOUND: 'There is no card at this address.',
  ERR_A2A_CARD_FETCH_FAILED: 'The card could not be fetched.',
  ERR_A2A_CARD_TOO_LARGE: 'What is at this address is too long for a card.',
  ERR_A2A_CARD_NOT_JSON: 'What is at this address is not a card.',
  ERR_A2A_INVALID_CARD: 'This is no valid card: it is not strict JSON, or something in it is of the wrong kind.',
  ERR_A2A_CANONICALIZATION_FAILED: 'The card holds something that no signature can be about.',
  ERR_A2A_MISSING_SIGNATURES: 'Nobody signed this card.',
  ERR_A2A_INVALID_ENTRY: 'What stands in the place of the signature is none.',
  ERR_A2A_INVALID_PROTECTED_ENCODING: 'The head of the signature was damaged.',
  ERR_A2A_INVALID_PROTECTED_HEADER: 'The head of the signature was damaged.',
  ERR_A2A_INVALID_SIGNATURE_ENCODING: 'The signature was damaged.',
  ERR_A2A_UNSUPPORTED_CRITICAL_HEADER: 'The signature asks for something this page does not know.',
  ERR_A2A_UNSUPPORTED_ALGORITHM: 'The signature is of a kind that this page does not accept.',
  ERR_A2A_KEY_NOT_FOUND: 'It names another key as its signer than the one you trust.',
  ERR_A2A_VERIFICATION_FAILED: 'The signature does not fit what the card says: one of them was changed.',
  ERR_A2A_NO_COMPATIBLE_INTERFACE: 'The card names no phone.',
  ERR_A2A_ADDRESS_NOT_ALLOWED: 'The card names a phone on a private network, or a public one without TLS.',
  ERR_A2A_SIGNER_MISMATCH: 'Somebody else signed this card than the agent whose phone it names.',
};

/** What went wrong, for a person. */
export function explain(error: unknown): string {
  if (isSdkError(error)) return explainCode(error.code) ?? error.message;
  return error instanceof Error ? error.message : String(error);
}

/** What a code means, for a person; nothing where nobody has written that down. */
export function explainCode(code: string): string | undefined {
  return (WORDS as Partial<Record<string, string>>)[code];
}

/** The stable code, where there is one. */
export function codeOf(error: unknown): string {
  return isSdkError(error) ? error.code : '';
}

/** The reason as the protocol spells it, where there is one, such as `verification_failed`. */
export function wireCodeOf(error: unknown): string {
  const wireCode = isSdkError(error) ? (error as { wireCode?: unknown }).wireCode : undefined;
  return typeof wireCode === 'string' ? wireCode : '';
}

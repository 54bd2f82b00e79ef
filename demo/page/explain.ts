// Errors in plain words, by their stable code. The code is shown beside the words, since it is what programs switch on.

import { isSdkError, type SdkErrorCode } from 'ringline';

const WORDS: Partial<Record<SdkErrorCode, string>> = {
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
};

/** What went wrong, for a person. */
export function explain(error: unknown): string {
  if (isSdkError(error)) return WORDS[error.code] ?? error.message;
  return error instanceof Error ? error.message : String(error);
}

/** The stable code, where there is one. */
export function codeOf(error: unknown): string {
  return isSdkError(error) ? error.code : '';
}

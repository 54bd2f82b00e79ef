// The vault: an identity that stays, its backup, and its return.

export type { Backup } from './backup.js';
export { identityFromBackup } from './backup-file.js';
export { type OpenedIdentity, type OpenIdentityOptions, openIdentity } from './open-identity.js';
export type { RecoveryPhrase } from './recovery-phrase.js';
export { type BackupSource, type RestoreIdentityOptions, restoreIdentity } from './restore-identity.js';

// The front door: what most programs need, and nothing that a subpath serves better. Named re-exports only.

export type { SdkErrorCode } from './errors.js';
export {
  ChannelError,
  CodecError,
  IdentityError,
  isSdkError,
  LimitError,
  NoiseError,
  RpcError,
  SdkError,
  StorageError,
  VaultError,
  VerifyError,
} from './errors.js';

// What the compiler promises about errors. Checked by `tsc -p tsconfig.node.json`; nothing here runs.

import { expectTypeOf } from 'vitest';
import { isSdkError, type LimitError, RpcError, SdkError, type SdkErrorCode } from '../../src/errors.js';

declare const caught: unknown;

if (isSdkError(caught)) {
  expectTypeOf(caught).toEqualTypeOf<SdkError<SdkErrorCode>>();
  switch (caught.code) {
    case 'ERR_CHANNEL_CLOSED':
    case 'ERR_NOISE_DECRYPT':
      break;
    // @ts-expect-error no error has this code
    case 'ERR_CHANNEL_OPEN':
      break;
  }
}

if (caught instanceof RpcError) {
  expectTypeOf(caught.wireCode).toEqualTypeOf<number>();
  // @ts-expect-error codes are read-only
  caught.code = 'ERR_RPC_BUSY';
}

expectTypeOf<LimitError['code']>().toEqualTypeOf<'ERR_LIMIT_EXCEEDED'>();
// A family of its own may bring its own codes.
expectTypeOf(new SdkError('ERR_OWN' as const, 'own').code).toEqualTypeOf<'ERR_OWN'>();

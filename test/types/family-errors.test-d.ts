// What the compiler promises about errors of the protocol families. Checked by `tsc -p tsconfig.node.json`; nothing here runs.

import { expectTypeOf } from 'vitest';
import type { A2aErrorCode } from '../../src/a2a/errors.js';
import type { AitpErrorCode } from '../../src/aitp/errors.js';
import type { ArcpErrorCode } from '../../src/arcp/errors.js';
import { isSdkError, type SdkErrorCode } from '../../src/errors.js';

declare const caught: unknown;

if (isSdkError(caught)) {
  switch (caught.code) {
    case 'ERR_ARCP_NOT_FOUND':
      expectTypeOf(caught.code).toEqualTypeOf<'ERR_ARCP_NOT_FOUND'>();
      break;
    case 'ERR_AITP_TIMESTAMP_EXPIRED':
    case 'ERR_AITP_PEER':
    case 'ERR_A2A_STREAM_ENDED_EARLY':
    case 'ERR_CHANNEL_LOST':
      break;
    // @ts-expect-error ARCP has no such code
    case 'ERR_ARCP_NOT_HERE':
      break;
  }
}

expectTypeOf<ArcpErrorCode | AitpErrorCode | A2aErrorCode>().toExtend<SdkErrorCode>();

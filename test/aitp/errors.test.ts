import { describe, expect, it } from 'vitest';
import { AitpError, aitpErrorCode, aitpWireCode, isAitpWireCode, isRetryable } from '../../src/aitp/errors.js';
import { isSdkError } from '../../src/errors.js';

describe('AitpError', () => {
  it('carries both codes, and whether to try again', () => {
    const error = new AitpError('MANIFEST_NOT_FOUND', 'none', { cause: 1 });
    expect(error).toMatchObject({
      name: 'AitpError',
      code: 'ERR_AITP_MANIFEST_NOT_FOUND',
      wireCode: 'MANIFEST_NOT_FOUND',
      retryable: true,
      cause: 1,
    });
    expect(isSdkError(error)).toBe(true);
    expect(new AitpError('TCT_REVOKED', '').retryable).toBe(false);
  });

  it('maps codes both ways, and knows none that is not registered', () => {
    expect(aitpErrorCode('TCT_EXPIRED')).toBe('ERR_AITP_TCT_EXPIRED');
    expect(aitpWireCode('ERR_AITP_TCT_EXPIRED')).toBe('TCT_EXPIRED');
    for (const other of ['TRUST_FAILED', 'HANDSHAKE_MODE_UNSUPPORTED', 'toString', '']) {
      expect(aitpErrorCode(other)).toBeUndefined();
      expect(isAitpWireCode(other)).toBe(false);
      expect(isRetryable(other)).toBe(false);
    }
  });
});

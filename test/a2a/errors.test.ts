import { expect, it } from 'vitest';
import { A2aError, type A2aErrorCode, a2aErrorCode, a2aWireCode } from '../../src/a2a/errors.js';
import { isSdkError, SdkError } from '../../src/errors.js';

/** As the protocol digest lists them, and the two of our own about phones. */
const NAMES = `invalid_card missing_signatures canonicalization_failed invalid_entry invalid_protected_encoding
  invalid_protected_header unsupported_critical_header unsupported_algorithm invalid_signature_encoding key_not_found
  key_unusable jku_not_allowed key_retrieval_failed origin_not_allowed verification_failed uncovered_content
  invalid_key invalid_header card_not_found card_fetch_failed card_too_large card_not_json
  no_compatible_interface signer_mismatch address_not_allowed`.split(/\s+/);

it.each(NAMES)('has a code for %s, and the name for the code', (name) => {
  const code = a2aErrorCode(name) ?? expect.fail(name);
  expect(code).toBe(`ERR_A2A_${name.toUpperCase()}`);
  expect(a2aWireCode(code)).toBe(name);
  expect(new A2aError(code, 'what').wireCode).toBe(name);
});

it('has no code for other names', () => {
  for (const name of ['', 'invalid_cards', 'INVALID_CARD', 'constructor', '__proto__']) {
    expect(a2aErrorCode(name)).toBeUndefined();
  }
});

it('carries what it is told, and is an error of this package', () => {
  const cause = new Error('why');
  const error = new A2aError('ERR_A2A_INVALID_CARD', 'what', { cause, pointer: '/name' });
  expect(error).toBeInstanceOf(SdkError);
  expect(isSdkError(error)).toBe(true);
  expect(error).toMatchObject({ name: 'A2aError', message: 'what', pointer: '/name', cause });
  expect('cause' in new A2aError('ERR_A2A_INVALID_CARD' satisfies A2aErrorCode, 'what')).toBe(false);
});

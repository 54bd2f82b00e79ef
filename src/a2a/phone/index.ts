// `ringline/a2a/phone`: from a verified card to a call.

export {
  PHONE_BINDING,
  PHONE_VERSION,
  type PhoneAddress,
  phoneInterface,
  readPhoneAddress,
} from './phone-interface.js';
export { type PhoneTarget, type PhoneTargetOptions, phoneTarget } from './phone-target.js';

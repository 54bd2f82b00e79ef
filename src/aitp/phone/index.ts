// `ringline/aitp/phone`: the handshake inside a phone session, and sessions that want a token.

export { type AitpPhone, type AitpPhoneOptions, aitpPhone } from './aitp-phone.js';
export { type HandshakeOverPhoneOptions, handshakeOverPhone, presentTct } from './call.js';
export { COMMIT_METHOD, HELLO_METHOD, MAX_PHONE_MESSAGE_BYTES, PRESENT_METHOD } from './names.js';

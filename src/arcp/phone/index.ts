// `ringline/arcp/phone`: ARCP inside an authenticated phone session.

export { type ArcpPhone, type ArcpPhoneOptions, arcpPhone } from './arcp-phone.js';
export { ARCP_METHOD } from './parts.js';

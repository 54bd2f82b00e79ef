// Numbers and literals of `aitp/0.2` (section 2.1), and the limits of our own.

/** The protocol literal, in `version` members and `ver` claims. */
export const AITP_VERSION = 'aitp/0.2';

/** The draft line this implementation follows. */
export const AITP_SPEC_VERSION = '0.2.0-draft';

/** How far the time of a message may be off, each way, in seconds. */
export const TIMESTAMP_TOLERANCE_SEC = 300;

/** How long a trust context token lives unless told otherwise, in seconds. */
export const DEFAULT_TCT_TTL_SEC = 3_600;

/** How long a Manifest lives unless told otherwise, in seconds. */
export const DEFAULT_MANIFEST_TTL_SEC = 86_400;

/** How long a delegation lives unless told otherwise, in seconds. */
export const DEFAULT_DELEGATION_TTL_SEC = 1_800;

/** How old a revocation snapshot may be unless told otherwise, in seconds. */
export const DEFAULT_MAX_STALENESS_SEC = 300;

/** `typ` of a trust context token. */
export const TCT_TYP = 'aitp-tct+jwt';

/** `typ` of a grant voucher. */
export const VOUCHER_TYP = 'aitp-grant+jwt';

/** `typ` of a delegation token. */
export const DELEGATION_TYP = 'aitp-delegation+jwt';

/** The types of compact token there are. */
export type AitpTokenTyp = typeof TCT_TYP | typeof VOUCHER_TYP | typeof DELEGATION_TYP;

/** Most bytes of an envelope that are read. */
export const MAX_ENVELOPE_BYTES = 65_536;

/** Most bytes of a Manifest that are read. */
export const MAX_MANIFEST_BYTES = 65_536;

/** Most bytes of a revocation snapshot that are read. */
export const MAX_SNAPSHOT_BYTES = 262_144;

/** Most bytes of a session bundle that are read. */
export const MAX_BUNDLE_BYTES = 524_288;

/** Most characters of a compact token that are read. */
export const MAX_TOKEN_CHARACTERS = 65_536;

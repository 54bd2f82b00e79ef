// What the agents of the trust view may grant each other: opaque strings, compared exactly.

/** What the calendar may grant. */
export const CALENDAR_OFFERS = ['calendar.read', 'calendar.add', 'calendar.erase'] as const;

/** What its policy never grants a guest, whoever asks. */
export const KEPT_BACK = 'calendar.erase';

/** What a guest may grant the calendar. */
export const GUEST_OFFERS = ['notes.read'] as const;

/** Methods of the calendar, by the capability that each of them needs. */
export const NEEDS = { read: 'calendar.read', add: 'calendar.add', erase: 'calendar.erase' } as const;

/** A method of the calendar. */
export type CalendarMethod = keyof typeof NEEDS;

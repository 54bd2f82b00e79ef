// Names of records in a store that others use as well. Each part is escaped, so that no owner's name can be made to look
// like another's, or like the beginning of it.

/** The name of a record: its room, and parts that are free text. */
export function recordKey(room: string, ...parts: readonly string[]): string {
  return `${room}/${parts.map(escapePart).join('/')}`;
}

/** What the names of all records begin with that have these parts and one more. */
export function prefixOf(room: string, ...parts: readonly string[]): string {
  return `${recordKey(room, ...parts)}/`;
}

/** Any string, lone surrogates included, which only JSON has a spelling for. */
function escapePart(text: string): string {
  return encodeURIComponent(JSON.stringify(text));
}

/** A text without U+0000 in SQL. An E string means the same whatever standard_conforming_strings is. */
export function literal(text: string): string {
  return `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

/** A name in SQL that means itself, whatever it is. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** JSON that is the same in every encoding that a connection or a database may have. */
export function asciiJson(value: unknown): string {
  return inAscii(JSON.stringify(value));
}

/** The same JSON, in ASCII. */
export function inAscii(json: string): string {
  return json.replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

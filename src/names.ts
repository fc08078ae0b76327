/**
 * The text with every half of a surrogate pair replaced by U+FFFD, as `String.prototype.toWellFormed` does: a
 * name that was cut in the middle of an emoji cannot be encoded otherwise.
 */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}

const RIGHT_TO_LEFT =
  /[\p{Bidi_Control}\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/**
 * A name for use within a sentence, which has no element (`<bdi>`) for it: isolated (U+2068 … U+2069) if it may run
 * from right to left or change the direction of what follows.
 */
export function isolated(name: string): string {
  return RIGHT_TO_LEFT.test(name) ? `\u2068${name.replace(/\p{Bidi_Control}/gu, '')}\u2069` : name;
}

/**
 * The text with balanced starts and ends of isolates: a browser takes a stray end for that of the `<bdi>` around it.
 */
export function balanced(text: string): string {
  if (!/[\u2066-\u2069]/.test(text)) return text;
  let open = 0;
  const kept = text.replace(/[\u2066-\u2069]/g, (mark) => {
    if (mark !== '\u2069') open += 1;
    else if (open === 0) return '';
    else open -= 1;
    return mark;
  });
  return kept + '\u2069'.repeat(open);
}

/** The maximum length of a name that a person gives, in characters. */
export const NAME_LENGTH = 40;

/** Such a name as it is stored: one line without direction marks. Null if it is empty or too long. */
export function readName(typed: unknown): string | null {
  if (typeof typed !== 'string' || typed.length > 10 * NAME_LENGTH) return null;
  const name = wellFormed(typed)
    .normalize('NFC')
    .replace(/\p{Bidi_Control}/gu, '')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
    .trim();
  return name === '' || [...name].length > NAME_LENGTH ? null : name;
}

/** `Authenticator app 2`, with the first number that no other enrollment of this person has. */
function unusedName(title: string, enrollments: readonly { readonly label: string }[]): string {
  const used = new Set(enrollments.map(({ label }) => label));
  let number = 2;
  while (used.has(`${title} ${number}`)) number += 1;
  return `${title} ${number}`;
}

/** The title, or the first numbered one, that no other enrollment of this person has. */
export function firstUnused(
  title: string,
  enrollments: readonly { readonly label: string }[],
): string {
  const free = enrollments.every(({ label }) => label !== title);
  return free ? title : unusedName(title, enrollments);
}

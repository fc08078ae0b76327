/** In UTF-16 units, before anything is done with it: more than any code with whatever stands around it. */
const MAX_TYPED = 200;

/**
 * What a person typed or pasted as a code: full-width and other compatibility forms of letters and digits in
 * their plain form (NFKC), and whatever is neither letter nor digit dropped: spaces of any width, dashes,
 * bullets, marks of direction. Null for what is no text, or too long.
 */
export function foldTypedCode(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > MAX_TYPED) return null;
  return value.normalize('NFKC').replace(/[^\p{L}\p{N}]/gu, '');
}

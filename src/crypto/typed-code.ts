/** In UTF-16 units, checked first: longer than any code with whatever was pasted around it. */
const MAX_TYPED = 200;

/**
 * Normalizes a code that a person typed or pasted: full-width and other compatibility forms become plain (NFKC), and
 * everything but letters and digits is dropped: spaces of any width, dashes, bullets, marks of direction. Null if it
 * is no text, or too long.
 */
export function foldTypedCode(value: unknown): string | null {
  if (typeof value !== 'string' || value.length > MAX_TYPED) return null;
  return value.normalize('NFKC').replace(/[^\p{L}\p{N}]/gu, '');
}

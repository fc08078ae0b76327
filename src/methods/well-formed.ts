/**
 * The text with every half of a surrogate pair replaced by U+FFFD, as `String.prototype.toWellFormed` does: a
 * name that was cut in the middle of an emoji cannot be encoded otherwise.
 */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}

const PLAIN = /^[\w.@-]+$/;

/** An injective form in ASCII without braces, readable for common ids. */
export function escaped(id: string): string {
  if (PLAIN.test(id)) return id;
  // encodeURIComponent throws on half a surrogate pair; UTF-8 would make all of them the same character,
  // and so two people the same subject.
  return id.replace(/[^\w.@-]/gu, (character) =>
    /[\uD800-\uDFFF]/u.test(character)
      ? `%u${character.charCodeAt(0).toString(16)}`
      : `%${Buffer.from(character).toString('hex')}.`,
  );
}

/** The id that `escaped` was given. */
export function unescaped(part: string): string {
  return part.replace(/%u([0-9a-f]{4})|%([0-9a-f]+)\./g, (_, surrogate?: string, bytes?: string) =>
    surrogate === undefined
      ? Buffer.from(bytes as string, 'hex').toString()
      : String.fromCharCode(Number.parseInt(surrogate, 16)),
  );
}

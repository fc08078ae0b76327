import type { Message, MessageValues, Words } from '../contracts.js';
import { compiled } from './compiled.js';
import type { ValuesOf } from './placeholders.js';

/** Sentences by their whole keys, as ICU messages. */
export type Catalog = Readonly<Record<string, string>>;

type KeyOf<Texts extends Words> = {
  [Key in keyof Texts & string]: Texts[Key] extends Words ? `${Key}.${KeyOf<Texts[Key]>}` : Key;
}[keyof Texts & string];

type TextAt<Texts extends Words, Key extends string> = Key extends keyof Texts
  ? Extract<Texts[Key], string>
  : Key extends `${infer Head}.${infer Rest}`
    ? Texts[Head] extends Words
      ? TextAt<Texts[Head], Rest>
      : never
    : never;

/** Makes a message of a catalog, with the values that it needs. */
export type MessagesOf<Texts extends Words> = <Key extends KeyOf<Texts>>(
  key: Key,
  ...values: keyof ValuesOf<TextAt<Texts, Key>> extends never
    ? []
    : [values: ValuesOf<TextAt<Texts, Key>>]
) => Message;

/**
 * Makes a function for the messages of a catalog, with keys and values checked by the compiler.
 * @param prefix what the keys begin with in the catalog of a door: a method's name
 * @example const words = messagesOf(WORDS, 'email-code'); throw new RequestError(409, 'late', words('too-late'));
 */
export function messagesOf<const Texts extends Words>(
  texts: Texts,
  prefix = '',
): MessagesOf<Texts> {
  const catalog = catalogOf(texts);
  return (key, ...[values]) => ({
    key: prefix === '' ? key : `${prefix}.${key}`,
    values: (values ?? {}) as MessageValues,
    toString() {
      const english = worded(this.values, String);
      return String(compiled(catalog[key] as string, 'en').format(english));
    },
  });
}

/** The values, with messages replaced by their words. */
export function worded(
  values: MessageValues,
  say: (message: Message) => string,
): Readonly<Record<string, string | number | Date>> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'object' && 'key' in value ? say(value) : value,
    ]),
  );
}

/** Nested words with whole keys: `{ refused: { denied: … } }` is `refused.denied`. */
export function catalogOf(words: Words, prefix = ''): Catalog {
  const found = Object.entries(words).map(([name, one]): Catalog => {
    const key = prefix === '' ? name : `${prefix}.${name}`;
    if (one === undefined) return {};
    return typeof one === 'string' ? { [key]: one } : catalogOf(one, key);
  });
  return Object.assign({}, ...found);
}

/**
 * Several catalogs as one. Without a prototype V8 makes it a dictionary from the start: adding some hundred keys to
 * an ordinary object takes 13 ms, half the time to make a door.
 */
export function joined(...catalogs: readonly Catalog[]): Catalog {
  return Object.assign(Object.create(null), ...catalogs);
}

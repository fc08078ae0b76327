import type { MessageValues, Sentence } from '../contracts.js';
import { messageOf, SallyportError } from '../errors.js';
import { type Compiled, compiled, type PlaceholderKind } from './compiled.js';
import { type Catalog, worded } from './message.js';

/** The catalog of one door, in one language: ours, with the sentences that the host replaces. */
export interface Sentences {
  /** BCP 47, for `<html lang>`. */
  readonly language: string;
  /** The sentence in words. A text stays as it is. */
  say(sentence: Sentence): string;
  /** The sentence of a key that is known only at run time. Throws ERR_VIEW for an unknown key. */
  at(key: string, values?: MessageValues): string;
  /** The same in pieces, for pages: texts to be escaped, and the results of tags and of values that are objects. */
  pieces(key: string, values: Readonly<Record<string, unknown>>): readonly unknown[];
  has(key: string): boolean;
}

export interface SentencesConfig {
  readonly language: string;
  /** In English, with whole keys. */
  readonly catalog: Catalog;
  /** The host's replacements, by the same keys. */
  readonly messages: Catalog;
}

/** A sample value for each kind of placeholder. */
const SAMPLES: Readonly<Record<PlaceholderKind, unknown>> = {
  text: 'x',
  number: 2,
  date: new Date(0),
  tag: String,
};

/**
 * Throws ERR_OPTION for a message of the host with an unknown key, invalid ICU syntax, or a placeholder that is never
 * filled.
 */
export function sentences({ language, catalog, messages }: SentencesConfig): Sentences {
  const made = new Map<string, Compiled>();
  for (const [key, text] of Object.entries(messages)) made.set(key, checked(key, text));

  function checked(key: string, text: string): Compiled {
    const name = `messages['${key}']`;
    if (!Object.hasOwn(catalog, key)) {
      throw wrong(`${name} is none of our sentences: docs/translating.md has their keys`);
    }
    const known = compiled(catalog[key] as string, 'en').placeholders;
    try {
      const own = compiled(text, language);
      const unknown = [...own.placeholders.keys()].find((one) => !known.has(one));
      if (unknown !== undefined) {
        const right = [...known.keys()].join(', ') || 'none';
        throw wrong(`${name} has the placeholder ${unknown}; there are: ${right}`);
      }
      own.format(Object.fromEntries([...known].map(([one, kind]) => [one, SAMPLES[kind]])));
      return own;
    } catch (cause) {
      if (cause instanceof SallyportError) throw cause;
      const reason = messageOf(cause);
      throw wrong(`${name} must be an ICU message, got '${text}' (${reason})`, cause);
    }
  }

  function of(key: string): Compiled {
    const present = made.get(key);
    if (present) return present;
    const text = Object.hasOwn(catalog, key) ? catalog[key] : undefined;
    if (text === undefined) throw new SallyportError('ERR_VIEW', `there is no message ${key}`);
    // A sentence that the host leaves in English has English plurals.
    const own = compiled(text, 'en');
    made.set(key, own);
    return own;
  }

  const at = (key: string, values: MessageValues = {}): string =>
    String(of(key).format(worded(values, (inner) => at(inner.key, inner.values))));

  return {
    language,
    at,
    say: (sentence) =>
      typeof sentence === 'string' ? sentence : at(sentence.key, sentence.values),
    pieces(key, values) {
      const whole = of(key).format(values);
      return Array.isArray(whole) ? whole : [whole];
    },
    has: (key) => Object.hasOwn(catalog, key),
  };
}

function wrong(what: string, cause?: unknown): SallyportError {
  return new SallyportError('ERR_OPTION', what, { cause });
}

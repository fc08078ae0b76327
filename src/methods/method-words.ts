import type { Words } from '../contracts.js';
import { messageOf, SallyportError } from '../errors.js';
import { compiled } from '../messages/compiled.js';
import { ENGLISH } from '../messages/english.js';
import { type Catalog, catalogOf } from '../messages/message.js';
import { ACTIVATION_KEY, ACTIVATION_KEY_WORDS } from './activation-key-words.js';
import { OWN_WORDS } from './own-words.js';
import type { PagedMethod } from './pages.js';

/** The sentences that have values, with a sample of each value. */
const FILLED: readonly (readonly [key: RegExp, samples: Readonly<Record<string, unknown>>])[] = [
  [/^locked$/, { wait: '30 seconds' }],
  [/^(handedOver\.)?clockOff$/, { minutes: 2, direction: 'late' }],
  [/^(title|another|stopped|unavailable)$|^(begin|refused|because|answer|handedOver)\./, {}],
];

/**
 * The sentences of methods, by keys that begin with their names, and their event types by `event.…`. Throws
 * ERR_METHOD for an invalid sentence, and for a key that two methods have.
 */
export function methodWords(methods: readonly PagedMethod[]): Catalog {
  const words: Record<string, string> = { ...catalogOf(ACTIVATION_KEY_WORDS, ACTIVATION_KEY) };
  const owners = new Map<string, string>();
  for (const method of methods) {
    const { name } = method;
    const catalog = catalogOfMethod(method);
    for (const [key, text] of Object.entries(catalog)) {
      if (Object.hasOwn(ENGLISH, key)) {
        throw wrong(
          name,
          `has the words ${key}, which is a sentence of ours: give it another name`,
        );
      }
      const owner = owners.get(key);
      if (owner !== undefined) {
        const type = key.replace(/^event\./, '');
        throw wrong(name, `has the event type ${type}, and so has ${owner}: give one another name`);
      }
      owners.set(key, name);
      if (!OWN_WORDS.has(method.words)) checkFormats(name, key, text);
    }
    Object.assign(words, catalog);
  }
  return words;
}

function catalogOfMethod({ name, title, answer, events = {}, words }: PagedMethod): Catalog {
  const fields = Object.entries(answer).map(([field, { label, hint }]) => [field, { label, hint }]);
  const said = { title, answer: Object.fromEntries(fields), ...words };
  checkTexts(name, said, name);
  checkTexts(name, events, 'event');
  return { ...catalogOf(said, name), ...catalogOf(events, 'event') };
}

function checkTexts(method: string, words: Words, prefix: string): void {
  for (const [name, one] of Object.entries<unknown>(words)) {
    const key = `${prefix}.${name}`;
    if (typeof one === 'object' && one !== null && !Array.isArray(one)) {
      checkTexts(method, one as Words, key);
    } else if (one !== undefined && typeof one !== 'string') {
      throw wrong(method, `has the words ${key}, which must be a text, got ${typeof one}`);
    }
  }
}

function checkFormats(method: string, key: string, text: string): void {
  const own = key.slice(method.length + 1);
  const samples = key.startsWith(`${method}.`)
    ? FILLED.find(([pattern]) => pattern.test(own))?.[1]
    : {};
  try {
    const { format, placeholders } = compiled(text, 'en');
    // The values of a method's own sentences come from its code and views, and are not known here.
    if (samples === undefined) return;
    const strange = [...placeholders.keys()].find((one) => !Object.hasOwn(samples, one));
    if (strange !== undefined) {
      const right = Object.keys(samples).join(', ') || 'none';
      throw wrong(
        method,
        `has the words ${key} with the placeholder ${strange}; there are: ${right}`,
      );
    }
    format(samples);
  } catch (cause) {
    if (cause instanceof SallyportError) throw cause;
    const reason = messageOf(cause);
    const what = `has the words ${key}, which must be an ICU message, got '${text}' (${reason})`;
    throw new SallyportError('ERR_METHOD', `the method ${method} ${what}`, { cause });
  }
}

function wrong(name: string, what: string): SallyportError {
  return new SallyportError('ERR_METHOD', `the method ${name} ${what}`);
}

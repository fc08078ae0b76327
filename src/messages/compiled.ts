import { IntlMessageFormat } from 'intl-messageformat';

/** A message that is ready to be formatted. */
export interface Compiled {
  format(values: Readonly<Record<string, unknown>>): unknown;
  /** How each placeholder and tag is used. */
  readonly placeholders: ReadonlyMap<string, PlaceholderKind>;
}

export type PlaceholderKind = 'text' | 'number' | 'date' | 'tag';

/** Formats beside those of ICU. Dates are in UTC: a page without a script does not know its reader's time zone. */
const UTC = { timeZone: 'UTC' } as const;
const FORMATS = {
  number: {},
  date: {
    day: { day: 'numeric', ...UTC },
    month: { month: 'long', ...UTC },
    year: { year: 'numeric', ...UTC },
    short: UTC,
    medium: UTC,
    long: UTC,
    full: UTC,
  },
  time: { short: { hour: '2-digit', minute: '2-digit', hourCycle: 'h23', ...UTC } },
} as const;

const NONE: ReadonlyMap<string, PlaceholderKind> = new Map();

/** Throws a SyntaxError for what is no ICU message. */
export function compiled(text: string, language: string): Compiled {
  if (!/[{}<']/.test(text)) return { format: () => text, placeholders: NONE };
  const format = new IntlMessageFormat(text, language, FORMATS);
  return {
    format: (values) => format.format<unknown>(values),
    placeholders: placeholdersIn(format.getAst()),
  };
}

type Element = ReturnType<IntlMessageFormat['getAst']>[number];

/** By the `type` of an element, as the parser numbers them: 0 is text, 7 is the `#` of a plural. */
const KINDS: readonly (PlaceholderKind | null)[] = [
  ...([null, 'text', 'number', 'date', 'date', 'text', 'number', null, 'tag'] as const),
];

function placeholdersIn(elements: readonly Element[]): Map<string, PlaceholderKind> {
  const found = new Map<string, PlaceholderKind>();
  // A placeholder that is both counted and shown is a number.
  const add = (name: string, kind: PlaceholderKind) => {
    if (kind !== 'text' || !found.has(name)) found.set(name, kind);
  };
  for (const element of elements) {
    const kind = KINDS[element.type];
    if (kind && 'value' in element) add(element.value, kind);
    for (const [name, one] of placeholdersIn(innerOf(element))) add(name, one);
  }
  return found;
}

function innerOf(element: Element): readonly Element[] {
  if ('children' in element) return element.children;
  if (!('options' in element)) return [];
  return Object.values(element.options).flatMap(({ value }) => value);
}

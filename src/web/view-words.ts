import type { MessageValues } from '../contracts.js';
import type { Sentences } from '../messages/sentences.js';
import type { Moment } from './locals.js';
import { escaped, Markup, markupOf } from './markup.js';

/** The functions with which views show sentences. */
export interface ViewWords {
  /** BCP 47, for `<html lang>`. */
  readonly language: string;
  /** A sentence of the catalog as plain text, for `<%= %>`. Throws for an unknown key. */
  t(key: string, values?: MessageValues): string;
  /**
   * The same as markup, for `<%- %>`: `<strong>` and `<name>` (somebody's name for something, in a `<bdi>`) of the
   * message become elements, as do `<bdi>` and `<number>` (which tests look for). Values are escaped, and those that
   * are markup stay.
   */
  rich(key: string, values?: Readonly<Record<string, string | number | Markup>>): Markup;
  /** A point in time as `<time>`. */
  time(moment: Moment): Markup;
}

type Pieces = readonly unknown[];

const TAGS = {
  strong: (inner: Pieces) => new Markup(`<strong>${markupOf(inner)}</strong>`),
  bdi: (inner: Pieces) => new Markup(`<bdi>${markupOf(inner)}</bdi>`),
  number: (inner: Pieces) => new Markup(`<span data-sp="count">${markupOf(inner)}</span>`),
  muted: (inner: Pieces) => new Markup(`<span class="sp-muted">${markupOf(inner)}</span>`),
  tick: (inner: Pieces) => new Markup(`<span class="sp-tick">${markupOf(inner)}</span>`),
  name: (inner: Pieces) => new Markup(`<bdi><strong>${markupOf(inner)}</strong></bdi>`),
} as const;

export function viewWords(sentences: Sentences): ViewWords {
  return {
    language: sentences.language,
    t: sentences.at,
    rich: (key, values) => markupOf(sentences.pieces(key, { ...TAGS, ...values })),
    time: ({ iso, text }) => new Markup(`<time datetime="${escaped(iso)}">${escaped(text)}</time>`),
  };
}

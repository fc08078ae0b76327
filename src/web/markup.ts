import ejs from 'ejs';
import { balanced } from '../names.js';

/** A piece of a page that is safe as it stands. */
export class Markup {
  readonly html: string;

  constructor(html: string) {
    this.html = html;
  }

  /** For `<%- %>`. */
  toString(): string {
    return this.html;
  }
}

export function escaped(value: unknown): string {
  return ejs.escapeXML(balanced(String(value ?? '')));
}

/** Texts are escaped, markup stays. */
export function markupOf(pieces: readonly unknown[]): Markup {
  return new Markup(
    pieces.map((one) => (one instanceof Markup ? one.html : escaped(one))).join(''),
  );
}

import type { Message } from '../contracts.js';

/**
 * The values that an ICU message asks for, read from its text by the compiler. `{count, plural, …}` takes a number,
 * `{at, date, …}` a date, `{name}` and `{name, select, …}` a text. A branch of a plural or select must not be one
 * bare word, which would read as a placeholder: `{late}`; a test says so.
 */
export type ValuesOf<Text extends string> = Text extends `${string}{${infer Rest}`
  ? ValueOf<Text extends `${string}{${infer Inside}}${string}` ? Inside : never> & ValuesOf<Rest>
  : unknown;

type ValueOf<Inside extends string> = Inside extends `${infer Name}, ${infer Kind}`
  ? Word<Name> extends never
    ? unknown
    : { readonly [key in Name]: KindOf<Kind> }
  : Word<Inside> extends never
    ? unknown
    : { readonly [key in Inside]: string | number | Message };

type KindOf<Kind extends string> = Kind extends `plural${string}` | `number${string}`
  ? number
  : Kind extends `date${string}` | `time${string}`
    ? Date
    : string;

/** never for a branch's text. */
type Word<Text extends string> = Text extends '' | `${string}${' ' | '#' | '{'}${string}`
  ? never
  : Text;

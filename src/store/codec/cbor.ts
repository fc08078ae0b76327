import { Encoder } from 'cbor-x';

// Plain byte strings and arrays only, so that any CBOR reader understands a record.
const cbor = new Encoder({ useRecords: false, tagUint8Array: false });

/** What a record is made of: lists of numbers, texts, bytes and lists. */
export type Part = number | string | boolean | null | Uint8Array | readonly Part[];

export function encodeParts(parts: readonly Part[]): Uint8Array {
  return cbor.encode(parts);
}

/** Throws unless it is a list of `count` parts, or of up to `atMost` where the last ones are optional. */
export function decodeParts(bytes: Uint8Array, count: number, atMost = count): unknown[] {
  const parts = lists(cbor.decode(bytes));
  if (parts.length >= count && parts.length <= atMost) return parts;
  throw new Error(`a list of ${count} parts was expected`);
}

export function list(part: unknown, count: number): unknown[] {
  if (Array.isArray(part) && part.length === count) return part;
  throw new Error(`a list of ${count} parts was expected`);
}

export function lists(part: unknown): unknown[] {
  if (Array.isArray(part)) return part;
  throw new Error('a list was expected');
}

export function number(part: unknown): number {
  if (typeof part === 'number') return part;
  throw new Error('a number was expected');
}

export function flag(part: unknown): boolean {
  if (typeof part === 'boolean') return part;
  throw new Error('true or false was expected');
}

export function bytes(part: unknown): Uint8Array {
  if (part instanceof Uint8Array) return part;
  throw new Error('bytes were expected');
}

/** `read(part)`, or null for null. */
export function maybe<T>(part: unknown, read: (part: unknown) => T): T | null {
  return part === null ? null : read(part);
}

// Texts that nearly every record holds are stored as their index. Append only: any other change needs new
// format numbers.
const WORDS: readonly string[] = ['sha1/6/30', 'Authenticator app', 'remembered-device'];

/** A text. UTF-8 cannot hold half a surrogate pair, so such a text is stored as UTF-16 bytes. */
export function packText(text: string): Part {
  const word = WORDS.indexOf(text);
  if (word >= 0) return word;
  return /\p{Surrogate}/u.test(text) ? Buffer.from(text, 'utf16le') : text;
}

export function unpackText(part: unknown): string {
  if (typeof part === 'string') return part;
  if (part instanceof Uint8Array) return Buffer.from(part).toString('utf16le');
  const word = WORDS[number(part)];
  if (word === undefined) throw new Error('a word of a later version');
  return word;
}

const TIME_BYTES = 6;

/** A time in ms, in seven bytes; CBOR takes nine for a number of that size. */
export function packTime(at: number): Part {
  if (!Number.isInteger(at) || at < 0 || at >= 2 ** (8 * TIME_BYTES)) return at;
  const packed = Buffer.alloc(TIME_BYTES);
  packed.writeUIntBE(at, 0, TIME_BYTES);
  return packed;
}

export function unpackTime(part: unknown): number {
  if (!(part instanceof Uint8Array)) return number(part);
  if (part.length !== TIME_BYTES) throw new Error('a time was expected');
  return Buffer.from(part).readUIntBE(0, TIME_BYTES);
}

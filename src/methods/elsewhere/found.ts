import type { Subject } from '../../contracts.js';

type Whose = Pick<Subject, 'id' | 'tenantId'>;

/** What other software has kept of one person, or a part of it. */
export type Found =
  | {
      readonly kind: 'factors';
      /** Where it stands: the number of the entry in the file. */
      readonly at: number;
      readonly subject: Whose;
      /** As `door.subjects.import` takes them. */
      readonly factors: Readonly<Record<string, readonly unknown[]>>;
    }
  /** What is not taken over, and why, without a secret: `left`, since there is no such thing here; `refused`, as wrong. */
  | {
      readonly kind: 'left' | 'refused';
      readonly at: number;
      readonly id: string | null;
      readonly why: string;
    };

export interface ReadOptions {
  /** The path of whatever is the subject's id here, e.g. `traits.email`; by default what the software has for it. */
  readonly id: string | undefined;
  readonly tenantId: string;
  /** How a column `secret` is written, where none says so. */
  readonly encoding: string | undefined;
  /** Where secrets of the other software are, if it has encrypted what it kept. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Reads what other software exports. */
export type Reader = (chunks: AsyncIterable<string>, options: ReadOptions) => AsyncIterable<Found>;

export type Entry = Readonly<Record<string, unknown>>;

/** An object's own field at a path; undefined where there is none. */
export function at(entry: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>(
      (value, name) =>
        Object.hasOwn(Object(value), name) ? Reflect.get(Object(value), name) : undefined,
      entry,
    );
}

/** The first of these fields that is there. */
export function first(entry: unknown, paths: readonly string[]): unknown {
  return paths.map((path) => at(entry, path)).find((value) => value !== undefined && value !== '');
}

/** Whose it is: a text, or a number as one. Null where there is none. */
export function subjectOf(
  entry: unknown,
  usual: readonly string[],
  { id, tenantId }: ReadOptions,
): Whose | null {
  const found = id === undefined ? first(entry, usual) : at(entry, id);
  const named = typeof found === 'number' ? String(found) : found;
  return typeof named === 'string' && named !== '' ? { id: named, tenantId } : null;
}

/** JSON within a text, or what is no text as it is; null for what is none. */
export function unpacked(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return null;
  }
}

/** An ISO 8601 time, of milliseconds or a text; undefined for anything else. */
export function timeOf(value: unknown): string | undefined {
  if (typeof value !== 'number' && typeof value !== 'string') return undefined;
  const time = new Date(value);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}

/** A name that My Profile can show, cut where it is longer; undefined where there is none. */
export function nameOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  return value.trim().slice(0, 64);
}

export const noId = (number: number, paths: readonly string[], { id }: ReadOptions): Found => ({
  ...{ kind: 'refused', at: number, id: null },
  why: `it is no JSON, or has no text or number at ${id ?? paths.join(' or ')}, which says whose it is`,
});

import type { AuditEvent, Awaitable, EventPlace, StoredEvent } from '../contracts.js';
import type { Kind, Records } from './records.js';

export interface Outcome<R, T> {
  /** The next record: `present` itself for no change, null to delete it. */
  readonly next: R | null;
  readonly result: T;
  /**
   * Whether the change must not be lost: enrollments, removals, epochs, settings, codes. Not counts of
   * failures, steps, last uses.
   */
  readonly durable?: boolean;
  /**
   * Until when it must be kept; without it, for good. A store may keep it for longer, since a record carries
   * its own end.
   */
  readonly keptUntil?: number;
  /** Whether it is written even in a full store, such as the end of a session. */
  readonly whenFull?: boolean;
}

/**
 * One decision: from the present record and the time to the next record and a result. Pure, since a store may
 * run it several times before its write wins. `lost` is null unless the operation repairs a lost record: then
 * `present` is null, and what must keep rising, such as the epoch, continues above `lost`.
 */
export type Transition<R, T> = (
  present: R | null,
  now: number,
  lost: number | null,
) => Outcome<R, T>;

export interface UpdateOptions {
  /** Whether it may replace a record that is damaged, gone or outdated. Otherwise such a record is an error. */
  readonly repairs?: boolean;
}

/**
 * Where records are kept. Broken, late, damaged and emptied stores reject (throw) with `UnavailableError`; what is
 * read is frozen. See docs/writing-a-store.md.
 */
export interface RecordStore {
  readonly name: string;
  readonly stalenessMs: number;
  /** The clock that all processes share, as well as this one knows it. */
  now(): number;
  ready(): Promise<void>;
  close(): Promise<void>;
  subscribe(onChange: () => void): () => void;
  /** Synchronous when cached, absence included. May be outdated by up to `stalenessMs`. */
  read<K extends Kind>(kind: K, id: string): Awaitable<Records[K] | null>;
  /**
   * One atomic step: resolves to the result once the decision was made on the present record and its write
   * has won. A write that may have applied is not repeated.
   */
  update<K extends Kind, T>(
    kind: K,
    id: string,
    transition: Transition<Records[K], T>,
    options?: UpdateOptions,
  ): Promise<T>;
  append(owner: TrailOwner, id: string, event: AuditEvent, place: EventPlace): Promise<void>;
  /** As `SecondFactorStore.readEvents` has it. */
  page(
    owner: TrailOwner,
    id: string,
    page: {
      readonly before: string | null;
      readonly limit: number;
      readonly trails?: readonly string[] | undefined;
    },
  ): Promise<readonly StoredEvent[]>;
  /** Removes all trails of an owner. */
  forget(owner: TrailOwner, id: string): Promise<void>;
}

/** What has trails: an organization its audit trails, a subject the history of its authenticators. */
export type TrailOwner = 'organization' | 'subject';

/** No change. With `durable`, the record that the result rests on must be safe as well. */
export function unchanged<R, T>(
  present: R | null,
  result: T,
  { durable = false } = {},
): Outcome<R, T> {
  return { next: present, result, durable };
}

import type { AuditEvent, Awaitable, EventPlace, StoredEvent } from '../contracts.js';
import type { Kind, Records } from './records.js';

export interface Outcome<R, T> {
  /** What is to be kept; `present` itself for no change, null for nothing. */
  readonly next: R | null;
  readonly result: T;
  /**
   * What must not be lost or undone: enrollments, removals, epochs, settings, codes. Not counts of failures,
   * steps, last uses.
   */
  readonly durable?: boolean;
  /** Until when it must be kept; without it, for good. It may be kept for longer: a record has its end inside. */
  readonly keptUntil?: number;
  /** Whether it is written also where there is no room for anything else: the end of a session. */
  readonly whenFull?: boolean;
}

/**
 * One decision: from what there is and the time to what is to be, and what to answer. Pure, since a store may run
 * it several times before the write wins. `lost` is null, but for an operation that repairs: then `present` is
 * null although there was a record, and whatever is to be larger than all that went before must be larger
 * than `lost`.
 */
export type Transition<R, T> = (
  present: R | null,
  now: number,
  lost: number | null,
) => Outcome<R, T>;

export interface UpdateOptions {
  /** Whether it may begin anew where the record is damaged, gone or an older one. Otherwise that is an error. */
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
  /** Synchronous when it is at hand, "nothing there" included. May be behind by `stalenessMs`. */
  read<K extends Kind>(kind: K, id: string): Awaitable<Records[K] | null>;
  /**
   * One atomic step: the result is told only when what it was decided on was the present record, and the write
   * has won. Never run again after a write that may have applied.
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

/** Nothing is changed. `durable`: what the answer rests on must be safe as well. */
export function unchanged<R, T>(
  present: R | null,
  result: T,
  { durable = false } = {},
): Outcome<R, T> {
  return { next: present, result, durable };
}

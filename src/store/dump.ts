import type { TrailOwner } from './record-store.js';
import type { Kind, Records } from './records.js';
import type { State } from './state.js';

/** A record as it leaves one store for another. */
export interface DumpedRecord {
  readonly kind: Kind;
  readonly id: string;
  readonly record: Records[Kind];
  readonly sequence: number;
  /** Until when it must be kept, in milliseconds since 1970; null for good. */
  readonly keptUntil: number | null;
}

export interface DumpedEvent {
  readonly trail: string;
  /** As it was stored. */
  readonly json: string;
  readonly repeats: number;
  readonly lastAt: number | null;
}

/** All events of one owner, oldest first. How many alike there were of late is counted anew. */
export interface DumpedTrails {
  readonly owner: TrailOwner;
  readonly id: string;
  readonly events: readonly DumpedEvent[];
}

/** What cannot be read. */
export interface DumpFault {
  /** Whether somebody would be taken for never enrolled, or unrestricted, where it is missing. */
  readonly opens: boolean;
  readonly message: string;
}

export interface DumpBatch {
  readonly records: readonly DumpedRecord[];
  readonly trails: readonly DumpedTrails[];
  readonly faults: readonly DumpFault[];
}

/** The whole of a store, for `npx sallyport export` and `import`. */
export interface StoreDump {
  /** Everything, in any order; what is written meanwhile comes as it was before or after. */
  read(): AsyncGenerator<DumpBatch>;
  /** Takes the marker away: from then on nobody can write, and all that was acknowledged is read. */
  retire(): Promise<void>;
  /** Whether it holds nothing but its marker. */
  isEmpty(): Promise<boolean>;
  /** Adds what is missing; what is there stays. How many were added. */
  add(batch: Pick<DumpBatch, 'records' | 'trails'>): Promise<number>;
}

/** What an absent record opens: nobody enrolled means no second door. */
const OPENS: ReadonlySet<Kind> = new Set(['subject', 'organization']);

/** Sorts what was found: a record of which nothing is left is not there any more. */
export function dumpBatch(
  found: readonly {
    readonly kind: Kind;
    readonly id: string;
    readonly state: State<Records[Kind]>;
    readonly keptUntil: number | null;
  }[],
): DumpBatch {
  const records = found.flatMap(({ kind, id, keptUntil, state: { record, sequence } }) =>
    record === null ? [] : [{ kind, id, record, sequence, keptUntil }],
  );
  const faults = found.flatMap(({ kind, state: { lost } }) =>
    lost ? [{ opens: OPENS.has(kind), message: lost.error.message }] : [],
  );
  return { records, trails: [], faults };
}

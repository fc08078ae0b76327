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

/** All events of one owner, oldest first. The counts that fold repeated events start anew. */
export interface DumpedTrails {
  readonly owner: TrailOwner;
  readonly id: string;
  readonly events: readonly DumpedEvent[];
}

/** A record or trail that cannot be read. */
export interface DumpFault {
  /** Whether its loss opens access: a subject would seem never enrolled, or an organization unrestricted. */
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
  /** Everything, in any order. A record written during the read comes as it was before or after. */
  read(): AsyncGenerator<DumpBatch>;
  /** Removes the marker: later writes fail, and a read that follows sees every write that was acknowledged. */
  retire(): Promise<void>;
  /** Whether it holds nothing but its marker. */
  isEmpty(): Promise<boolean>;
  /** Adds what is missing and leaves what exists. Resolves to how many were added. */
  add(batch: Pick<DumpBatch, 'records' | 'trails'>): Promise<number>;
}

/** Kinds whose absence opens access: without an enrollment there is no second door. */
const OPENS: ReadonlySet<Kind> = new Set(['subject', 'organization']);

/** Splits what was found into records and faults; a record that is gone without a fault was removed. */
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

import { isDeepStrictEqual } from 'node:util';
import { andThen } from '../awaitable.js';
import { boundedMap } from '../bounded-map.js';
import { encodeRecord } from './codec/record.js';
import { freshVersion } from './fresh-version.js';
import type { RecordStore } from './record-store.js';
import { KINDS, type Kind, type Records } from './records.js';
import { ABSENT, type State, stateOf } from './state.js';
import { trackedReads } from './tracked-reads.js';
import { recordUpdates, type Write } from './updates.js';

/** How many of the records written last by this process are remembered, so that the next write needs no read. */
const MOST_WRITTEN = 2000;

/** A server that keeps the records of one kind as bytes, and compares and sets them. */
export interface RecordServer<R> {
  /** The key under which the server reports a change. */
  keyOf(id: string): string;
  /** The place that the record's checksum covers. */
  placeOf(id: string): string;
  /** Reads the record for a decision without a write. Rejects when it is lost. */
  load(id: string): Promise<State<R>>;
  /** The present state. With `durable`, once it is as safe as a durable write. */
  look(id: string, durable: boolean): Promise<State<R>>;
  /** Writes if the present state still is `expected`, and resolves to null; otherwise to the present state. */
  swap(id: string, expected: State<R>, write: EncodedWrite<R>): Promise<State<R> | null>;
  /** Whether the server tells of later changes after this write, as it does after a read. */
  follows?(write: Write<R>): boolean;
  /** Called when this process may have written a record. */
  written?(): void;
}

export interface EncodedWrite<R> extends Write<R> {
  /** null to delete the record. */
  readonly body: Uint8Array | null;
  /** The next entry of the ledger; empty for none. */
  readonly nextEntry: string;
  /** Whether to cache it from now on, and have the server tell of its changes. */
  readonly follow: boolean;
}

export interface ServerRecordsConfig {
  readonly server: <K extends Kind>(kind: K) => RecordServer<Records[K]>;
  /** Whether a cached value of this key is valid now, if no change of it has been told. */
  readonly trusted: (key: string) => boolean;
  readonly maxEntries: number;
  /** The deadline of one call of the server, in milliseconds. */
  readonly timeout: number;
  readonly now: () => number;
  /** Whether durable writes wait for replicas. */
  readonly waits: boolean;
}

export interface ServerRecords extends Pick<RecordStore, 'read' | 'update'> {
  /** The record of this key has changed. */
  forget(key: string): void;
  clear(): void;
  /** The cached records by key, at most `most` of each kind; the others are dropped. */
  keepAtHand(most: number): readonly AtHand[];
}

export interface AtHand {
  readonly key: string;
  /** The record's version; empty for no record. */
  readonly version: Uint8Array;
}

/**
 * Records on a server. Those that gates read are cached until the server tells of a change, absence included.
 * A change starts from the state seen last, and the write compares it with the present one.
 */
export function serverRecords(config: ServerRecordsConfig): ServerRecords {
  const kinds: { readonly [K in Kind]: ReturnType<typeof recordsOf<K>> } = {
    subject: recordsOf('subject', config),
    organization: recordsOf('organization', config),
    session: recordsOf('session', config),
    devices: recordsOf('devices', config),
    transaction: recordsOf('transaction', config),
    holders: recordsOf('holders', config),
  };
  const watched = [kinds.subject, kinds.organization, kinds.session];

  return {
    read: (kind, id) => kinds[kind].read(id),
    update: (kind, id, transition, how) => kinds[kind].update(id, transition, how),
    forget(key) {
      for (const { forget } of watched) forget(key);
    },
    clear() {
      for (const { clear } of watched) clear();
    },
    keepAtHand: (most) => watched.flatMap((one) => one.keepAtHand(most)),
  };
}

function recordsOf<K extends Kind>(
  kind: K,
  { server, trusted, maxEntries, timeout, now, waits }: ServerRecordsConfig,
) {
  type Seen = State<Records[K]>;

  const { keyOf, placeOf, load, look, ...writes } = server(kind);
  const { counted, watched } = KINDS[kind];
  const reads = trackedReads<Seen>({ maxEntries, trusted });
  const written = boundedMap<string, Seen>(MOST_WRITTEN);

  /** Drops a cached state that turns out to be outdated, before the notice of its change arrives. */
  async function lookAnew(id: string, durable: boolean): Promise<Seen> {
    const key = keyOf(id);
    const state = await look(id, durable);
    const known = reads.peek(key);
    if (known && !isDeepStrictEqual(known.version, state.version)) reads.forget(key);
    return state;
  }

  const { update } = recordUpdates<Records[K]>(
    {
      now,
      waits,
      known(id) {
        const key = keyOf(id);
        return reads.peek(key) ?? written.get(key) ?? (trusted(key) ? ABSENT : undefined);
      },
      look: lookAnew,
      async swap(id, expected, write) {
        const key = keyOf(id);
        const { record, sequence } = write;
        const version = freshVersion();
        const body =
          record === null ? null : encodeRecord(kind, placeOf(id), version, { record, sequence });
        const entry = counted && sequence > 0 ? String(sequence) : '';
        // Read in this process, or new. Others are not cached: maintenance writes every record once.
        const isUsedHere =
          reads.peek(key) !== undefined || isDeepStrictEqual(expected.version, ABSENT.version);
        const follow = isUsedHere && body !== null && writes.follows?.(write) === true;
        const done = reads.writing(key);
        let followed: Seen | undefined;
        try {
          const found = await writes.swap(id, expected, {
            ...write,
            body,
            nextEntry: entry,
            follow,
          });
          if (found) return found;
          written.set(key, {
            record,
            sequence,
            entry,
            lost: null,
            version: record === null ? ABSENT.version : version,
          });
          // Decoded as by a read: the object that a transition returned must not be shared.
          if (follow && body) {
            followed = stateOf(
              kind,
              id,
              placeOf(id),
              body,
              entry === '' ? null : Buffer.from(entry),
            );
          }
          return 'written';
        } catch (error) {
          written.delete(key);
          throw error;
        } finally {
          // Also after a failure: a write that timed out may have applied. It comes before the caller goes
          // on, which then reads its own write.
          done(followed);
          writes.written?.();
        }
      },
    },
    { timeoutMs: 2 * timeout },
  );

  return {
    read(id: string) {
      const found = watched ? reads.get(keyOf(id), () => load(id)) : load(id);
      return andThen(found, ({ record }) => record);
    },
    update,
    keepAtHand: (most: number): AtHand[] =>
      reads.keepNewest(most).map(([key, { version }]) => ({ key, version })),
    forget: reads.forget,
    clear() {
      reads.clear();
      written.clear();
    },
  };
}

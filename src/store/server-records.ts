import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { andThen } from '../awaitable.js';
import { boundedMap } from '../bounded-map.js';
import { encodeRecord, VERSION_BYTES } from './codec/record.js';
import type { RecordStore } from './record-store.js';
import { KINDS, type Kind, type Records } from './records.js';
import { ABSENT, type State, stateOf } from './state.js';
import { trackedReads } from './tracked-reads.js';
import { recordUpdates, type Write } from './updates.js';

/** How many records that this process has written itself are remembered, to write them again. */
const WRITTEN = 2000;

/** A server that keeps the records of one kind as bytes, and compares and sets them. */
export interface RecordServer<R> {
  /** What the server calls it where it says that it has changed. */
  keyOf(id: string): string;
  /** Where it is kept, which its checksum covers. */
  placeOf(id: string): string;
  /** What there is, for whoever decides on it alone: rejects where it is lost. */
  load(id: string): Promise<State<R>>;
  /** What there is. `durable`: and it is as safe as a durable write. */
  look(id: string, durable: boolean): Promise<State<R>>;
  /** Writes if there still is `from`, and gives null; otherwise what there is. */
  swap(id: string, from: State<R>, write: EncodedWrite<R>): Promise<State<R> | null>;
  /** Whether the server can tell of changes from this write on, as it does of what was read. */
  follows?(write: Write<R>): boolean;
  /** Called when one may have been written here. */
  written?(): void;
}

export interface EncodedWrite<R> extends Write<R> {
  /** null: nothing is to be there. */
  readonly body: Uint8Array | null;
  /** What the ledger is to have; empty for nothing. */
  readonly nextEntry: string;
  /** It is to be at hand from now on, and the server to tell of its changes. */
  readonly follow: boolean;
}

export interface ServerRecordsConfig {
  readonly server: <K extends Kind>(kind: K) => RecordServer<Records[K]>;
  /** Whether what was read of this key, and not said to have changed since, may be believed now. */
  readonly trusted: (key: string) => boolean;
  readonly maxEntries: number;
  /** The deadline of one call of the server, in milliseconds. */
  readonly timeout: number;
  readonly now: () => number;
  /** Whether durable writes wait for anything. */
  readonly waits: boolean;
}

export interface ServerRecords extends Pick<RecordStore, 'read' | 'update'> {
  /** What the server calls so has changed. */
  forget(key: string): void;
  clear(): void;
  /** What is kept at hand, by what the server calls it: at most so many of a kind; the rest is dropped. */
  keepAtHand(most: number): readonly AtHand[];
}

export interface AtHand {
  readonly key: string;
  /** Of the record; empty for none. */
  readonly version: Uint8Array;
}

/**
 * Records on a server. Those that gates read are kept at hand until the server says otherwise, "nothing there"
 * included; whoever changes one begins with what was seen last, and compares.
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

  const { keyOf, placeOf, load, look, ...by } = server(kind);
  const { counted, watched } = KINDS[kind];
  const reads = trackedReads<Seen>({ maxEntries, trusted });
  const written = boundedMap<string, Seen>(WRITTEN);

  /** What was at hand and turns out to be another one is dropped, before word of it has come. */
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
      async swap(id, from, write) {
        const key = keyOf(id);
        const { record, sequence } = write;
        const version = randomBytes(VERSION_BYTES);
        const body =
          record === null ? null : encodeRecord(kind, placeOf(id), version, { record, sequence });
        const entry = counted && sequence > 0 ? String(sequence) : '';
        // Read here, or new. Anything else is not followed: maintenance writes everybody's once.
        const isUsedHere =
          reads.peek(key) !== undefined || isDeepStrictEqual(from.version, ABSENT.version);
        const follow = isUsedHere && body !== null && by.follows?.(write) === true;
        const done = reads.writing(key);
        let followed: Seen | undefined;
        try {
          const found = await by.swap(id, from, { ...write, body, nextEntry: entry, follow });
          if (found) return found;
          written.set(key, {
            ...{ record, sequence, entry, lost: null },
            version: record === null ? ABSENT.version : version,
          });
          // As whoever reads it: a transition's own result is nobody's to keep.
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
          // Also after a failure: what timed out may have applied. Whoever awaits us reads what we wrote.
          done(followed);
          by.written?.();
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

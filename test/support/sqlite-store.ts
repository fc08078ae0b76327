import { randomBytes } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import type { RecordKind, RecordStore } from 'sallyport';
import { decodeRecord, encodeRecord, UnavailableError } from 'sallyport';

// Texts are compared byte by byte, if nothing else is said. user_version is the marker.
const TABLES = `
  CREATE TABLE IF NOT EXISTS records (kind TEXT, id TEXT, body NOT NULL, kept_until REAL,
    PRIMARY KEY (kind, id)) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS ends ON records (kept_until) WHERE kept_until IS NOT NULL;
  CREATE TABLE IF NOT EXISTS events (number INTEGER PRIMARY KEY AUTOINCREMENT, owner TEXT,
    trail TEXT, event TEXT NOT NULL, repeats INTEGER NOT NULL DEFAULT 0, last_at REAL);
  CREATE INDEX IF NOT EXISTS trails ON events (owner, trail, number);
  PRAGMA user_version = 1`;
// FULL: what was acknowledged survives a power cut. To wait for another process blocks this one.
const PRAGMAS = `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 1000`;

type Value = string | number | null | Uint8Array;
/** A text that UTF-8 can hold, also of half a surrogate pair, and that no other id has. */
const nameOf = (id: string | readonly string[]): string => JSON.stringify(id);

/** Records in one SQLite file, for the processes of one machine. `setUp`: once, at the installation. */
export function sqliteRecords(path: string, { now = Date.now, setUp = false } = {}): RecordStore {
  const db = new DatabaseSync(path);
  db.exec(setUp ? `${PRAGMAS}; ${TABLES}` : PRAGMAS);
  const listeners = new Set<() => void>();
  const get = (sql: string, ...values: Value[]) => db.prepare(sql).get(...values);
  const run = (sql: string, ...values: Value[]) => void db.prepare(sql).run(...values);
  const timer = setInterval(lookAround, 250).unref();
  let seen: Value | undefined;

  /** What SQLite cannot do is a 503; what `work` throws is passed on. */
  function transaction<T>(how: 'DEFERRED' | 'IMMEDIATE', work: () => T): T {
    try {
      // IMMEDIATE locks first: what is read is what will be there when it is written.
      db.exec(`BEGIN ${how}`);
      if (get('PRAGMA user_version')?.user_version !== 1) {
        throw new UnavailableError('ERR_STORE_NOT_INITIALIZED', `${path} holds no store of ours`);
      }
      const result = work();
      db.exec('COMMIT');
      return result;
    } catch (cause) {
      try {
        db.exec('ROLLBACK');
      } catch {} // Of a full disk SQLite has rolled back by itself.
      const { code, message } = cause as NodeJS.ErrnoException;
      if (code !== 'ERR_SQLITE_ERROR' && code !== 'ERR_INVALID_STATE') throw cause;
      throw new UnavailableError('ERR_STORE_UNAVAILABLE', message, { cause });
    }
  }
  const change = async <T>(work: () => T) => transaction('IMMEDIATE', work);
  /** Others' changes are noticed by their commits; what has ended is removed, a little at a time. */
  function lookAround(): void {
    const ended = 'SELECT kind, id FROM records WHERE kept_until < ? LIMIT 500';
    change(() => {
      run(`DELETE FROM records WHERE (kind, id) IN (${ended})`, now());
      const version = get('PRAGMA data_version')?.data_version;
      if (version !== seen) announce();
      seen = version;
    }).catch(() => {}); // Whoever reads or writes next is told.
  }
  const announce = () =>
    queueMicrotask(() => {
      for (const listener of [...listeners]) if (listeners.has(listener)) listener();
    });
  const bodyOf = (kind: string, name: string) =>
    get('SELECT body FROM records WHERE kind = ? AND id = ?', kind, name)?.body;
  const put = (kind: string, name: string, body: Value, keptUntil: number | null) =>
    run('INSERT OR REPLACE INTO records VALUES (?, ?, ?, ?)', kind, name, body, keptUntil);
  function look<K extends RecordKind>(kind: K, id: string) {
    const body = bodyOf(kind, nameOf(id));
    if (body === undefined) return { record: null, sequence: 0 };
    try {
      return decodeRecord(kind, `${kind}:${nameOf(id)}`, body as Uint8Array);
    } catch (cause) {
      throw new UnavailableError('ERR_STORE_RECORD', `${kind} ${id} is damaged`, { cause });
    }
  }

  return {
    ...{ name: 'sqlite', stalenessMs: 1000, now },
    ready: () => change(() => {}),
    async close() {
      clearInterval(timer);
      listeners.clear();
      db.close();
    },
    subscribe(onChange) {
      const listener = () => onChange();
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    // A database in this very process has everything at hand, and is never behind.
    read: (kind, id) => transaction('DEFERRED', () => look(kind, id).record),
    update: (kind, id, transition) =>
      change(() => {
        const { record, sequence } = look(kind, id);
        const { next, result, durable, keptUntil } = transition(record, now(), null);
        const name = nameOf(id);
        if (next === record) return result;
        if (next === null) run('DELETE FROM records WHERE kind = ? AND id = ?', kind, name);
        else {
          const content = { record: next, sequence: sequence + (durable ? 1 : 0) };
          const bytes = encodeRecord(kind, `${kind}:${name}`, randomBytes(6), content);
          put(kind, name, bytes, keptUntil ?? null);
        }
        announce();
        return result;
      }),
    append: (owner, id, event, { trail, keep, folds }) =>
      change(() => {
        const [time, ...place] = [now(), nameOf([owner, id]), nameOf(trail)] as const;
        // Of those that are alike: the last one that was kept, how many there were, and since when.
        const counts = folds.map(({ key, each, withinMs }) => {
          const name = nameOf([...place, key]);
          const found = JSON.parse(String(bodyOf('fold', name) ?? '{"last":0,"since":0}'));
          const kept = get('SELECT 1 FROM events WHERE number = ?', found.last);
          const young = kept && time - found.since < withinMs;
          return { name, each, withinMs, ...(young ? found : { count: 0, since: time }) };
        });
        const full = counts.find(({ count, each }) => count >= each);
        const again = 'UPDATE events SET repeats = repeats + 1, last_at = ? WHERE number = ?';
        if (full) return run(again, time, full.last);
        const insert = 'INSERT INTO events (owner, trail, event) VALUES (?, ?, ?) RETURNING number';
        const last = get(insert, ...place, JSON.stringify(event))?.number;
        for (const { name, count, since, withinMs } of counts) {
          put('fold', name, JSON.stringify({ last, count: count + 1, since }), since + withinMs);
        }
        const surplus = `SELECT number FROM events WHERE owner = ? AND trail = ?
          ORDER BY number DESC LIMIT -1 OFFSET ?`;
        if (keep !== null) run(`DELETE FROM events WHERE number IN (${surplus})`, ...place, keep);
      }),
    page: async (owner, id, { before, limit, trails }) => {
      const wanted = trails ? JSON.stringify(trails.map(nameOf)) : null;
      const sql = `SELECT * FROM events WHERE owner = ? AND number < ? AND (? IS NULL
        OR trail IN (SELECT value FROM json_each(?))) ORDER BY number DESC LIMIT ?`;
      const bounds = [Number(before ?? 1e15), wanted, wanted, Math.max(0, limit)];
      const all = () => db.prepare(sql).all(nameOf([owner, id]), ...bounds);
      return transaction('DEFERRED', all).map((row) => {
        const event = JSON.parse(String(row.event));
        const at = { at: new Date(event.at), lastAt: row.last_at && new Date(Number(row.last_at)) };
        const id = String(row.number).padStart(15, '0');
        return { ...event, ...at, id, repeats: Number(row.repeats) };
      });
    },
    forget: (...of) => change(() => run('DELETE FROM events WHERE owner = ?', nameOf(of))),
  };
}

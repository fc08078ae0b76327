import { randomBytes } from 'node:crypto';
import { LateError, withDeadline } from '../../deadline.js';
import { closedError } from '../lost-record.js';
import {
  coded,
  isLate,
  isRolledBack,
  notHeard,
  notInitialized,
  otherLayout,
  readOnly,
  unavailable,
} from './errors.js';
import { connected, discard, type Listen, listenOn } from './listening.js';
import { literal } from './literal.js';
import { notices } from './notices.js';
import type { PostgresClient, PostgresPool, PostgresResult, PostgresRow } from './pool.js';
import { type Run, rowsOf, sent } from './run.js';
import { LAYOUT, type Tables } from './schema.js';

const BEAT_MS = 1000;
/** How long cached reads stay valid after the last heartbeat that arrived. */
const BELIEVED_MS = 4000;
/** The bound promised to others: the above, and the way of the answer itself. */
export const STALENESS_MS = 5000;
const RETRY_CAP_MS = 500;
/** How often a statement is tried that the server rolls back for another (serializable transactions). */
const MOST_TRIES = 10;

export interface ConnectionListener {
  /** Another process has changed these records; null: all of them. */
  changed(keys: readonly string[] | null): void;
  /** Everything read so far may be outdated. */
  lost(): void;
  /** Asks what has changed, when no connection listens. */
  poll(run: Run): Promise<void>;
}

export interface PostgresConnection {
  /** Whether cached reads without a notice of change are valid now. */
  trusted(): boolean;
  /** The server's clock as of the last heartbeat, carried on by our monotonic clock. */
  now(): number;
  /** Rejects with what is wrong, coded. */
  open(): Promise<void>;
  /** Makes the tables, with `onlyEmpty` only when there are none. True when it has made them. */
  setUp(options: { readonly onlyEmpty: boolean }): Promise<boolean>;
  /** One statement within the timeout. Rejects with UnavailableError; it may still apply. */
  run(text: string, values: readonly unknown[]): Promise<readonly PostgresRow[]>;
  /**
   * Several statements in one transaction, each of which sees what was committed before it began. Resolves to the
   * rows of each.
   */
  runAll(text: string): Promise<readonly (readonly PostgresRow[])[]>;
  /** The notice on the channel that these records have changed. */
  notice(keys: readonly string[]): string;
  close(): void;
}

interface Session {
  /** null when no connection listens and changes are polled. */
  readonly client: PostgresClient | null;
  /** When the last heartbeat that arrived was sent: all changes before it are known. */
  heard: number;
  /** The heartbeat that has not arrived yet. */
  awaited: { readonly token: string; resolve(): void } | null;
}

export interface ConnectionConfig {
  readonly timeout: number;
  readonly tables: Tables;
  readonly listen: Listen;
}

/**
 * Statements go through the pool, notices arrive on one connection that is kept. A heartbeat is a notice to
 * ourselves, sent through the pool: when it arrives, all earlier notices have arrived, and both lead to the same
 * server. Without it cached reads are not valid, but statements still run. When no connection listens, each heartbeat
 * asks for the versions of the cached records.
 */
export function postgresConnection(
  pool: PostgresPool,
  { timeout, tables, listen }: ConnectionConfig,
  listener: ConnectionListener,
): PostgresConnection {
  const channel = notices();
  let live: Session | null = null;
  let opening: Promise<void> | null = null;
  let retry: NodeJS.Timeout | undefined;
  let beating: NodeJS.Timeout | undefined;
  let failures = 0;
  /** Why statements are refused at once, until a heartbeat has been answered. */
  let broken: unknown = null;
  let opened = false;
  let closed = false;
  let clockOffset = performance.timeOrigin;
  /** Identifies these tables as they were filled: a restored backup has another origin. */
  let origin: string | null = null;

  const monotonic = () => performance.now();
  const idleError = () => tryAgain();
  // Without a listener the loss of an idle connection would end the process.
  pool.on('error', idleError);

  const send = (text: string, values?: readonly unknown[]) => sent(pool, { timeout }, text, values);

  async function beat(session: Session): Promise<void> {
    const token = session.client ? randomBytes(9).toString('base64url') : '';
    const sent = monotonic();
    const heard = new Promise<void>((resolve) => {
      session.awaited = { token, resolve };
    });
    const [row] = rowsOf(
      await send(
        `SELECT (extract(epoch FROM clock_timestamp()) * 1000)::text AS clock,
          pg_is_in_recovery()::text AS standby,
          (SELECT encode(body, 'escape') FROM ${tables.records} WHERE kind = 'marker' AND id = '') AS marker,
          (SELECT concat_ws(' ', tableoid, xmin, extract(epoch FROM pg_postmaster_start_time())::bigint)
            FROM ${tables.records} WHERE kind = 'marker' AND id = '') AS origin,
          CASE WHEN $2 <> '' THEN pg_notify($1, $2) END::text AS told`,
        [tables.channel, token && channel.heartbeat(token)],
      ),
    );
    clockOffset = Number(row?.clock) - (sent + monotonic()) / 2;
    if (row?.standby !== 'false') throw readOnly();
    assertMarker(row?.marker);
    // A restored backup sends no notice, but its marker was written by another transaction.
    if (row.origin !== origin) listener.lost();
    origin = row.origin ?? null;
    if (session.client) {
      await withDeadline(heard, timeout).catch(() => {
        throw notHeard();
      });
    } else {
      await listener.poll(async (text, values) => rowsOf(await send(text, values)));
      session.awaited = null;
    }
    session.heard = sent;
  }

  function notified(session: Session, payload = ''): void {
    const notice = channel.read(payload);
    if (notice.sender === 'us') {
      if (notice.token !== session.awaited?.token) return;
      session.awaited.resolve();
      session.awaited = null;
    } else if (notice.changed === null || notice.changed.length > 0) {
      listener.changed(notice.changed);
    }
  }

  async function establish(): Promise<Session> {
    const client = listen === 'none' ? null : await connected(pool, listen, timeout);
    const session: Session = { client, heard: Number.NEGATIVE_INFINITY, awaited: null };
    try {
      client?.on('error', () => lose(session));
      client?.on('end', () => lose(session));
      client?.on('notification', (notice) => {
        if (notice.channel === tables.channel) notified(session, notice.payload);
      });
      if (client) await withDeadline(client.query(listenOn(tables)), timeout);
      await beat(session);
      if (closed) throw closedError();
      return session;
    } catch (error) {
      discard(client);
      throw coded(error);
    }
  }

  function attempt(): Promise<void> {
    if (opening) return opening;
    clearTimeout(retry);
    opening = establish().then(
      (session) => {
        opening = null;
        opened = true;
        live = session;
        failures = 0;
        broken = null;
        // Notices sent since the last connection was lost have been missed.
        listener.lost();
        beating = setInterval(() => beatOf(session), BEAT_MS).unref();
      },
      (error) => {
        opening = null;
        failures += 1;
        broken = isUnheard(error) ? null : error;
        if (!closed && opened) {
          const wait = Math.min(RETRY_CAP_MS, 25 * 2 ** Math.min(failures, 8));
          retry = setTimeout(tryAgain, wait).unref();
        }
        throw error;
      },
    );
    return opening;
  }

  function beatOf(session: Session): void {
    if (session.awaited) return;
    beat(session).catch((error: unknown) => {
      broken = isUnheard(error) ? null : error;
      lose(session);
    });
  }

  /** Nobody waits for this attempt. */
  function tryAgain(): void {
    if (closed || live || !opened) return;
    attempt().catch(() => {});
  }

  function lose(session: Session): void {
    if (live !== session) return;
    live = null;
    clearInterval(beating);
    discard(session.client);
    listener.lost();
    tryAgain();
  }

  /** After a failed statement, a heartbeat checks at once whether the server is still there. */
  function suspect(error: unknown): void {
    if (isLate(error) || error instanceof LateError) {
      broken = error;
      if (live) lose(live);
      else tryAgain();
    } else if (live) beatOf(live);
  }

  async function guarded(text: string, values?: readonly unknown[]): Promise<PostgresResult> {
    if (closed) throw closedError();
    if (!opened)
      await attempt().catch((error) => {
        throw unavailable(error, pool);
      });
    if (broken !== null) throw unavailable(broken, pool);
    for (let tries = 1; ; tries += 1) {
      try {
        return await send(text, values);
      } catch (error) {
        if (isRolledBack(error) && tries < MOST_TRIES) continue;
        suspect(error);
        throw unavailable(error, pool);
      }
    }
  }

  return {
    trusted: () => live !== null && monotonic() - live.heard < BELIEVED_MS,
    now: () => Math.floor(clockOffset + monotonic()),
    async open() {
      if (closed) throw closedError();
      if (!live) await attempt();
    },
    async setUp({ onlyEmpty }) {
      try {
        const table = literal(tables.records);
        const [row] = rowsOf(await send(`SELECT (to_regclass(${table}) IS NULL)::text AS missing`));
        if (onlyEmpty && row?.missing !== 'true') return false;
        // Under a lock: even IF NOT EXISTS fails when two processes make a table at once.
        await send(`SELECT pg_advisory_xact_lock(hashtextextended(${table}, 1));\n${tables.setUp}`);
        return row?.missing === 'true';
      } catch (error) {
        throw unavailable(error, pool);
      }
    },
    run: async (text, values) => rowsOf(await guarded(text, values)),
    async runAll(text) {
      // Whatever the role's default is: each statement must see what was committed before it.
      const results = await guarded(`SET TRANSACTION ISOLATION LEVEL READ COMMITTED;\n${text}`);
      return 'rows' in results ? [results.rows] : results.slice(1).map(({ rows }) => rows);
    },
    notice: channel.changed,
    close() {
      closed = true;
      clearTimeout(retry);
      pool.off('error', idleError);
      if (live) lose(live);
    },
  };
}

export function assertMarker(marker: string | null | undefined): void {
  if (marker === null || marker === undefined) throw notInitialized();
  if (marker !== LAYOUT) throw otherLayout(marker);
}

function isUnheard(error: unknown): boolean {
  return (error as { readonly code?: unknown } | null)?.code === 'ERR_POSTGRES_LISTEN';
}

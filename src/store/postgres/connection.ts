import { randomBytes } from 'node:crypto';
import { LateError, withDeadline } from '../../deadline.js';
import {
  closedError,
  coded,
  isLate,
  isTakenBack,
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
/** How long after a heartbeat was last heard what was read is believed. */
const BELIEVED_MS = 4000;
/** What the above promises to others; the rest is for the answer's own way. */
export const STALENESS_MS = 5000;
const RETRY_CAP_MS = 500;
/** Where transactions are serializable, one of two at a time is taken back, and done again. */
const MOST_TRIES = 10;

export interface ConnectionListener {
  /** Another process has changed these records; null: all of them. */
  changed(keys: readonly string[] | null): void;
  /** What was read so far is to be believed no longer. */
  lost(): void;
  /** Asks what has changed, where nobody listens. */
  poll(run: Run): Promise<void>;
}

export interface PostgresConnection {
  /** Whether what was read, and of which no change was told since, may be believed now. */
  trusted(): boolean;
  /** The server's clock, as of the last heartbeat and carried on by ours, which nobody can set. */
  now(): number;
  /** Rejects with what is wrong, coded. */
  open(): Promise<void>;
  /** Makes the tables; `onlyEmpty`: unless there are some. True when it has made them. */
  setUp(options: { readonly onlyEmpty: boolean }): Promise<boolean>;
  /** One statement within the timeout. Rejects with UnavailableError; it may still apply. */
  run(text: string, values: readonly unknown[]): Promise<readonly PostgresRow[]>;
  /** Several, each seeing what was done before it began, in one transaction; gives the rows of all. */
  runAll(text: string): Promise<readonly (readonly PostgresRow[])[]>;
  /** What says on the channel that these records have changed. */
  notice(keys: readonly string[]): string;
  close(): void;
}

interface Session {
  /** null: nobody listens, changes are asked for. */
  readonly client: PostgresClient | null;
  /** When the last heartbeat was sent that has been heard: all changes of before it are known. */
  heard: number;
  /** The heartbeat that is waited for. */
  awaited: { readonly token: string; resolve(): void } | null;
}

export interface ConnectionConfig {
  readonly timeout: number;
  readonly tables: Tables;
  readonly listen: Listen;
}

/**
 * Statements go through the pool, notices arrive on one connection that is kept. A heartbeat is a notice to
 * ourselves, sent through the pool: once it is heard, all that were sent before it have been, and both lead to
 * the same server. Without it what was read is not believed; statements still run. Where nobody listens, each
 * heartbeat asks for the versions of what is in use.
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
  /** Tells these tables, as they were filled, from any others in their place. */
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
    // A backup that was brought back announces nothing, but its marker was written by another transaction.
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
    if (notice.from === 'us') {
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
        // Between the loss of the last connection and now nobody told us anything.
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

  /** On the store's own account: nobody waits for it. */
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

  /** A statement has failed: whether there still is a server is found out by a heartbeat, at once. */
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
        if (isTakenBack(error) && tries < MOST_TRIES) continue;
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
        // One after the other: even "if not exists" fails where two make a table at once.
        await send(`SELECT pg_advisory_xact_lock(hashtextextended(${table}, 1));\n${tables.setUp}`);
        return row?.missing === 'true';
      } catch (error) {
        throw unavailable(error, pool);
      }
    },
    run: async (text, values) => rowsOf(await guarded(text, values)),
    async runAll(text) {
      // Whatever the role's default: each statement has to see what was done before it.
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

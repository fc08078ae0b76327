import { together } from '../../awaitable.js';
import { LateError, withDeadline } from '../../deadline.js';
import { closedError } from '../lost-record.js';
import { destroy, type TrackedClient } from './client.js';
import { replyCode, unavailable } from './errors.js';
import type { Send, Watch } from './send.js';

const BEAT_MS = 1000;
/** How long cached reads stay valid after the last heartbeat that was answered. */
const BELIEVED_MS = 4000;
/** The bound promised to others: the above, and the way of the answer itself. */
export const STALENESS_MS = 5000;
const RETRY_CAP_MS = 500;

export interface ConnectionListener {
  /** The server says that a key has changed; null: all of them. */
  invalidated(key: string | null): void;
  /** The connection is gone, and with it the promise to be told of changes. */
  lost(): void;
}

export interface RedisConnection {
  /** Whether what was read over this connection, and not invalidated since, may be believed now. */
  trusted(): boolean;
  /** The server's clock as of the last heartbeat, carried on by our monotonic clock. */
  now(): number;
  /** Connects, within the timeout. Rejects with the plain cause. */
  open(): Promise<void>;
  /**
   * Runs `work`, which sends commands, within the timeout; when connected, its first commands are sent in this turn.
   * Rejects with UnavailableError; what was sent may still apply.
   */
  call<T>(work: (send: Send) => Promise<T>): Promise<T>;
  close(): void;
}

interface Session {
  readonly client: TrackedClient;
  readonly send: Send;
  /** When the last answered heartbeat was sent: every notice that the server sent before has arrived. */
  heard: number;
}

/**
 * The connection over which the store reads, writes and is told of changes. It reconnects by itself. A server that
 * does not answer in time counts as lost, and calls fail at once until it answers again.
 */
export function redisConnection(
  connect: () => TrackedClient,
  {
    timeout,
    monotonic = () => performance.now(),
    tracked = false,
    watch,
  }: {
    readonly timeout: number;
    readonly monotonic?: () => number;
    /** Whether the server is to tell of changes, except those made over this connection. */
    readonly tracked?: boolean;
    /** Runs with each heartbeat: a server that it rejects counts as lost. */
    readonly watch?: Watch | undefined;
  },
  listener: ConnectionListener,
): RedisConnection {
  let live: Session | null = null;
  let opening: Promise<Session> | null = null;
  let candidate: TrackedClient | null = null;
  let retry: NodeJS.Timeout | undefined;
  let beating: NodeJS.Timeout | undefined;
  let failures = 0;
  let lastError: unknown;
  let wasLive = false;
  let closed = false;
  let clockOffset = performance.timeOrigin;

  async function beat(session: Session): Promise<void> {
    const sent = monotonic();
    const time = session.send(['TIME']) as Promise<[Buffer, Buffer]>;
    const [[seconds, micros]] = await together(
      () => time,
      () => session.client.verify?.(),
      () => watch?.(session.send),
    );
    session.heard = sent;
    clockOffset = Number(seconds) * 1000 + Number(micros) / 1000 - (sent + monotonic()) / 2;
  }

  async function establish(): Promise<Session> {
    const client = connect();
    candidate = client;
    const send: Send = (args) => client.sendCommand(args);
    const session: Session = { client, send, heard: Number.NEGATIVE_INFINITY };
    client.on('error', (error) => lose(session, error, 0));
    client.on('invalidate', (key) => {
      if (live === session) listener.invalidated(key === null ? null : String(key));
    });
    try {
      // Connecting turns tracking on; only then is there a session to trust.
      await withDeadline(
        client
          .connect()
          .then(() => tracked && send(['CLIENT', 'TRACKING', 'ON', 'NOLOOP']))
          .then(() => beat(session)),
        timeout,
      );
      if (closed || !client.isReady) throw new Error('the connection was closed');
      return session;
    } catch (error) {
      destroy(client);
      throw error;
    }
  }

  function attempt(): Promise<Session> {
    if (opening !== null) return opening;
    clearTimeout(retry);
    opening = establish().then(
      (session) => {
        opening = null;
        live = session;
        wasLive = true;
        failures = 0;
        beating = setInterval(() => {
          withDeadline(beat(session), Math.min(timeout, 1500)).catch((error) =>
            lose(session, error, 1),
          );
        }, BEAT_MS).unref();
        return session;
      },
      (error) => {
        opening = null;
        failures += 1;
        lastError = error;
        retryLater();
        throw error;
      },
    );
    return opening;
  }

  /** Nobody waits for this attempt, and the next call makes another. */
  function tryAgain(): void {
    attempt().catch(() => {});
  }

  function retryLater(): void {
    if (closed) return;
    retry = setTimeout(tryAgain, Math.min(RETRY_CAP_MS, 25 * 2 ** Math.min(failures, 8))).unref();
  }

  /** `failed` 0: reconnects at once, and calls wait for it. 1: the server hangs, and calls fail until it answers. */
  function lose(session: Session, cause: unknown, failed: 0 | 1): void {
    if (live !== session) return;
    live = null;
    clearInterval(beating);
    failures = failed;
    lastError = cause;
    listener.lost();
    destroy(session.client);
    if (closed) return;
    if (failed === 0) tryAgain();
    else retryLater();
  }

  function acquire(): Promise<Session> {
    if (closed) throw closedError();
    if (failures > 0) throw unavailable(lastError);
    return attempt();
  }

  return {
    trusted: () => live !== null && monotonic() - live.heard < BELIEVED_MS,
    now: () => Math.floor(clockOffset + monotonic()),

    async open() {
      if (closed) throw closedError();
      if (live) return;
      try {
        await attempt();
      } catch (error) {
        // Retries stop, so that a process that never had a connection can end; the next call tries again.
        if (!wasLive) {
          clearTimeout(retry);
          failures = 0;
        }
        throw error;
      }
    },

    async call(work) {
      let session = live;
      try {
        session ??= await acquire();
        return await withDeadline(work(session.send), timeout);
      } catch (error) {
        if (session && error instanceof LateError) lose(session, error, 1);
        // The server was made a replica: its name may lead to the new master now.
        if (session && replyCode(error) === 'READONLY') lose(session, error, 0);
        throw unavailable(error);
      }
    },

    close() {
      closed = true;
      clearTimeout(retry);
      if (opening && candidate) destroy(candidate);
      if (live) lose(live, closedError(), 0);
    },
  };
}

import type { PostgresConnection } from './connection.js';
import type { Tables } from './schema.js';

const WAIT_MS = 50;
/** Keys in one notice, whose length the server limits. */
const MOST_KEYS = 50;

/**
 * Tells other processes of changes that no decision rests on, a little later and many in one notice: a count of
 * failures, the end of a wait, a new session. A notice within each such write would make all commits of the database
 * wait for each other.
 */
export function laterNotices(
  { run, notice }: Pick<PostgresConnection, 'run' | 'notice'>,
  { channel }: Pick<Tables, 'channel'>,
) {
  let keys = new Set<string>();
  let timer: NodeJS.Timeout | undefined;

  async function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const all = [...keys];
    keys = new Set();
    for (let at = 0; at < all.length; at += MOST_KEYS) {
      const payload = notice(all.slice(at, at + MOST_KEYS));
      // A process that misses it has lost its connection as well, and drops all that it has cached.
      await run('SELECT pg_notify($1, $2)::text', [channel, payload]).catch(() => {});
    }
  }

  return {
    tell(key: string): void {
      keys.add(key);
      timer ??= setTimeout(() => {
        flush().catch(() => {});
      }, WAIT_MS).unref();
    },
    flush,
  };
}

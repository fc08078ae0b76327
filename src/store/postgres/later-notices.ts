import type { PostgresConnection } from './connection.js';
import type { Tables } from './schema.js';

const WAIT_MS = 50;
/** Of one notice, which the server bounds. */
const MOST_KEYS = 50;

/**
 * Tells other processes, a little later and many in one, of changes on which nothing is decided: a count of failures,
 * the end of a wait, a session that is new. A notice inside of each such write would have all commits of the
 * database wait for each other.
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
      // Whoever does not hear of it has lost more than this, and drops all that it has read.
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

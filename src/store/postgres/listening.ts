import type { Awaitable } from '../../contracts.js';
import { withDeadline } from '../../deadline.js';
import { coded } from './errors.js';
import type { PostgresClient, PostgresPool } from './pool.js';
import type { Tables } from './schema.js';

/** A function that makes the connection to listen on; `pool` keeps one of the pool's; `none` polls for changes. */
export type Listen = (() => Awaitable<PostgresClient>) | 'pool' | 'none';

/** Takes it from the pool or makes it, within the timeout. Rejects with the coded error. */
export async function connected(
  pool: PostgresPool,
  listen: Exclude<Listen, 'none'>,
  timeout: number,
): Promise<PostgresClient> {
  const connecting = typeof listen === 'function' ? connectedBy(listen) : pool.connect();
  try {
    return await withDeadline(connecting, timeout);
  } catch (error) {
    // If it connects after all, nobody uses it.
    connecting.then(discard, () => {});
    throw coded(error);
  }
}

async function connectedBy(listen: () => Awaitable<PostgresClient>): Promise<PostgresClient> {
  const client = await listen();
  await client.connect?.();
  return client;
}

/** The connection stays idle, and Postgres 14 and later may end idle sessions. */
export function listenOn({ channel }: Pick<Tables, 'channel'>): string {
  return `LISTEN ${channel};
    SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'idle_session_timeout'`;
}

export function discard(client: PostgresClient | null): void {
  // A client of the pool is ended, not returned: it still listens.
  if (client?.release) client.release(true);
  else Promise.resolve(client?.end?.()).catch(() => {});
}

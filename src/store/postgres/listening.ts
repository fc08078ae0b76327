import type { Awaitable } from '../../contracts.js';
import { withDeadline } from '../../deadline.js';
import { coded } from './errors.js';
import type { PostgresClient, PostgresPool } from './pool.js';
import type { Tables } from './schema.js';

/** Makes the connection to listen on; `pool`: one of the pool's is kept; `none`: changes are asked for. */
export type Listen = (() => Awaitable<PostgresClient>) | 'pool' | 'none';

/** Lends or makes it, within the timeout. Rejects with what is wrong, coded. */
export async function connected(
  pool: PostgresPool,
  listen: Exclude<Listen, 'none'>,
  timeout: number,
): Promise<PostgresClient> {
  const connecting = typeof listen === 'function' ? connectedBy(listen) : pool.connect();
  try {
    return await withDeadline(connecting, timeout);
  } catch (error) {
    // One that comes after all is nobody's.
    connecting.then(discard, () => {});
    throw coded(error);
  }
}

async function connectedBy(listen: () => Awaitable<PostgresClient>): Promise<PostgresClient> {
  const client = await listen();
  await client.connect?.();
  return client;
}

/** It is idle for good, and Postgres 14 and later may end what is idle. */
export function listenOn({ channel }: Pick<Tables, 'channel'>): string {
  return `LISTEN ${channel};
    SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'idle_session_timeout'`;
}

export function discard(client: PostgresClient | null): void {
  // One of the pool's is ended and not lent again: it still listens.
  if (client?.release) client.release(true);
  else Promise.resolve(client?.end?.()).catch(() => {});
}

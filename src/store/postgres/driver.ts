import { SallyportError } from '../../errors.js';
import type { PostgresClient, PostgresPool } from './pool.js';

/** A client of its own for an address, not connected. Rejects with ERR_DEPENDENCY. */
export async function ownClient(connectionString: string): Promise<PostgresClient> {
  const { Client } = await driver();
  return new Client({ connectionString });
}

/** A pool for an address. Rejects with ERR_DEPENDENCY. */
export async function ownPool(
  connectionString: string,
  options: { readonly max: number; readonly connectionTimeoutMillis: number },
): Promise<PostgresPool & { end(): Promise<void> }> {
  const { Pool } = await driver();
  const pool = new Pool({ connectionString, ...options });
  pool.on('error', () => {});
  return pool;
}

/** Imported here, since only hosts that use Postgres need to have it. */
async function driver(): Promise<typeof import('pg').default> {
  try {
    return (await import('pg')).default;
  } catch (cause) {
    throw new SallyportError(
      'ERR_DEPENDENCY',
      'Postgres is reached with the package pg, which could not be loaded: npm install pg@8',
      { cause },
    );
  }
}

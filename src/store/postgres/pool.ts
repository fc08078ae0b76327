import { SallyportError } from '../../errors.js';

/** What is used of a `Pool` of pg 8 or later. */
export interface PostgresPool {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
  readonly options: { readonly max?: number | undefined };
  connect(): Promise<PostgresClient>;
  query(query: PostgresQuery): Promise<PostgresResult>;
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
}

export interface PostgresClient {
  query(text: string): Promise<unknown>;
  on(event: 'error' | 'end', listener: (error?: Error) => void): unknown;
  on(event: 'notification', listener: (notice: PostgresNotice) => void): unknown;
  /** Of a client that a pool has lent. */
  release?(destroy: boolean): void;
  /** Of a client of its own. */
  connect?(): Promise<unknown>;
  end?(): Promise<unknown>;
}

export interface PostgresNotice {
  readonly channel: string;
  readonly payload?: string | undefined;
}

export interface PostgresQuery {
  readonly text: string;
  readonly values?: readonly unknown[];
  /** Milliseconds after which pg gives the query up. */
  readonly query_timeout: number;
  readonly types: { getTypeParser(): (value: string | Buffer) => string };
}

/** Of several statements sent as one text, pg gives a result for each. */
export type PostgresResult =
  | { readonly rows: readonly PostgresRow[] }
  | readonly { readonly rows: readonly PostgresRow[] }[];

/** Everything as Postgres writes it, whatever parsers the host has set. */
export type PostgresRow = Readonly<Record<string, string | null>>;

/** Throws ERR_POSTGRES_POOL. */
export function assertPool(pool: unknown, { listens }: { readonly listens: boolean }): void {
  const found = kindOf(pool);
  if (found !== null) {
    throw new SallyportError(
      'ERR_POSTGRES_POOL',
      `postgresStore needs a Pool of pg 8 or later, new Pool({ connectionString }), got ${found}`,
    );
  }
  const { max } = (pool as PostgresPool).options;
  if (listens && max !== undefined && max < 2) {
    throw new SallyportError(
      'ERR_POSTGRES_POOL',
      `postgresStore keeps one connection of the pool to listen on: max must be 2 or more, got ${max}; ` +
        'or give a connection of its own as `listen`',
    );
  }
}

function kindOf(pool: unknown): string | null {
  if (typeof pool === 'string') return 'a text';
  if (typeof pool === 'function') return 'a function';
  if (typeof pool !== 'object' || pool === null) return String(pool);
  const has = (name: string) => name in pool;
  if (!has('query') || !has('connect')) return 'something else';
  if (!has('totalCount') || !has('options')) return 'a single Client, or something else';
  return null;
}

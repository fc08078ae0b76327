import { LateError } from '../../deadline.js';
import { messageOf, UnavailableError } from '../../errors.js';
import type { PostgresPool } from './pool.js';

/** Any failure of Postgres, as the error that is answered with 503. */
export function unavailable(cause: unknown, pool?: PostgresPool): UnavailableError {
  if (cause instanceof UnavailableError) return cause;
  return new UnavailableError('ERR_STORE_UNAVAILABLE', reason(cause, pool), { cause });
}

export function notInitialized(): UnavailableError {
  return new UnavailableError(
    'ERR_STORE_NOT_INITIALIZED',
    'This database holds no Sallyport store in the schema and under the prefix given (`public`, `sallyport_`). After `export --final` it has moved. New installation: run ' +
      '`npx sallyport init --postgres URL`; otherwise it was emptied or is the wrong one: restore your data.',
  );
}

export function otherLayout(found: string): UnavailableError {
  return new UnavailableError(
    'ERR_POSTGRES_SCHEMA',
    `The tables are of another version of Sallyport (layout ${found}): run npm install sallyport@latest for ` +
      'every process, or restore the tables of this version',
  );
}

export function readOnly(cause?: unknown): UnavailableError {
  return new UnavailableError(
    'ERR_POSTGRES_READ_ONLY',
    'This Postgres takes no writes: it is a standby, or default_transaction_read_only is on. Connect to ' +
      'the primary (target_session_attrs=read-write), or run ALTER DATABASE … SET default_transaction_read_only = off',
    { cause },
  );
}

export function notPermitted(cause?: unknown): UnavailableError {
  return new UnavailableError(
    'ERR_POSTGRES_PERMISSION',
    'The Postgres user may not use the tables of the store: run GRANT SELECT, INSERT, UPDATE, DELETE ON ' +
      'sallyport_records, sallyport_events TO the user, and GRANT USAGE ON their SCHEMA where that is not public',
    { cause },
  );
}

/** LISTEN succeeded, but no notice arrives: PgBouncer in transaction mode does that. */
export function notHeard(): UnavailableError {
  return new UnavailableError(
    'ERR_POSTGRES_LISTEN',
    'Notices of changes do not arrive on the listening connection: give the address of the same database past ' +
      'PgBouncer or any other pooler as `listen`; or `listen: false`, which asks for changes once a second',
  );
}

/** The SQLSTATE of an error of the server; null for anything else. */
function sqlState(cause: unknown): string | null {
  const code = (cause as { readonly code?: unknown } | null)?.code;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : null;
}

/** The server rolled the statement back in favor of another, so it may be run again. */
export function isRolledBack(cause: unknown): boolean {
  const state = sqlState(cause);
  return state === '40001' || state === '40P01'; // serialization_failure, deadlock_detected
}

/** The coded error that this one stands for, or the error itself. */
export function coded(cause: unknown): unknown {
  switch (sqlState(cause)) {
    case '42P01': // undefined_table
    case '3F000': // invalid_schema_name
      return notInitialized();
    case '42703': // undefined_column
    case '42804': // datatype_mismatch
    case '42883': // undefined_function
      return new UnavailableError(
        'ERR_POSTGRES_SCHEMA',
        'The tables are not those that `npx sallyport init --postgres URL` makes: it shows them with --print',
        { cause },
      );
    case '42501': // insufficient_privilege
      return notPermitted(cause);
    case '25006': // read_only_sql_transaction
      return readOnly(cause);
    default:
      return cause;
  }
}

/** What an operator can act on, by SQLSTATE or its class. */
const STATES: Readonly<Record<string, string>> = {
  '28': 'it does not take this user or password',
  '3D000': 'there is no such database',
  '53100': 'its disk is full',
  '53300': 'it has no connection left, see max_connections',
  '57014': 'the statement was ended, see statement_timeout',
  '57P': 'it is starting up or shutting down, or has ended the connection',
};

function reason(cause: unknown, pool: PostgresPool | undefined): string {
  if (isLate(cause)) {
    const { totalCount = 0, idleCount = 0, waitingCount = 0 } = pool ?? {};
    const waits =
      waitingCount > 0
        ? ` (${totalCount - idleCount} of the pool's ${totalCount} connections are in use, ${waitingCount} wait)`
        : '';
    return `Postgres does not answer: ${messageOf(cause)}${waits}`;
  }
  const state = sqlState(cause);
  if (state) {
    const what = STATES[state] ?? STATES[state.slice(0, 3)] ?? STATES[state.slice(0, 2)];
    return `Postgres refused the operation (${state}${what ? `: ${what}` : ''})`;
  }
  return `Postgres cannot be reached: ${messageOf(cause)}`;
}

export function isLate(cause: unknown): boolean {
  if (cause instanceof LateError) return true;
  // The timeout errors of pg and of pg-pool have no code.
  return /^(Query read timeout|timeout exceeded when trying to connect)$/.test(messageOf(cause));
}

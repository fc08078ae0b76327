import type { PostgresConnection } from './connection.js';
import { notPermitted, readOnly } from './errors.js';
import { literal } from './literal.js';
import type { Tables } from './schema.js';

/** Checks that the user may do what the store needs. Otherwise the first person who signs in would find out. */
export async function assertPermissions(
  { run }: Pick<PostgresConnection, 'run'>,
  { records, events }: Tables,
): Promise<void> {
  const privileges = [records, events].flatMap((table) =>
    ['SELECT', 'INSERT', 'UPDATE', 'DELETE'].map(
      (right) => `has_table_privilege(${literal(table)}, '${right}')`,
    ),
  );
  const [row] = await run(
    `SELECT (${privileges.join(' AND ')})::text AS permitted,
      current_setting('transaction_read_only') AS read_only`,
    [],
  );
  if (row?.read_only !== 'off') throw readOnly();
  if (row?.permitted !== 'true') throw notPermitted();
}

import { withDeadline } from '../../deadline.js';
import { coded, unavailable } from './errors.js';
import type { PostgresPool, PostgresResult, PostgresRow } from './pool.js';

export type Run = (text: string, values?: readonly unknown[]) => Promise<readonly PostgresRow[]>;

/** Every column is selected as text, which is the same in binary answers, should the host ask for those. */
const AS_TEXT = { getTypeParser: () => String };

/** Sends one text through the pool, within the timeout. Rejects with the cause, or the coded error it stands for. */
export async function sent(
  pool: PostgresPool,
  { timeout }: { readonly timeout: number },
  text: string,
  values?: readonly unknown[],
): Promise<PostgresResult> {
  const query = {
    ...{ text, query_timeout: timeout, types: AS_TEXT },
    ...(values && { values }),
  };
  try {
    return await withDeadline(pool.query(query), timeout);
  } catch (error) {
    throw coded(error);
  }
}

export function rowsOf(result: PostgresResult): readonly PostgresRow[] {
  return 'rows' in result ? result.rows : [];
}

/** For maintenance: without the heartbeat of a store. Rejects with UnavailableError. */
export function postgresRun(pool: PostgresPool, settings: { readonly timeout: number }): Run {
  return async (text, values = []) => {
    try {
      return rowsOf(await sent(pool, settings, text, values));
    } catch (error) {
      throw unavailable(error, pool);
    }
  };
}

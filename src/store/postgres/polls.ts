import { VERSION_BYTES } from '../codec/record.js';
import type { AtHand } from '../server-records.js';
import type { Run } from './run.js';
import type { Tables } from './schema.js';

/**
 * The keys of the cached records that have another version now, in one query by the primary key. `key`: kind, tab and
 * escaped id.
 */
export async function changedSince(
  run: Run,
  { records }: Pick<Tables, 'records'>,
  all: readonly AtHand[],
): Promise<readonly string[]> {
  if (all.length === 0) return [];
  const places = all.map(({ key }) => key.split('\t'));
  const versions = all.map(({ version }) => Buffer.from(version).toString('hex'));
  const rows = await run(
    `SELECT seen.kind || E'\\t' || seen.id AS key
    FROM unnest($1::text[], $2::text[], $3::text[]) AS seen (kind, id, version)
      LEFT JOIN ${records} AS kept ON kept.kind = seen.kind AND kept.id = seen.id
    WHERE coalesce(encode(substr(kept.body, 1, ${VERSION_BYTES}), 'hex'), '') <> seen.version`,
    [places.map(([kind]) => kind), places.map(([, id]) => id), versions],
  );
  return rows.map(({ key }) => String(key));
}

import type { DumpBatch, DumpedEvent, DumpedTrails } from '../dump.js';
import { escaped, unescaped } from '../escaped-id.js';
import type { TrailOwner } from '../record-store.js';
import { inAscii } from './literal.js';
import type { PostgresRow } from './pool.js';
import type { Run } from './run.js';
import { isMarked, type Tables } from './schema.js';

const BATCH = 2000;

/** All trails, owner by owner, by the index on owner and number. */
export async function* readTrails(
  run: Run,
  { events }: Pick<Tables, 'events'>,
): AsyncGenerator<DumpBatch> {
  let present: { readonly row: PostgresRow; readonly events: DumpedEvent[] } | null = null;
  for (let after = ['', '', '0']; ; ) {
    const rows = await run(
      `SELECT owner, id, number::text, trail, event, repeats::text, last_at::text
      FROM ${events} AS kept WHERE (owner, id, number) > ($1, $2, $3)
      ORDER BY owner, id, kept.number LIMIT ${BATCH}`,
      after,
    );
    const whole: DumpedTrails[] = [];
    for (const row of rows) {
      if (present && present.row.owner === row.owner && present.row.id === row.id) {
        present.events.push(eventOf(row));
        continue;
      }
      if (present) whole.push(trailsOf(present));
      present = { row, events: [eventOf(row)] };
    }
    const last = rows.at(-1);
    const done = rows.length < BATCH || !last;
    if (done && present) whole.push(trailsOf(present));
    yield { records: [], trails: whole, faults: [] };
    if (done) return;
    after = [String(last.owner), String(last.id), String(last.number)];
  }
}

function trailsOf({
  row: { owner, id },
  events,
}: {
  readonly row: PostgresRow;
  readonly events: readonly DumpedEvent[];
}): DumpedTrails {
  return { owner: owner as TrailOwner, id: unescaped(String(id)), events };
}

function eventOf({ trail, event, repeats, last_at: lastAt }: PostgresRow): DumpedEvent {
  return {
    trail: unescaped(String(trail)),
    // As other stores keep it; here it is stored in ASCII.
    json: JSON.stringify(JSON.parse(String(event))),
    repeats: Number(repeats),
    lastAt: typeof lastAt === 'string' ? Number(lastAt) : null,
  };
}

/** Adds the trails of owners who have none, in one statement. Resolves to the number of these owners. */
export async function addTrails(
  run: Run,
  { records, events }: Pick<Tables, 'records' | 'events'>,
  all: readonly DumpedTrails[],
): Promise<number> {
  const rows = all.flatMap(({ owner, id, events: some }) =>
    some.map(({ trail, json, ...one }) => ({
      ...{ owner, id: escaped(id), trail: escaped(trail), json: inAscii(json) },
      ...one,
    })),
  );
  const [row] = await run(
    `WITH given AS (
      SELECT at, one->>'owner' AS owner, one->>'id' AS id, one FROM json_array_elements($1::json)
        WITH ORDINALITY AS all_given (one, at)),
    added AS (
      INSERT INTO ${events} (owner, id, trail, event, repeats, last_at)
      SELECT owner, id, one->>'trail', one->>'json', (one->>'repeats')::bigint,
        (one->>'lastAt')::bigint
      FROM given WHERE ${isMarked({ records })} AND NOT EXISTS (
        SELECT FROM ${events} AS kept WHERE kept.owner = given.owner AND kept.id = given.id)
      ORDER BY at RETURNING owner, id)
    SELECT (SELECT count(*) FROM (SELECT DISTINCT owner, id FROM added) AS owners)::text AS added`,
    [JSON.stringify(rows)],
  );
  return Number(row?.added);
}

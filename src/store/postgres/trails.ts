import { createHash } from 'node:crypto';
import type { AuditEvent, StoredEvent } from '../../contracts.js';
import { escaped } from '../escaped-id.js';
import { lostRecord } from '../lost-record.js';
import type { RecordStore, TrailOwner } from '../record-store.js';
import type { PostgresConnection } from './connection.js';
import { notInitialized } from './errors.js';
import type { InOrder } from './in-order.js';
import { asciiJson, literal } from './literal.js';
import type { PostgresRow } from './pool.js';
import { isMarked, type Tables } from './schema.js';

const ID = /^\d{15}$/;
/** A lowered bound is reached step by step. */
const MOST_PUSHED_OUT = 100;

/**
 * Events are rows. The last stored event of a fold carries the count of that fold, which goes with it when it is
 * pushed out. Appends to one owner's trails run one after the other, by a lock that ends with the transaction, and
 * from one process in the order of the calls.
 */
export function postgresTrails({
  connection: { run, runAll },
  tables: { records, events },
  inOrder,
  now,
}: {
  readonly connection: Pick<PostgresConnection, 'run' | 'runAll'>;
  readonly tables: Tables;
  readonly inOrder: Pick<InOrder, 'run' | 'over'>;
  readonly now: () => number;
}): Pick<RecordStore, 'append' | 'page' | 'forget'> {
  const marker = isMarked({ records });
  const append = (input: string) => `WITH input AS (SELECT ${input}::json AS given),
    bounds AS (
      SELECT at, fold->>'id' AS id, (fold->>'each')::bigint AS each, (fold->>'since')::bigint AS since
      FROM input, json_array_elements(given->'folds') WITH ORDINALITY AS all_folds (fold, at)),
    counted AS (
      SELECT at, bounds.id, each, last.number, coalesce(last.count, 0) AS count, last.since
      FROM bounds LEFT JOIN LATERAL (
        SELECT number, (one->>'count')::bigint AS count, (one->>'since')::bigint AS since
        FROM ${events} AS kept, jsonb_array_elements(kept.folds) AS one
        WHERE kept.folds @> jsonb_build_array(jsonb_build_object('id', bounds.id))
          AND one->>'id' = bounds.id
        ORDER BY number DESC LIMIT 1) AS last ON last.since > bounds.since),
    full_one AS (SELECT number FROM counted WHERE count >= each AND number IS NOT NULL ORDER BY at LIMIT 1),
    repeated AS (
      UPDATE ${events} AS kept SET repeats = repeats + 1, last_at = (given->>'now')::bigint
      FROM full_one, input WHERE kept.number = full_one.number RETURNING 1),
    appended AS (
      INSERT INTO ${events} (owner, id, trail, event, folds)
      SELECT given->>'owner', given->>'id', given->>'trail', given->>'event',
        (SELECT jsonb_agg(jsonb_build_object('id', counted.id, 'count', count + 1,
          'since', coalesce(since, (given->>'now')::bigint))) FROM counted)
      FROM input WHERE ${marker} AND NOT EXISTS (SELECT FROM full_one) RETURNING 1)
    SELECT (EXISTS (SELECT FROM repeated) OR EXISTS (SELECT FROM appended))::text AS done`;

  return {
    async append(owner, id, event, { trail, keep, folds }) {
      const at = Math.round(now());
      const place = [owner, escaped(id), escaped(trail)] as const;
      const input = {
        ...{ owner, id: place[1], trail: place[2], now: at, event: asciiJson(event) },
        folds: folds.map(({ key, each, withinMs }) => ({
          ...{ id: foldId([...place, key]), each, since: at - withinMs },
        })),
      };
      const theirs = placeOf(owner, id);
      const text = [
        `SELECT pg_advisory_xact_lock(hashtextextended(${literal(theirs)}, 0))`,
        append(literal(JSON.stringify(input))),
        ...(keep === null ? [] : [pushOut(place.map(literal), keep)]),
      ].join(';\n');
      const [, [row] = []] = await inOrder.run(theirs, () => runAll(text));
      if (row?.done !== 'true') throw notInitialized();
    },

    async page(owner, id, { before, limit, trails }) {
      // Not an id of ours, so nothing is older than it.
      if ((before !== null && !ID.test(before)) || limit < 1 || trails?.length === 0) return [];
      // Nobody waits for them to be written: whoever looks for what they have just done would not find it.
      await inOrder.over(placeOf(owner, id));
      const rows = await run(
        `SELECT number::text, event, repeats::text, last_at::text, marked::text
        FROM (SELECT ${marker} AS marked) AS marker LEFT JOIN LATERAL (
          SELECT * FROM ${events} WHERE owner = $1 AND id = $2
            AND ($3::bigint IS NULL OR number < $3) AND ($4::text[] IS NULL OR trail = ANY ($4))
          ORDER BY number DESC LIMIT $5) AS found ON true`,
        [owner, escaped(id), before, trails?.map(escaped) ?? null, limit],
      );
      if (rows[0]?.marked !== 'true') throw notInitialized();
      return rows.filter(({ number }) => number !== null).map((row) => eventOf(owner, id, row));
    },

    async forget(owner, id) {
      const [row] = await inOrder.run(placeOf(owner, id), () =>
        run(
          `WITH gone AS (DELETE FROM ${events} WHERE owner = $1 AND id = $2 AND ${marker})
          SELECT ${marker}::text AS marked`,
          [owner, escaped(id)],
        ),
      );
      if (row?.marked !== 'true') throw notInitialized();
    },
  };

  function pushOut([owner, id, trail]: readonly string[], keep: number): string {
    const theirs = `owner = ${owner} AND id = ${id} AND trail = ${trail}`;
    return `DELETE FROM ${events} WHERE number IN (SELECT number FROM ${events} WHERE ${theirs}
      ORDER BY number DESC OFFSET ${Math.trunc(keep)} LIMIT ${MOST_PUSHED_OUT})`;
  }
}

function placeOf(owner: TrailOwner, id: string): string {
  return `${owner} ${escaped(id)}`;
}

/** The id of a fold: equal for equal parts only. */
function foldId(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22);
}

function eventOf(owner: TrailOwner, id: string, row: PostgresRow): StoredEvent {
  const { number, event: json, repeats, last_at: lastAt } = row;
  try {
    const event = JSON.parse(String(json)) as AuditEvent;
    return Object.freeze({
      ...event,
      at: new Date(event.at),
      id: String(number).padStart(15, '0'),
      repeats: Number(repeats),
      lastAt: lastAt === null || lastAt === undefined ? null : new Date(Number(lastAt)),
    });
  } catch (cause) {
    throw lostRecord(owner, id, 'has a trail of events that is damaged', cause);
  }
}

import { quoted } from './literal.js';

/** The layout of tables and values; another value in the marker means another, unknown layout. */
export const LAYOUT = '1';

/** Named, since a search_path may differ from one connection of the pool to the next. */
const DEFAULT_SCHEMA = 'public';

export interface Tables {
  /** Quoted, with their schema. */
  readonly records: string;
  readonly events: string;
  /** Carries the notices of changes. */
  readonly channel: string;
  /** Sets them up; may be run again. */
  readonly setUp: string;
}

/** SQL: whether the marker of a store that was set up is there. */
export function isMarked({ records }: Pick<Tables, 'records'>): string {
  return `EXISTS (SELECT FROM ${records} WHERE kind = 'marker' AND id = '' AND body = '${LAYOUT}')`;
}

/** `schema`: any; `prefix`: a plain lower case name, which needs no quotes. */
export function postgresTables({
  schema = DEFAULT_SCHEMA,
  prefix,
}: {
  readonly schema: string | undefined;
  readonly prefix: string;
}): Tables {
  const records = `${quoted(schema)}.${prefix}records`;
  const events = `${quoted(schema)}.${prefix}events`;
  return { records, events, channel: `${prefix}changes`, setUp: setUp(records, events, prefix) };
}

// Collation "C" compares ids byte by byte: another could take two people for one.
function setUp(records: string, events: string, prefix: string): string {
  return `CREATE TABLE IF NOT EXISTS ${records} (
  kind text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  body bytea NOT NULL,
  kept_until timestamptz,
  PRIMARY KEY (kind, id)
) WITH (fillfactor = 80);
CREATE INDEX IF NOT EXISTS ${prefix}records_kept_until ON ${records} (kept_until)
  WHERE kept_until IS NOT NULL;
CREATE TABLE IF NOT EXISTS ${events} (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  owner text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  trail text COLLATE "C" NOT NULL,
  event text NOT NULL,
  folds jsonb,
  repeats bigint NOT NULL DEFAULT 0,
  last_at bigint
);
CREATE INDEX IF NOT EXISTS ${prefix}events_owner ON ${events} (owner, id, number);
CREATE INDEX IF NOT EXISTS ${prefix}events_trail ON ${events} (owner, id, trail, number);
CREATE INDEX IF NOT EXISTS ${prefix}events_folds ON ${events} USING gin (folds jsonb_path_ops)
  WHERE folds IS NOT NULL;
INSERT INTO ${records} (kind, id, body) VALUES ('marker', '', '${LAYOUT}') ON CONFLICT DO NOTHING;
`;
}

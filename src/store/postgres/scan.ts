import { randomBytes } from 'node:crypto';
import type { StoredSetting } from '../../contracts.js';
import { encodeRecord, VERSION_BYTES } from '../codec/record.js';
import { unescaped } from '../escaped-id.js';
import type { Records } from '../records.js';
import { heldBy, type StoreScan } from '../scan.js';
import { type State, stateOf } from '../state.js';
import { placeOf } from './place.js';
import type { Run } from './run.js';
import type { Tables } from './schema.js';

const BATCH = 200;

interface Found<K extends 'subject' | 'organization'> {
  readonly id: string;
  readonly state: State<Records[K]>;
}

/** In the order of their ids, each batch by the primary key. */
export function postgresScan(run: Run, { records, channel }: Tables): StoreScan {
  async function* walk<K extends 'subject' | 'organization'>(kind: K): AsyncGenerator<Found<K>[]> {
    for (let after = ''; ; ) {
      const rows = await run(
        `SELECT id, encode(body, 'hex') AS body,
          (SELECT encode(body, 'hex') FROM ${records} AS ledger
            WHERE ledger.kind = 'ledger:' || $1 AND ledger.id = kept.id) AS entry
        FROM ${records} AS kept WHERE kind = $1 AND id > $2 ORDER BY id LIMIT ${BATCH}`,
        [kind, after],
      );
      yield rows.map(({ id: escapedId, body, entry }) => {
        const id = unescaped(String(escapedId));
        const value = Buffer.from(String(body), 'hex');
        const sequence = entry === null || entry === undefined ? null : Buffer.from(entry, 'hex');
        return { id, state: stateOf(kind, id, placeOf(kind, id), value, sequence) };
      });
      const last = rows.at(-1)?.id;
      if (rows.length < BATCH || !last) return;
      after = last;
    }
  }

  async function gone(kind: 'subject' | 'organization'): Promise<string[]> {
    const rows = await run(
      `SELECT id FROM ${records} AS ledger WHERE kind = 'ledger:' || $1
        AND NOT EXISTS (SELECT FROM ${records} AS kept WHERE kept.kind = $1 AND kept.id = ledger.id)`,
      [kind],
    );
    return rows.map(({ id }) => unescaped(String(id)));
  }

  async function replaceSetting(
    { id, state: { record, sequence, version } }: Found<'organization'>,
    value: StoredSetting['value'],
  ): Promise<boolean> {
    if (!record?.setting) return false;
    const place = placeOf('organization', id);
    const next = { ...record, setting: { ...record.setting, value } };
    const body = encodeRecord('organization', place, randomBytes(VERSION_BYTES), {
      record: next,
      sequence,
    });
    const rows = await run(
      `WITH changed AS (
        UPDATE ${records} SET body = decode($2, 'hex') WHERE kind = 'organization' AND id = $1
          AND substr(body, 1, ${VERSION_BYTES}) = decode($3, 'hex') RETURNING 1)
      SELECT pg_notify($4, 'cli *')::text FROM changed`,
      [
        place.slice(place.indexOf(':') + 1),
        Buffer.from(body).toString('hex'),
        Buffer.from(version).toString('hex'),
        channel,
      ],
    );
    return rows.length === 1;
  }

  return {
    async *subjects() {
      for await (const batch of walk('subject')) {
        yield batch.map(({ id, state: { record, lost } }) => ({
          id,
          fault: lost?.error.message ?? null,
          held: record && heldBy(record),
        }));
      }
    },
    async *organizations() {
      for await (const batch of walk('organization')) {
        yield batch.map((found) => ({
          id: found.id,
          setting: found.state.record?.setting ?? null,
          fault: found.state.lost?.error.message ?? null,
          replace: (value) => replaceSetting(found, value),
        }));
      }
    },
    async missing() {
      return {
        subjects: await gone('subject'),
        organizations: await gone('organization'),
        unnamed: 0,
      };
    },
  };
}

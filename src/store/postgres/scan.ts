import { randomBytes } from 'node:crypto';
import type { StoredSetting } from '../../contracts.js';
import { encodeRecord, VERSION_BYTES } from '../codec/record.js';
import { heldBy, type StoreScan } from '../scan.js';
import { placeOf } from './place.js';
import type { Run } from './run.js';
import type { Tables } from './schema.js';
import { goneRecords, type Walked, walk } from './walk.js';

export function postgresScan(run: Run, tables: Tables): StoreScan {
  const { records, channel } = tables;

  async function replaceSetting(
    { id, state: { record, sequence, version } }: Walked<'organization'>,
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
      for await (const batch of walk(run, tables, 'subject')) {
        yield batch.map(({ id, state: { record, lost } }) => ({
          id,
          fault: lost?.error.message ?? null,
          held: record && heldBy(record),
        }));
      }
    },
    async *organizations() {
      for await (const batch of walk(run, tables, 'organization')) {
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
        subjects: await goneRecords(run, tables, 'subject'),
        organizations: await goneRecords(run, tables, 'organization'),
        unnamed: 0,
      };
    },
  };
}

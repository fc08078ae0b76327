import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { decodeRecord, encodeRecord, VERSION_BYTES } from '../store/codec/record.js';
import type { DumpedRecord, DumpedTrails } from '../store/dump.js';
import { escaped } from '../store/escaped-id.js';
import type { Kind } from '../store/records.js';

/** Another number in a dump's first line means another, unknown layout. */
const FORMAT = 1;
const SUM = /^(\{.*),"crc":"([0-9a-f]{8})"\}$/s;

const head = z.strictObject({
  dump: z.literal('sallyport'),
  format: z.number(),
  store: z.string(),
  at: z.string(),
  final: z.boolean(),
});
const record = z.strictObject({
  kind: z.enum(['subject', 'organization', 'session', 'devices', 'transaction', 'holders']),
  id: z.string(),
  keptUntil: z.number().nullable(),
  record: z.base64(),
});
const trails = z.strictObject({
  trails: z.enum(['organization', 'subject']),
  id: z.string(),
  events: z.array(z.tuple([z.string(), z.string(), z.number(), z.number().nullable()])),
});
const end = z.strictObject({ end: z.strictObject({ records: z.number(), trails: z.number() }) });
const line = z.union([record, trails, head, end]);

/** One line of a dump. */
export type DumpLine =
  | { readonly what: 'head'; readonly final: boolean }
  | { readonly what: 'record'; readonly record: DumpedRecord }
  | { readonly what: 'trails'; readonly trails: DumpedTrails }
  | { readonly what: 'end'; readonly records: number; readonly trails: number };

/**
 * Makes the lines of a dump. Each has a checksum over itself and all lines before it, so that a missing or moved line
 * is noticed.
 */
export function dumpWriter() {
  let sum = 0;
  const written = { records: 0, trails: 0 };

  function text(value: object): string {
    const json = JSON.stringify(value).slice(0, -1);
    sum = crc32(json, sum);
    return `${json},"crc":"${hex(sum)}"}\n`;
  }

  return {
    written,
    head: (store: string, at: Date, final: boolean) =>
      text({ dump: 'sallyport', format: FORMAT, store, at: at.toISOString(), final }),
    record({ kind, id, keptUntil, record: value, sequence }: DumpedRecord) {
      written.records += 1;
      const content = { record: value, sequence };
      const bytes = encodeRecord(kind, placeIn(kind, id), randomBytes(VERSION_BYTES), content);
      return text({ kind, id, keptUntil, record: bytes.toString('base64') });
    },
    trails({ owner, id, events }: DumpedTrails) {
      written.trails += 1;
      const rows = events.map(({ trail, json, repeats, lastAt }) => [trail, json, repeats, lastAt]);
      return text({ trails: owner, id, events: rows });
    },
    end: () => text({ end: written }),
  };
}

/** Reads the lines one by one. Throws an error that says what is wrong with the line. */
export function dumpReader(): (text: string) => DumpLine {
  let sum = 0;
  let first = true;
  let ended = false;
  const read = { records: 0, trails: 0 };

  return (text) => {
    const parts = SUM.exec(text);
    if (first && !text.startsWith('{"dump":"sallyport"')) throw new Error('this is no dump');
    if (ended) throw new Error('something follows the end of the dump');
    sum = crc32(parts?.[1] ?? '', sum);
    if (!parts || parts[2] !== hex(sum)) {
      throw new Error('it is damaged, or a line before it is missing');
    }
    const { data: found } = line.safeParse(JSON.parse(`${parts[1]}}`));
    if (!found) throw new Error('it is of a kind that this version of Sallyport does not know');
    if (first !== 'dump' in found) throw new Error('it is not where it belongs');
    first = false;
    if ('dump' in found) {
      if (found.format === FORMAT) return { what: 'head', final: found.final };
      throw new Error(`it is of a later version of Sallyport (format ${found.format})`);
    }
    if ('end' in found) {
      ended = true;
      if (found.end.records === read.records && found.end.trails === read.trails) {
        return { what: 'end', ...read };
      }
      throw new Error('the dump holds another number of lines than were written');
    }
    if ('trails' in found) {
      read.trails += 1;
      const events = found.events.map(([trail, json, repeats, lastAt]) => ({
        trail,
        json,
        repeats,
        lastAt,
      }));
      return { what: 'trails', trails: { owner: found.trails, id: found.id, events } };
    }
    read.records += 1;
    const { kind, id, keptUntil } = found;
    const bytes = Buffer.from(found.record, 'base64');
    const decoded = decodeRecord(kind, placeIn(kind, id), bytes);
    return { what: 'record', record: { kind, id, keptUntil, ...decoded } };
  };
}

function placeIn(kind: Kind, id: string): string {
  return `${kind}:${escaped(id)}`;
}

function hex(sum: number): string {
  return sum.toString(16).padStart(8, '0');
}

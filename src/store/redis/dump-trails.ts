import type { DumpedEvent } from '../dump.js';
import { script } from './scripts.js';

/** KEYS: trails. ARGV: fields and values → 1, or 0 where there are some */
export const ADD_TRAILS = script(`
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
for at = 1, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1]) end
return 1`);

/** The events in a hash of trails (`trail-scripts.ts` says how it is laid out), oldest first; null: damaged. */
export function eventsIn(fields: ReadonlyMap<string, string>): readonly DumpedEvent[] | null {
  const numbered: { readonly number: number; readonly event: DumpedEvent }[] = [];
  for (const trail of (fields.get('trails') ?? '').split(' ').filter(Boolean)) {
    const last = Number(fields.get(`${trail} n`));
    for (let place = Number(fields.get(`${trail} o`) ?? 1); place <= last; place += 1) {
      const kept = /^(\d+):(.*)$/s.exec(fields.get(`${trail} ${place}`) ?? '');
      if (!kept) return null;
      const [repeats = 0, lastAt = null] =
        fields.get(`${trail} r ${place}`)?.split(':').map(Number) ?? [];
      const json = kept[2] as string;
      numbered.push({ number: Number(kept[1]), event: { trail, json, repeats, lastAt } });
    }
  }
  return numbered.sort((one, other) => one.number - other.number).map(({ event }) => event);
}

/** Fields and values of the hash that holds these events and no others. */
export function fieldsOf(events: readonly DumpedEvent[]): string[] {
  const places = new Map<string, number>();
  const fields: string[] = [];
  for (const [at, { trail, json, repeats, lastAt }] of events.entries()) {
    const place = (places.get(trail) ?? 0) + 1;
    places.set(trail, place);
    fields.push(`${trail} ${place}`, `${at + 1}:${json}`);
    if (repeats > 0) fields.push(`${trail} r ${place}`, `${repeats}:${lastAt ?? 0}`);
  }
  for (const [trail, place] of places) fields.push(`${trail} n`, String(place));
  return [...fields, 'n', String(events.length), 'trails', ` ${[...places.keys()].join(' ')} `];
}

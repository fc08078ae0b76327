import type { AuditEvent, StoredEvent } from '../../contracts.js';
import { lostRecord } from '../lost-record.js';
import type { RecordStore } from '../record-store.js';
import type { RedisKeys } from './keys.js';
import type { Marker } from './marker.js';
import { runScript, type Script } from './scripts.js';
import type { RedisShards } from './shards.js';
import { APPEND, READ } from './trail-scripts.js';

const ID = /^\d{15}$/;

/**
 * The trails of an organization and the history of a subject, which have the same layout. They are no records, since
 * appending an event must not read and write all of them.
 */
export function redisTrails({
  keys,
  shards,
  marker,
  clock,
}: {
  readonly keys: Pick<RedisKeys, 'trails'>;
  readonly shards: Pick<RedisShards, 'call'>;
  readonly marker: Pick<Marker, 'guard'>;
  /** Replaces the server's clock (tests). */
  readonly clock: (() => number) | undefined;
}): Pick<RecordStore, 'append' | 'page' | 'forget'> {
  function run(key: string, script: Script, args: readonly (string | number)[]): Promise<unknown> {
    const given = [clock ? Math.round(clock()) : '', ...args].map(String);
    return marker.guard(key, () =>
      shards.call(key, (send) => runScript(send, script, [key], given)),
    );
  }

  return {
    async append(owner, id, event, { trail, keep, folds }) {
      const bounds = folds.flatMap(({ key: like, each, withinMs }) => [like, each, withinMs]);
      const args = [trail, JSON.stringify(event), keep ?? '', ...bounds];
      await run(keys.trails(owner, id), APPEND, args);
    },

    async page(owner, id, { before, limit, trails }) {
      // Not an id of ours, so nothing is older than it.
      if ((before !== null && !ID.test(before)) || limit < 1 || trails?.length === 0) return [];
      const from = before === null ? '' : Number(before);
      const reply = await run(keys.trails(owner, id), READ, [from, limit, ...(trails ?? [])]);
      try {
        return eventsOf(reply as Buffer[]);
      } catch (cause) {
        throw lostRecord(owner, id, 'has a trail of events that is damaged', cause);
      }
    },

    async forget(owner, id) {
      const key = keys.trails(owner, id);
      await marker.guard(key, () => shards.call(key, (send) => send(['DEL', key])));
    },
  };
}

function eventsOf(reply: readonly Buffer[]): StoredEvent[] {
  const events: StoredEvent[] = [];
  for (let at = 0; at < reply.length; at += 3) {
    const [number, json, repeated] = reply.slice(at, at + 3).map(String);
    const event = JSON.parse(json as string) as AuditEvent;
    const [repeats, lastAt] = repeated ? repeated.split(':').map(Number) : [0];
    events.push(
      Object.freeze({
        ...event,
        at: new Date(event.at),
        id: String(number).padStart(15, '0'),
        repeats: repeats as number,
        lastAt: lastAt === undefined ? null : new Date(lastAt),
      }),
    );
  }
  return events;
}

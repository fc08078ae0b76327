import type { AuditEvent, EventPlace, EventStore, StoredEvent } from '../contracts.js';
import { script } from './redis/scripts.js';
import type { RedisRecords } from './redis-records.js';
import { APPEND, READ } from './redis-trail-scripts.js';

const ID = /^\d{15}$/;
const HISTORY = 'history';

/** ARGV: now (unused) */
const FORGET = script(`return redis.call('DEL', KEYS[1])`);

interface Page {
  readonly before: string | null;
  readonly limit: number;
  readonly trails?: readonly string[] | undefined;
}

/** Two kinds of keys that are laid out alike: the trails of an organization, and the history of a subject. */
export function redisEvents(
  { ask }: Pick<RedisRecords<unknown>, 'ask'>,
  keyOf: {
    readonly trails: (organizationId: string) => string;
    readonly history: (subjectId: string) => string;
  },
): EventStore & { forgetHistory(subjectId: string): Promise<void> } {
  function append(key: string, event: AuditEvent, { trail, keep, folds }: EventPlace) {
    const bounds = folds.flatMap(({ key: like, each, withinMs }) => [like, each, withinMs]);
    const args = [trail, JSON.stringify(event), keep ?? '', ...bounds];
    return ask(key, APPEND, args, () => undefined);
  }

  async function read(
    key: string,
    { before, limit, trails }: Page,
  ): Promise<readonly StoredEvent[]> {
    // Not an id of ours, and so nothing is older than it.
    if ((before !== null && !ID.test(before)) || limit < 1 || trails?.length === 0) return [];
    const from = before === null ? '' : Number(before);
    return ask(key, READ, [from, limit, ...(trails ?? [])], (reply) => eventsOf(reply as Buffer[]));
  }

  return {
    appendEvent: (organizationId, event, place) =>
      append(keyOf.trails(organizationId), event, place),
    readEvents: (organizationId, page) => read(keyOf.trails(organizationId), page),
    appendHistory: (subjectId, event, { folds }) =>
      append(keyOf.history(subjectId), event, { trail: HISTORY, keep: null, folds }),
    readHistory: (subjectId, page) => read(keyOf.history(subjectId), page),
    forgetHistory: (subjectId) => ask(keyOf.history(subjectId), FORGET, [], () => undefined),
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

import type { AuditEvent, EventStore, StoredEvent } from '../contracts.js';
import { script } from './redis/scripts.js';
import type { RedisRecords } from './redis-records.js';

// A stream per organization. Its ids (`<ms>-<n>`) do not sort as text, so ours pad both numbers.
const ID = /^(\d{15})-(\d{10})$/;

/** ARGV: now (unused: the stream keeps its own order), event, keep */
const APPEND = script(`return redis.call('XADD', KEYS[1], 'MAXLEN', ARGV[3], '*', 'e', ARGV[2])`);

/** ARGV: now (unused), end of the range, limit → [[id, ['e', event]], …] */
const READ = script(`return redis.call('XREVRANGE', KEYS[1], ARGV[2], '-', 'COUNT', ARGV[3])`);

export function redisEvents(
  { ask }: Pick<RedisRecords<unknown>, 'ask'>,
  keyOf: (organizationId: string) => string,
): EventStore {
  return {
    appendEvent: (organizationId, event, keep) =>
      ask(keyOf(organizationId), APPEND, [JSON.stringify(event), keep], () => undefined),

    async readEvents(organizationId, { before, limit }) {
      const match = before === null ? null : ID.exec(before);
      // Not an id of ours, and so nothing is older than it. XREVRANGE takes COUNT 0 for all of them.
      if ((before !== null && !match) || limit < 1) return [];
      const end = match ? `(${Number(match[1])}-${Number(match[2])}` : '+';
      return ask(keyOf(organizationId), READ, [end, limit], (reply) =>
        (reply as [Buffer, [Buffer, Buffer]][]).map(([id, [, event]]) => decodeEvent(id, event)),
      );
    },
  };
}

function decodeEvent(id: Buffer, json: Buffer): StoredEvent {
  const [ms = '', n = ''] = String(id).split('-');
  const event = JSON.parse(String(json)) as AuditEvent;
  return Object.freeze({
    ...event,
    at: new Date(event.at),
    id: `${ms.padStart(15, '0')}-${n.padStart(10, '0')}`,
  });
}

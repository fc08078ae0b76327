import { SallyportError } from '../../errors.js';
import type { RedisKeys } from './keys.js';
import type { Send } from './send.js';
import type { RedisShards } from './shards.js';
import { slotTags } from './slots.js';

type Probe = readonly [command: string, ...rest: string[]];

/** Every command that the store or its scripts run on a key, tried on keys that nobody reads. */
function probes(text: string, hash: string): readonly Probe[] {
  return [
    ['GET', text],
    ['SET', text, '', 'PX', '1000'],
    ['DEL', text],
    ['HSET', hash, 'a', '1'],
    ['HINCRBY', hash, 'a', '1'],
    ['HGET', hash, 'a'],
    ['HDEL', hash, 'a'],
    ['EVAL', 'return 1', '1', text],
    // Answered with NOSCRIPT, which shows that the command is permitted.
    ['EVALSHA', '0'.repeat(40), '1', text],
  ];
}

/**
 * Tries every command that the store needs, on each master, and names those that are refused. Otherwise the first
 * person who signs in would find them.
 */
export async function assertPermissions(
  keys: Pick<RedisKeys, 'probe'>,
  shards: Pick<RedisShards, 'call' | 'callBlocking' | 'grouped'>,
  { clustered, waits }: { readonly clustered: boolean; readonly waits: boolean },
): Promise<void> {
  for (const [text = ''] of shards.grouped(slotTags().map(keys.probe))) {
    const all: Probe[] = [...probes(text, `${text}:hash`)];
    if (clustered) all.push(['ASKING']);
    const refused = await shards.call(text, (send) => refusedOf(send, all));
    // On the connection for blocking commands, as in use.
    if (waits) {
      const wait: Probe = ['WAIT', '0', '1'];
      refused.push(...(await shards.callBlocking(text, (send) => refusedOf(send, [wait]))));
    }
    if (refused.length > 0) throw notPermitted(refused);
  }
}

interface Refused {
  readonly command: string;
  readonly error: Error;
}

async function refusedOf(send: Send, all: readonly Probe[]): Promise<Refused[]> {
  const tried = all.map((probe) => {
    const [command] = probe;
    return send(probe).then(
      () => [],
      (error: unknown) => {
        if (!(error instanceof Error)) throw error;
        // Anything else, such as a Redis that is full, is no matter of permissions.
        if (/^NOPERM|unknown command/i.test(error.message)) return [{ command, error }];
        if (/^[A-Z]{2,} /.test(error.message)) return [];
        throw error;
      },
    );
  });
  return (await Promise.all(tried)).flat();
}

function notPermitted(refused: readonly Refused[]): SallyportError {
  const [{ error: cause }] = refused as readonly [Refused];
  const names = refused.map(({ command }) => command).join(', ');
  const grants = refused.map(({ command }) => `+${command.toLowerCase()}`).join(' ');
  const advice = /access.*key/i.test(cause.message)
    ? 'grant it the keys that begin with the prefix'
    : `grant ${grants}`;
  return new SallyportError(
    'ERR_REDIS_PERMISSION',
    `The Redis user may not run ${names}, which the store needs: ${advice} (docs/operations.md has all)`,
    { cause },
  );
}

/**
 * Another process of the same installation, where administrators are busy: told a name, it changes the policies
 * of the organizations of that name from then on; told null, it stops and says how many it changed per second.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { NO_SETTING } from '../test/support/policy.js';
import { benchDoor } from './door.js';

const [redisUrl, organizations, perSecond] = process.argv.slice(2) as [string, string, string];
const { store } = await benchDoor(redisUrl);
let name: string | null = null;
let working = Promise.resolve(0);

async function change(): Promise<number> {
  const begun = performance.now();
  const writes: Promise<unknown>[] = [];
  while (name !== null) {
    const due = ((performance.now() - begun) * Number(perSecond)) / 1000;
    while (writes.length < due) {
      const at = writes.length % Number(organizations);
      const again = Math.floor(writes.length / Number(organizations));
      writes.push(
        store.writeSetting(`${name}-${at}`, {
          value: { ...NO_SETTING, mode: 'required', maxAgeSeconds: again % 2 ? 3600 : 7200 },
          changedBy: 'root',
          expectedVersion: null,
        }),
      );
    }
    await delay(1);
  }
  await Promise.all(writes);
  return (writes.length * 1000) / (performance.now() - begun);
}

process.on('disconnect', () => process.exit());
process.on('message', async (told: string | null) => {
  name = told;
  if (name !== null) working = change();
  else process.send?.(await working);
});
process.send?.('ready');

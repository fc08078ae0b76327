/** Another process of the same installation: resets a subject when it is told to, and says when that was done. */
import { benchDoor } from './door.js';

const { store } = await benchDoor(process.argv[2]!);

process.on('disconnect', () => process.exit());
process.on('message', async (subjectId: string) => {
  await store.reset(subjectId);
  process.send?.(performance.timeOrigin + performance.now());
});
process.send?.('ready');

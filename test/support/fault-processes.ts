import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { FaultSettings, ToFaultProcess } from './fault-process.js';
import { closeLater } from './redis-store.js';

const PROGRAM = fileURLToPath(new URL('./fault-process.ts', import.meta.url));

export interface FaultProcess {
  readonly url: string;
  /** Resolves to true when it is done, to false when the process has died of it. */
  tell(message: ToFaultProcess): Promise<boolean>;
  /** Resolves with its next message. */
  said(): Promise<unknown>;
  /** Resolves to the signal that ended it. */
  ended(): Promise<NodeJS.Signals | null>;
}

/** Starts a host of its own that `closeStores` ends. `clockOffset`: how far its clock is off, in ms. */
export async function faultProcess(
  settings: FaultSettings,
  { clockOffset = 0 } = {},
): Promise<FaultProcess> {
  const skewed = `const R = Date; globalThis.Date = class extends R {
    constructor(...all) { if (all.length) super(...all); else super(R.now() + ${clockOffset}); }
    static now() { return R.now() + ${clockOffset}; }
  };`;
  const preload = clockOffset
    ? [`--import=data:text/javascript,${encodeURIComponent(skewed)}`]
    : [];
  const child = fork(PROGRAM, [JSON.stringify(settings)], {
    execArgv: [...preload, '--unhandled-rejections=strict', '--import=tsx'],
  });
  const exit = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  closeLater({
    async close() {
      if (child.connected) child.disconnect();
      await exit;
    },
  });
  const [port] = (await Promise.race([
    once(child, 'message'),
    exit.then(() => {
      throw new Error('the process ended before it listened');
    }),
  ])) as [number];
  return {
    url: `http://127.0.0.1:${port}`,
    tell(message) {
      const answer = Promise.race([
        once(child, 'message').then(() => true),
        exit.then(() => false),
      ]);
      child.send(message);
      return answer;
    },
    said: async () => (await once(child, 'message'))[0],
    ended: async () => (await exit)[1],
  };
}

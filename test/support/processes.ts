import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { FromHost, ProcessSettings, ToHost } from './process-host.js';

export interface HostProcess {
  readonly url: string;
  /** Resolves when the slow request of this name has read its session and waits. */
  waiting(name: string): Promise<void>;
  /** Lets it go on. */
  go(name: string): void;
  stop(): Promise<void>;
}

const PROGRAM = fileURLToPath(new URL('./process-host.ts', import.meta.url));

/** Starts a host app (`process-host.ts`) in a process of its own. */
export async function hostProcess(settings: ProcessSettings): Promise<HostProcess> {
  // The loaders of this process, so that it runs the same Express.
  const loaders = process.execArgv.some((one) => one.includes('tsx'));
  const execArgv = [
    ...process.execArgv,
    '--unhandled-rejections=strict',
    ...(loaders ? [] : ['--import=tsx']),
  ];
  const child = fork(PROGRAM, [JSON.stringify(settings)], { execArgv });
  const here = new Set<string>();
  const port = await new Promise<number>((resolve, reject) => {
    child.on('message', (message: FromHost) => {
      if (message.kind === 'listening') resolve(message.port);
      else here.add(message.name);
    });
    child.once('exit', (code) => reject(new Error(`the host process ended with ${code}`)));
  });
  return {
    url: `http://127.0.0.1:${port}`,
    async waiting(name) {
      while (!here.has(name)) await once(child, 'message');
    },
    go: (name) => void child.send({ go: name } satisfies ToHost),
    stop: () => ended(child),
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exit = once(child, 'exit');
  child.disconnect();
  await exit;
}

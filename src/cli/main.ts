#!/usr/bin/env node
import { progressBar } from './progress.js';
import { run } from './run.js';

const bar = progressBar(process.stderr);

process.exitCode = await run(process.argv.slice(2), {
  env: process.env,
  out: bar.beside((line) => console.log(line)),
  err: bar.beside((line) => console.error(line)),
  ...(bar.show && { progress: bar.show }),
  now: Date.now,
  untilStopped: () =>
    new Promise((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
    }),
});

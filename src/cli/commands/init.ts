import type { Command } from '../run.js';
import { withStore } from '../with-store.js';

/**
 * Marks a Redis as set up. But for development and tests nothing else does: a Redis that comes back empty must look like a
 * loss, not like a new installation.
 */
export const init: Command = {
  usage: '',
  summary: 'mark an empty Redis as set up: once, for a new installation',
  positionals: 0,
  options: ['redis', 'prefix'],
  run: (given, terminal) =>
    withStore(given, terminal, async ({ store }) => {
      await store.initialize();
      terminal.out('This Redis is set up. Back it up: enrollments live in it.');
    }),
};

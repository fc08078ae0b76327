import { postgresTables } from '../../store/postgres/schema.js';
import type { Command } from '../command.js';
import { POSTGRES_PREFIX, STORE_OPTIONS, withStore } from '../with-store.js';

/**
 * Marks a store as set up, and makes the tables of Postgres. Except in development and tests nothing else does this,
 * so that a store that comes back empty counts as a loss, not as a new installation.
 */
export const init: Command = {
  usage: '',
  summary: 'mark an empty Redis, or make the tables in Postgres: once, for a new installation',
  positionals: 0,
  options: [...STORE_OPTIONS, 'print'],
  async run(given, terminal) {
    if (given.print) {
      const { schema, prefix = POSTGRES_PREFIX } = given;
      terminal.out(postgresTables({ schema, prefix }).setUp);
      return;
    }
    await withStore(given, terminal, async ({ store, name }) => {
      await store.initialize();
      terminal.out(`This ${name} is set up. Back it up: enrollments live in it.`);
    });
  },
};

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { DumpedRecord, DumpedTrails } from '../../store/dump.js';
import { memoryStore } from '../../store/memory.js';
import { type Command, UsageError } from '../command.js';
import { type DumpLine, dumpReader } from '../dump-lines.js';
import { type Installation, STORE_OPTIONS, withStore } from '../with-store.js';
import { contentOf, importUsers, sampleUser, wantsFrom } from './import-users.js';

const USERS_OPTIONS = ['from', 'id', 'tenant', 'encoding', 'after'] as const;
const BATCH = 200;
/** The events of one owner always go together, however many. */
const EVENTS = 5000;

/**
 * Puts a dump into a store that was set up and holds nothing. The whole file is checked before anything is written.
 * What the store holds already stays, so it may be stopped at any moment and run again with `--resume`.
 */
export const importStore: Command = {
  usage: 'FILE',
  summary:
    'put what `export` wrote into an empty store, or take over users’ factors from elsewhere',
  positionals: 1,
  options: [...STORE_OPTIONS, 'resume', 'dry-run', 'sample', ...USERS_OPTIONS],
  async run(given, terminal) {
    const [file = ''] = given.positionals;
    const { sample, users, dryRun } = given;
    const content = await contentOf(file, users);
    if (content === 'users') {
      const flags = { ...users, dryRun };
      if (sample !== undefined) return sampleUser(file, sample, users, terminal, terminal.now());
      // A dry run needs no store.
      if (dryRun) {
        return importUsers({ store: memoryStore({ production: true }) }, file, flags, terminal);
      }
      return withStore(
        given,
        terminal,
        async (installation) => {
          await installation.store.ready();
          await importUsers(installation, file, flags, terminal);
        },
        { allowEviction: false },
      );
    }
    if (dryRun || sample !== undefined || Object.values(users).some((one) => one !== undefined)) {
      if (content === 'unknown') throw wantsFrom(file);
      const options = ['dry-run', 'sample', ...USERS_OPTIONS].map((name) => `--${name}`);
      throw new UsageError(`${options.join(', ')} are for files of users, and this is none`);
    }
    await withStore(
      given,
      terminal,
      async (installation) => {
        const { store, dump } = installation;
        await store.ready();
        if (!given.resume && !(await dump.isEmpty())) {
          throw new Error(
            'this store is not empty. Is it the right one? With --resume what is missing in it is ' +
              'added, and what it holds stays as it is',
          );
        }
        await assertWhole(file);
        const { added, present, ended } = await addAll(installation, file);
        terminal.out(
          `Imported: ${added}. There already: ${present}. Ended since the export: ${ended}.`,
        );
      },
      { allowEviction: false },
    );
  },
};

async function assertWhole(file: string): Promise<void> {
  try {
    for await (const _ of linesOf(file));
  } catch (cause) {
    throw new Error(`${(cause as Error).message}. Nothing was imported`, { cause });
  }
}

async function addAll({ store, dump }: Installation, file: string) {
  const count = { added: 0, present: 0, ended: 0 };
  const records: DumpedRecord[] = [];
  const trails: DumpedTrails[] = [];
  let events = 0;

  async function flush(): Promise<void> {
    events = 0;
    const batch = { records: records.splice(0), trails: trails.splice(0) };
    const size = batch.records.length + batch.trails.length;
    const added = await dump.add(batch);
    count.added += added;
    count.present += size - added;
  }

  for await (const line of linesOf(file)) {
    if (line.what === 'record') {
      const { keptUntil } = line.record;
      if (keptUntil !== null && keptUntil <= store.now()) count.ended += 1;
      else records.push(line.record);
    }
    if (line.what === 'trails') {
      trails.push(line.trails);
      events += line.trails.events.length;
    }
    if (records.length + trails.length >= BATCH || events >= EVENTS) await flush();
  }
  await flush();
  return count;
}

/** Throws an error that names the line. */
async function* linesOf(file: string): AsyncGenerator<DumpLine> {
  const read = dumpReader();
  let number = 0;
  let last: DumpLine | null = null;
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: 100 })) {
    number += 1;
    try {
      last = read(text);
    } catch (cause) {
      throw new Error(`${file}, line ${number}: ${(cause as Error).message}`, { cause });
    }
    yield last;
  }
  if (last?.what !== 'end') {
    throw new Error(`${file} ends after line ${number}, before the end of the dump`);
  }
}

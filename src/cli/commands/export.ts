import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Command, type Terminal, UsageError } from '../command.js';
import { dumpWriter } from '../dump-lines.js';
import { type Installation, STORE_OPTIONS, withStore } from '../with-store.js';

/** How many unreadable records are named; the rest is counted. */
const NAMED = 10;

/** Writes all that a store holds into a file, record by record, with secrets sealed as they are stored. */
export const exportStore: Command = {
  usage: 'FILE',
  summary: 'write all that the store holds into a new file (NDJSON), secrets sealed as they are',
  positionals: 1,
  options: [...STORE_OPTIONS, 'final'],
  async run(given, terminal) {
    const [file = ''] = given.positionals;
    const { final } = given;
    await withStore(
      given,
      terminal,
      async (installation) => {
        await installation.store.ready();
        // Opened before the store is taken out of service, which must not happen for a file that cannot be written.
        const target = createWriteStream(file, { flags: 'wx', mode: 0o600, flush: true });
        await opened(file, target);
        try {
          await pipeline(Readable.from(lines(installation, terminal, final)), target);
        } catch (error) {
          await rm(file, { force: true });
          if (final) {
            terminal.err('note: the store is out of service; `npx sallyport init` brings it back');
          }
          throw error;
        }
        terminal.out(
          final
            ? 'The old store is out of service: whoever still works on it answers 503.'
            : 'The app may have gone on meanwhile: to move a store, use --final.',
        );
      },
      { allowEviction: true },
    );
  },
};

async function opened(file: string, target: ReturnType<typeof createWriteStream>): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    target.once('open', () => resolve());
    target.once('error', reject);
  }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') throw new UsageError(`${file} exists: name a new file`);
    throw error;
  });
}

async function* lines(
  { name, store, dump }: Installation,
  { out, err }: Terminal,
  final: boolean,
): AsyncGenerator<string> {
  const writer = dumpWriter();
  const lost: string[] = [];
  if (final) await dump.retire();
  yield writer.head(name, new Date(store.now()), final);
  for await (const { records, trails, faults } of dump.read()) {
    // One chunk for all: a chunk for each line would cost more than the line.
    yield [...records.map(writer.record), ...trails.map(writer.trails)].join('');
    for (const { opens, message } of faults) {
      if (opens) lost.push(message);
      else err(`left out: ${message}`);
    }
  }
  // If they were left out, the new store would take them for people who never enrolled, or organizations without a
  // rule.
  if (lost.length > 0) {
    const more = lost.length > NAMED ? ` and ${lost.length - NAMED} more` : '';
    throw new Error(
      `${lost.slice(0, NAMED).join('; ')}${more}: restore a backup, or reset the user or save the ` +
        'organization’s setting again; then export again',
    );
  }
  yield writer.end();
  const { written } = writer;
  out(`Exported: ${written.records} records, and the events of ${written.trails}.`);
}

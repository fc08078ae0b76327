import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { audit } from '../../audit/events.js';
import { EVENTS_KEPT, storeTrail } from '../../audit/trail.js';
import type { AuditEvent, ImportResult, SecondFactorStore } from '../../contracts.js';
import { keyring } from '../../crypto/keyring.js';
import { messageOf } from '../../errors.js';
import { importer, type ReadFactors } from '../../host/import-subject.js';
import { isLostRecord } from '../../lost.js';
import { importingMethods } from '../../methods/built-in.js';
import type { Found, Reader } from '../../methods/elsewhere/found.js';
import { linesOf, ownLines, parsed } from '../../methods/elsewhere/own-lines.js';
import { readers } from '../../methods/elsewhere/readers.js';
import { escaped } from '../../store/escaped-id.js';
import { type Arguments, type Terminal, UsageError } from '../command.js';
import { keysFrom, requiredKeys } from '../keys.js';

/** How many users are imported at the same time. */
const BATCH = 50;

/** How many lines are looked at, since the first may be damaged. */
const LOOKED_AT = 20;

/** The options for reading a file of users. */
type Reading = Pick<Arguments['users'], 'from' | 'id' | 'tenant' | 'encoding'>;
type Flags = Reading & Pick<Arguments['users'], 'after'> & Pick<Arguments, 'dryRun'>;

/** What a file holds, by the lines at its beginning: users or the dump of a store. */
export async function contentOf(
  file: string,
  { from }: Reading,
): Promise<'users' | 'dump' | 'unknown'> {
  if (from !== undefined) return readerOf(from) && 'users';
  let looked = 0;
  for await (const text of linesOf(createReadStream(file, 'utf8'))) {
    const { subject, dump } = Object(parsed(text));
    if (subject !== undefined) return 'users';
    if (dump !== undefined) return 'dump';
    looked += 1;
    if (looked === LOOKED_AT) break;
  }
  return 'unknown';
}

/** The error for a file of an unknown format. */
export function wantsFrom(file: string): UsageError {
  const [table, ...software] = Object.keys(readers);
  return new UsageError(
    `${file} is not in Sallyport's own format. Say how to read it: --from ${table} for a table, or --from ${software.join(', ')}`,
  );
}

function readerOf(from: string): Reader {
  const reader = Object.hasOwn(readers, from) ? readers[from] : undefined;
  if (reader) return reader;
  throw new UsageError(`--from takes one of ${Object.keys(readers).join(', ')}`);
}

/** The entries of a file of users, and the stream that they are read from. */
function opened(
  file: string,
  { from, id, tenant = 'default', encoding }: Reading,
  { env }: Pick<Terminal, 'env'>,
) {
  const reader = from === undefined ? ownLines : readerOf(from);
  const stream = createReadStream(file, 'utf8');
  return { found: reader(stream, { id, tenantId: tenant, encoding, env }), stream };
}

/**
 * Imports the second factors of users, each once, so it may be stopped at any moment and run again. Wrong entries are
 * reported and skipped. No secret is printed.
 */
export async function importUsers(
  { store }: { readonly store: SecondFactorStore },
  file: string,
  { dryRun, after = 0, ...reading }: Flags,
  terminal: Terminal,
): Promise<void> {
  const { keyring: keys } = dryRun
    ? (keysFrom(terminal) ?? throwawayKeys())
    : requiredKeys(terminal);
  const trail = storeTrail(store, { keep: EVENTS_KEPT });
  let writing: Promise<void>[] = [];
  let unwritten: unknown = null;
  const record = (event: AuditEvent) => {
    const written = (async () => trail.record(event))().catch((error: unknown) => {
      unwritten ??= error;
    });
    writing.push(written);
  };
  const events = audit([{ record }], { now: () => store.now(), onError: () => {} });
  const taking = importer({ store, keyring: keys, audit: events, methods: importingMethods });
  const count = { entries: 0, added: 0, present: 0, left: 0, refused: 0 };

  function tellOf({ at, id, why }: { at: number; id: string | null; why: string }, how: string) {
    terminal.out(`${at}: ${id === null ? '' : `${escaped(id)}: `}${how}: ${why}`);
  }

  async function takeOver(found: Found): Promise<void> {
    if (found.kind !== 'factors') {
      count[found.kind] += 1;
      return tellOf(found, found.kind === 'left' ? 'left out' : 'refused');
    }
    const { at, subject, factors } = found;
    const refuse = (error: unknown): void => {
      count.refused += 1;
      tellOf({ at, id: subject.id, why: messageOf(error) }, 'refused');
    };
    let read: ReadFactors;
    try {
      read = taking.read(subject, factors);
    } catch (error) {
      return refuse(error);
    }
    if (dryRun) return terminal.out(`${at}: ${escaped(subject.id)}: ${namesOf(read)}`);
    try {
      tell(at, escaped(subject.id), await taking.add(subject, read, { actorId: 'cli' }));
    } catch (error) {
      // A lost record concerns one person only; a store that fails ends the run, which can be repeated.
      if (!isLostRecord(error)) throw error;
      refuse(error);
    }
  }

  function tell(at: number, id: string, { kind, factors }: ImportResult): void {
    if (kind === 'removed') {
      count.left += 1;
      terminal.out(`${at}: ${id}: left out, since something was removed or reset here`);
      return;
    }
    for (const { outcome } of factors) {
      if (outcome === 'added' || outcome === 'present') count[outcome] += 1;
      else count.left += 1;
    }
    const words = factors.map(({ method, outcome }) => `${method} ${outcome}`);
    terminal.out(`${at}: ${id}: ${words.join(', ') || 'nothing'}`);
  }

  const { size } = await stat(file);
  const { found, stream } = opened(file, reading, terminal);
  let batch: Found[] = [];
  let done = after;
  async function flush(): Promise<void> {
    const taken = await Promise.allSettled(batch.map(takeOver));
    await Promise.all(writing);
    const failed = taken.find((one) => one.status === 'rejected');
    if (failed) throw failed.reason;
    if (unwritten !== null) {
      throw new Error('it was done, but an event could not be recorded', { cause: unwritten });
    }
    done += batch.length;
    [batch, writing] = [[], []];
    terminal.progress?.(size === 0 ? 1 : stream.bytesRead / size, done);
  }
  try {
    for await (const one of found) {
      count.entries += 1;
      if (count.entries <= after) continue;
      // Entries of one person are imported one after the other, since codes are imported only with a factor.
      if (one.kind === 'factors' && batch.some((other) => isOf(other, one.subject.id)))
        await flush();
      batch.push(one);
      if (batch.length >= BATCH) await flush();
    }
    await flush();
  } catch (cause) {
    terminal.progress?.(null, done);
    // If nothing is done yet, there is nothing to resume.
    if (done > after) terminal.err(`${done} entries are done: go on with --after ${done}`);
    throw cause;
  } finally {
    stream.destroy();
  }
  terminal.progress?.(null, done);
  const entries = count.entries - Math.min(after, count.entries);
  terminal.out(
    dryRun
      ? `Read: ${entries}. Left out: ${count.left}. Would be refused: ${count.refused}. Nothing was taken over: this was a dry run.`
      : `Entries: ${entries}. Added: ${count.added}. There already: ${count.present}. Left out: ${count.left}. Refused: ${count.refused}.`,
  );
  if (count.refused > 0) {
    throw new Error(`${count.refused} of ${entries} entries are not right; see above`);
  }
}

function isOf(found: Found, id: string): boolean {
  return found.kind === 'factors' && found.subject.id === id;
}

/** What a dry run reports of an entry. */
function namesOf({ enrollments, codes }: ReadFactors): string {
  const names = [...enrollments.map(({ method }) => method), ...(codes ? [codes.name] : [])];
  return names.join(', ') || 'nothing';
}

/** A key for a dry run, which stores nothing. */
const throwawayKeys = () => ({ keyring: keyring([randomBytes(32).toString('base64')]) });

/** Finds the right encoding of a user's secret, by a code that their app shows now. */
export async function sampleUser(
  file: string,
  sample: string,
  reading: Reading,
  { out, env }: Terminal,
  now: number,
): Promise<void> {
  const split = sample.lastIndexOf(':');
  const [id, code] = [sample.slice(0, split), sample.slice(split + 1)];
  if (split < 1 || code === '') throw new UsageError('--sample takes USER:CODE');
  let [known, tried, right] = [false, 0, 0];
  const { found, stream } = opened(file, reading, { env });
  try {
    for await (const one of found) {
      if (one.kind !== 'factors' || one.subject.id !== id) continue;
      known = true;
      for (const { name, imports } of importingMethods) {
        if (!imports || imports.kind === 'codes') continue;
        const items = one.factors[imports.field ?? name];
        for (const [index, item] of (Array.isArray(items) ? items : []).entries()) {
          const good = imports.item.safeParse(item);
          if (!good.success || !imports.sample) continue;
          const encodings = imports.sample(good.data, code, now);
          tried += 1;
          if (encodings.length > 0) right += 1;
          out(
            encodings.length > 0
              ? `${name}[${index}]: this code is right where the secret is read as ${encodings.join(' or ')}`
              : `${name}[${index}]: this code is right in no encoding. Is it the present one, and of this app?`,
          );
        }
      }
    }
  } finally {
    stream.destroy();
  }
  if (!known) throw new Error(`${file} has no user ${id}`);
  if (tried === 0) throw new Error(`${file} has nothing of ${id} that a code could be tried with`);
  if (right === 0) throw new Error('this code is right nowhere');
}

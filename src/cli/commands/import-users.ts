import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { audit } from '../../audit/events.js';
import { EVENTS_KEPT, storeTrail } from '../../audit/trail.js';
import type { AuditEvent, ImportResult, SecondFactorStore } from '../../contracts.js';
import { keyring } from '../../crypto/keyring.js';
import { importer, type ReadFactors } from '../../host/import-subject.js';
import { isLostRecord } from '../../lost.js';
import { importingMethods } from '../../methods/built-in.js';
import { escaped } from '../../store/escaped-id.js';
import { type Terminal, UsageError } from '../command.js';
import { keysFrom, requiredKeys } from '../keys.js';

/** So many users at once. */
const BATCH = 50;

const line = z.looseObject({
  // As for the option `subject`: an app with one organization names none.
  subject: z.strictObject({
    id: z.string().min(1),
    tenantId: z.string().min(1).default('default'),
  }),
});

/** One line of the file: whose, and what stands beside `subject`. */
interface Line {
  readonly number: number;
  readonly subject: { readonly id: string; readonly tenantId: string };
  readonly factors: Readonly<Record<string, unknown>>;
}

/** So many lines are looked at: one of them may be damaged. */
const LOOKED_AT = 20;

/** Whether a file is one of users, rather than a dump of a store: a line near its beginning is about one. */
export async function holdsUsers(file: string): Promise<boolean> {
  let looked = 0;
  for await (const text of linesOf(file)) {
    if (Object(parsed(text)).subject !== undefined) return true;
    looked += 1;
    if (looked === LOOKED_AT) break;
  }
  return false;
}

/**
 * Takes over the second factors of users, from lines `{ "subject": { "id", "tenantId" }, METHOD: [ … ] }`, each once:
 * it may be stopped at any moment and run again. A line that is wrong is told and passed over. No secret is printed.
 */
export async function importUsers(
  { store }: { readonly store: SecondFactorStore },
  file: string,
  { dryRun }: { readonly dryRun: boolean },
  terminal: Terminal,
): Promise<void> {
  const { keyring: keys } = dryRun ? (keysFrom(terminal) ?? passing()) : requiredKeys(terminal);
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
  const count = { users: 0, added: 0, present: 0, left: 0, refused: 0 };

  function refuse(number: number, why: string): void {
    count.refused += 1;
    terminal.out(`${number}: refused: ${why}`);
  }

  async function takeOver({ number, subject, factors }: Line): Promise<void> {
    let read: ReturnType<typeof taking.read>;
    try {
      read = taking.read(subject, factors);
    } catch (error) {
      return refuse(number, error instanceof Error ? error.message : String(error));
    }
    if (dryRun) {
      terminal.out(`${number}: ${escaped(subject.id)}: ${namesOf(read)}`);
      return;
    }
    try {
      tell(number, escaped(subject.id), await taking.add(subject, read, { actorId: 'cli' }));
    } catch (error) {
      // Of one person alone; a store that fails ends the run, which can be repeated.
      if (!isLostRecord(error)) throw error;
      refuse(number, error.message);
    }
  }

  function tell(number: number, id: string, { kind, factors }: ImportResult): void {
    if (kind === 'removed') {
      count.left += 1;
      terminal.out(`${number}: ${id}: left out, since something was removed or reset here`);
      return;
    }
    for (const { outcome } of factors) {
      if (outcome === 'added' || outcome === 'present') count[outcome] += 1;
      else count.left += 1;
    }
    const words = factors.map(({ method, outcome }) => `${method} ${outcome}`);
    terminal.out(`${number}: ${id}: ${words.join(', ') || 'nothing'}`);
  }

  let number = 0;
  let batch: Line[] = [];
  async function flush(): Promise<void> {
    const taken = await Promise.allSettled(batch.map(takeOver));
    await Promise.all(writing);
    [batch, writing] = [[], []];
    const failed = taken.find((one) => one.status === 'rejected');
    if (failed) throw failed.reason;
    if (unwritten !== null) {
      throw new Error('it was done, but an event could not be recorded', { cause: unwritten });
    }
  }
  for await (const text of linesOf(file)) {
    number += 1;
    if (text.trim() === '') continue;
    count.users += 1;
    const read = line.safeParse(parsed(text));
    if (!read.success) {
      refuse(number, 'it must be {"subject":{"id":"…","tenantId":"…"},METHOD:[…]}');
      continue;
    }
    const { subject, ...factors } = read.data;
    batch.push({ number, subject, factors });
    if (batch.length >= BATCH) await flush();
  }
  await flush();
  terminal.out(
    dryRun
      ? `Read: ${count.users}. Would be refused: ${count.refused}. Nothing was taken over: this was a dry run.`
      : `Users: ${count.users}. Added: ${count.added}. There already: ${count.present}. Left out: ${count.left}. Refused: ${count.refused}.`,
  );
  if (count.refused > 0) {
    throw new Error(`${count.refused} of ${count.users} lines are not right; see above`);
  }
}

/** What a dry run tells of a line. */
function namesOf({ enrollments, codes }: ReadFactors): string {
  const names = [...enrollments.map(({ method }) => method), ...(codes ? [codes.name] : [])];
  return names.join(', ') || 'nothing';
}

/** For a dry run, which keeps nothing. */
const passing = () => ({ keyring: keyring([randomBytes(32).toString('base64')]) });

/** Which encoding of a user's secret is the right one, by a code that their app shows now. */
export async function sampleUser(
  file: string,
  sample: string,
  { out }: Terminal,
  now: number,
): Promise<void> {
  const at = sample.lastIndexOf(':');
  const [id, code] = [sample.slice(0, at), sample.slice(at + 1)];
  if (at < 1 || code === '') throw new UsageError('--sample takes USER:CODE');
  for await (const text of linesOf(file)) {
    const read = line.safeParse(parsed(text));
    if (!read.success || read.data.subject.id !== id) continue;
    let tried = 0;
    let right = 0;
    for (const { name, imports } of importingMethods) {
      if (!imports || imports.kind === 'codes') continue;
      const items = read.data[imports.field ?? name];
      for (const [index, item] of (Array.isArray(items) ? items : []).entries()) {
        const good = imports.item.safeParse(item);
        if (!good.success) continue;
        const encodings = imports.sample?.(good.data, code, now) ?? [];
        tried += 1;
        if (encodings.length > 0) right += 1;
        out(
          encodings.length > 0
            ? `${name}[${index}]: this code is right where the secret is read as ${encodings.join(' or ')}`
            : `${name}[${index}]: this code is right in no encoding. Is it the present one, and of this app?`,
        );
      }
    }
    if (tried === 0)
      throw new Error(`${file} has nothing of ${id} that a code could be tried with`);
    if (right === 0) throw new Error('this code is right nowhere');
    return;
  }
  throw new Error(`${file} has no user ${id}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return null;
  }
}

function linesOf(file: string): AsyncIterable<string> {
  return createInterface({ input: createReadStream(file), crlfDelay: 100 });
}

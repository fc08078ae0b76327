import { isThenable } from '../awaitable.js';
import type { Awaitable, Subject, SubjectRecord } from '../contracts.js';
import { LateError, withDeadline } from '../deadline.js';
import { SallyportError, UnavailableError } from '../errors.js';
import type { Importer } from './import-subject.js';

/** The factors that a subject had before, as `door.subjects.import` takes them. */
export type LegacyFactors = Readonly<Record<string, readonly unknown[] | undefined>>;

/**
 * The factors that this subject had elsewhere; null for none. undefined is a mistake, since a subject without factors
 * may activate one with the password alone.
 */
export type LegacyFunction = (subject: Subject) => Awaitable<LegacyFactors | null>;

export interface LegacyConfig {
  readonly legacy: LegacyFunction;
  readonly timeoutMs: number;
  readonly importing: Pick<Importer, 'read' | 'addOnce'>;
}

/**
 * Gives the record of a subject after the factors they had elsewhere were imported; the same one synchronously if
 * that was done.
 */
export type TakeOver = (subject: Subject, record: SubjectRecord) => Awaitable<SubjectRecord>;

/**
 * Asks the host once for the factors that a subject without any had elsewhere. An error, no answer in time, or
 * factors that cannot be imported are an `UnavailableError` ERR_LEGACY, never taken for none.
 */
export function legacyFactors({ legacy, timeoutMs, importing }: LegacyConfig): TakeOver {
  const underWay = new Map<string, Promise<SubjectRecord>>();

  async function answered(subject: Subject): Promise<unknown> {
    try {
      const answer: unknown = legacy(subject);
      return isThenable(answer) ? await withDeadline(Promise.resolve(answer), timeoutMs) : answer;
    } catch (cause) {
      const how =
        cause instanceof LateError ? `did not answer within ${timeoutMs} ms` : 'threw an error';
      throw new UnavailableError('ERR_LEGACY', `legacy(subject) ${how}`, { cause });
    }
  }

  async function ask(subject: Subject): Promise<SubjectRecord> {
    const answer = await answered(subject);
    return importing.addOnce(subject, read(subject, answer));
  }

  function read(subject: Subject, answer: unknown): ReturnType<Importer['read']> {
    if (answer === undefined)
      throw wrong('it gave undefined, and says null where there is nothing');
    try {
      return importing.read(subject, answer ?? {});
    } catch (error) {
      if (!(error instanceof SallyportError)) throw error;
      throw wrong(error.message);
    }
  }

  return (subject, record) => {
    if (!record.legacyDue) return record;
    const known = underWay.get(subject.id);
    if (known) return known;
    const asked = ask(subject).finally(() => underWay.delete(subject.id));
    underWay.set(subject.id, asked);
    return asked;
  };
}

function wrong(what: string): UnavailableError {
  return new UnavailableError('ERR_LEGACY', `legacy(subject) must give factors or null: ${what}`);
}

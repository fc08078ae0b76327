import { isThenable } from '../awaitable.js';
import type { Awaitable, Subject, SubjectRecord } from '../contracts.js';
import { LateError, withDeadline } from '../deadline.js';
import { SallyportError, UnavailableError } from '../errors.js';
import type { Importer } from './import-subject.js';

/** What somebody had before: as `door.subjects.import` takes it. */
export type LegacyFactors = Readonly<Record<string, readonly unknown[] | undefined>>;

/**
 * What this subject had elsewhere; null where that is nothing. It must say so: undefined is a mistake, since whoever is
 * told to have nothing may activate something on the password alone.
 */
export type LegacyFunction = (subject: Subject) => Awaitable<LegacyFactors | null>;

export interface LegacyConfig {
  readonly legacy: LegacyFunction;
  readonly timeoutMs: number;
  readonly importing: Pick<Importer, 'read' | 'addOnce'>;
}

/** The record of a subject after whatever they had elsewhere was taken over; the same one, at once, where that was. */
export type TakeOver = (subject: Subject, record: SubjectRecord) => Awaitable<SubjectRecord>;

/**
 * Asks the host once for what somebody had elsewhere who has nothing here. Whatever is no answer (a throw, a rejection,
 * silence, what cannot be taken over) is an `UnavailableError` ERR_LEGACY, and never taken for nothing.
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

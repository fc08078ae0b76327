import {
  type Awaitable,
  emptySubject,
  type SecondFactorStore,
  type SubjectRecord,
} from './contracts.js';
import { acrossCopies, SallyportError, UnavailableError } from './errors.js';

/** A record is damaged, gone or outdated. The people it concerns get a 503. */
export class LostRecordError extends UnavailableError {
  constructor(
    readonly record: { readonly kind: string; readonly id: string },
    message: string,
    cause?: unknown,
  ) {
    super('ERR_STORE_RECORD', message, { cause });
  }
}
acrossCopies('LostRecordError', LostRecordError);

/** Stands for a user's record that is damaged, gone or outdated. */
const LOST: SubjectRecord = Object.freeze({ ...emptySubject });

/**
 * A user's record, or a stand-in for a lost one, since these pages replace it. The policy still fails for that user.
 */
export async function recordOrLost(
  store: Pick<SecondFactorStore, 'readSubject'>,
  subjectId: string,
): Promise<SubjectRecord> {
  return (await unlessLost(() => store.readSubject(subjectId))) ?? LOST;
}

export function isLost(record: SubjectRecord): boolean {
  return record === LOST;
}

/** The result of `read`; null if the record is lost. */
export async function unlessLost<T>(read: () => Awaitable<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (isLostRecord(error)) return null;
    throw error;
  }
}

export function isLostRecord(error: unknown): error is SallyportError {
  return error instanceof SallyportError && error.code === 'ERR_STORE_RECORD';
}

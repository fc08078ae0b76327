import {
  type Awaitable,
  emptySubject,
  type SecondFactorStore,
  type SubjectRecord,
} from './contracts.js';
import { acrossCopies, SallyportError, UnavailableError } from './errors.js';

/** A record that is damaged, gone, or an older one than there was. Whoever it concerns gets a 503. */
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

/** In the place of a user's record that is damaged, gone or an older one. */
const LOST: SubjectRecord = Object.freeze({ ...emptySubject });

/**
 * A user's record; also one that is lost, since it is on these pages that it is begun anew. Whoever asks the
 * policy for that user still hears that it is lost.
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

/** What `read` gives; null where the record is lost. */
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

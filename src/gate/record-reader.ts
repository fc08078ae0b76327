import { andThen } from '../awaitable.js';
import type { Awaitable, SecondFactorStore, Subject, SubjectRecord } from '../contracts.js';

export interface RecordReaderConfig {
  readonly store: Pick<SecondFactorStore, 'readSubject'>;
  /** Imports factors that a subject had elsewhere; gives the same record synchronously if that was done. */
  readonly takeOver?:
    | ((subject: Subject, record: SubjectRecord) => Awaitable<SubjectRecord>)
    | null;
}

/** Reads the record that decisions about a subject rest on. */
export function recordReader({
  store,
  takeOver = null,
}: RecordReaderConfig): (subject: Subject) => Awaitable<SubjectRecord> {
  if (takeOver === null) return ({ id }) => store.readSubject(id);
  return (subject) => andThen(store.readSubject(subject.id), (record) => takeOver(subject, record));
}

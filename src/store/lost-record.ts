import { UnavailableError } from '../errors.js';
import { LostRecordError } from '../lost.js';
import type { Kind } from './records.js';

/** The error for a record that is damaged, gone or outdated, which must never read as absent. */
export function lostRecord(
  kind: Kind,
  id: string,
  problem: string,
  cause?: unknown,
): LostRecordError {
  return new LostRecordError({ kind, id }, `The record of ${WORDS[kind]} ${id} ${problem}`, cause);
}

const WORDS: { readonly [K in Kind]: string } = {
  subject: 'subject',
  organization: 'organization',
  session: 'session',
  devices: 'the devices of',
  transaction: 'transaction',
  holders: 'the holders of',
};

export function closedError(): UnavailableError {
  return new UnavailableError('ERR_STORE_UNAVAILABLE', 'The store has been closed');
}

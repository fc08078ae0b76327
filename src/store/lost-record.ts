import { LostRecordError } from '../lost.js';
import type { Kind } from './records.js';

/** A record that is damaged, gone or an older one: never "nothing there". */
export function lostRecord(kind: Kind, id: string, why: string, cause?: unknown): LostRecordError {
  return new LostRecordError({ kind, id }, `The record of ${WORDS[kind]} ${id} ${why}`, cause);
}

const WORDS: { readonly [K in Kind]: string } = {
  subject: 'subject',
  organization: 'organization',
  session: 'session',
  devices: 'the devices of',
  transaction: 'transaction',
  holders: 'the holders of',
};

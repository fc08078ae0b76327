import { UnavailableError } from '../errors.js';
import type { Kind } from './records.js';

/** A record that is damaged, gone or an older one: never "nothing there". */
export function lostRecord(kind: Kind, id: string, why: string, cause?: unknown): UnavailableError {
  return new UnavailableError('ERR_STORE_RECORD', `The record of ${WORDS[kind]} ${id} ${why}`, {
    cause,
  });
}

const WORDS: { readonly [K in Kind]: string } = {
  subject: 'subject',
  organization: 'organization',
  session: 'session',
  devices: 'the devices of',
  transaction: 'transaction',
  holders: 'the holders of',
};

import type { EnrollmentBasis, PendingEnrollment, SignIn } from '../../contracts.js';
import type { StoredEnrollment, StoredSubject } from '../records.js';
import {
  bytes,
  list,
  lists,
  maybe,
  number,
  type Part,
  packText,
  packTime,
  unpackText,
  unpackTime,
} from './cbor.js';
import { packCodes, packDigests, unpackCodes, unpackDigests } from './digests.js';
import { packFoundBy, unpackFoundBy } from './found-by.js';
import { packSetting, unpackSetting } from './setting.js';

// Append only: the index is stored.
const BASES: readonly EnrollmentBasis[] = ['first', 'activation-key', 'handover', 'proven'];

// Flags, stored as the bits of one number.
const KEPT = 1;
const REMOVED = 2;
const ASKED = 4;

/** The parts that every record has; a list of rarer state may follow. */
export const SUBJECT_PARTS = 4;

export function packSubject(subject: StoredSubject): readonly Part[] {
  const { epoch, enrollments, recoveryCodes, foreignCodes } = subject;
  const { recoveryCodesKept, removed, legacyAsked } = subject;
  return [
    epoch,
    enrollments.map(packEnrollment),
    recoveryCodes && packCodes(recoveryCodes, foreignCodes),
    (recoveryCodesKept ? KEPT : 0) | (removed ? REMOVED : 0) | (legacyAsked ? ASKED : 0),
    ...packState(subject),
  ];
}

/** The state that most subjects do not have, as one list; nothing where all of it has its first value. */
function packState(subject: StoredSubject): readonly Part[] {
  const { failures, retryAt, pending, activationKey, setting, settingVersion } = subject;
  const { epochRoseAt, epochRaisedBy, signIn } = subject;
  const state = [
    failures,
    retryAt,
    pending && packPending(pending),
    activationKey && [activationKey.endsAt, ...packDigests([activationKey.digest])],
    packSetting(setting),
    settingVersion,
    epochRoseAt === null ? null : packTime(epochRoseAt),
    epochRaisedBy === null ? null : packText(epochRaisedBy),
    signIn && packSignIn(signIn),
  ];
  return state.every((part, at) => part === FIRST_STATE[at]) ? [] : [state];
}

const FIRST_STATE: readonly Part[] = [0, 0, null, null, null, 0, null, null, null];

export function unpackSubject(parts: readonly unknown[]): StoredSubject {
  const [epoch, enrollments, codes, marks, state = FIRST_STATE] = parts;
  const [failures, retryAt, pending, key, setting, version, roseAt, raisedBy, signIn] = list(
    state,
    FIRST_STATE.length,
  );
  const kept = maybe(codes, unpackCodes);
  return Object.freeze({
    epoch: number(epoch),
    epochRoseAt: maybe(roseAt, unpackTime),
    epochRaisedBy: maybe(raisedBy, unpackText),
    signIn: maybe(signIn, unpackSignIn),
    failures: number(failures),
    retryAt: number(retryAt),
    enrollments: Object.freeze(lists(enrollments).map(unpackEnrollment)),
    pending: maybe(pending, unpackPending),
    activationKey: maybe(key, unpackKey),
    recoveryCodes: kept?.digests ?? null,
    foreignCodes: kept?.foreign ?? null,
    recoveryCodesKept: (number(marks) & KEPT) !== 0,
    removed: (number(marks) & REMOVED) !== 0,
    legacyAsked: (number(marks) & ASKED) !== 0,
    setting: maybe(setting, unpackSetting),
    settingVersion: number(version),
  });
}

function packSignIn({ by, at, amr, acr }: SignIn): Part {
  return [packText(by), packTime(at), amr.map(packText), acr === null ? null : packText(acr)];
}

function unpackSignIn(part: unknown): SignIn {
  const [by, at, amr, acr] = list(part, 4);
  return Object.freeze({
    by: unpackText(by),
    at: unpackTime(at),
    amr: Object.freeze(lists(amr).map(unpackText)),
    acr: maybe(acr, unpackText),
  });
}

function packEnrollment(enrollment: StoredEnrollment): Part {
  const { id, method, label, sealed, parameters, lastStep, createdAt, lastUsedAt } = enrollment;
  const { foundBy } = enrollment;
  return [
    packText(id),
    packText(method),
    packText(label),
    sealed,
    packText(parameters),
    lastStep,
    packTime(createdAt),
    // Relative to createdAt, which is shorter.
    lastUsedAt === null ? null : lastUsedAt - createdAt,
    // Most enrollments are found by nothing and leave this part out.
    ...(foundBy ? [packFoundBy(foundBy)] : []),
  ];
}

function unpackEnrollment(part: unknown): StoredEnrollment {
  const parts = lists(part);
  const [id, method, label, sealed, parameters, lastStep, created, used, foundBy] = parts;
  if (parts.length !== 9) list(parts, 8);
  const createdAt = unpackTime(created);
  return Object.freeze({
    id: unpackText(id),
    method: unpackText(method),
    label: unpackText(label),
    sealed: bytes(sealed),
    parameters: unpackText(parameters),
    lastStep: number(lastStep),
    createdAt,
    lastUsedAt: maybe(used, (since) => createdAt + number(since)),
    ...(parts.length === 9 && { foundBy: unpackFoundBy(foundBy) }),
  });
}

function packPending(pending: PendingEnrollment): Part {
  const { id, method, label, sealed, parameters, session, expiresAt, basis } = pending;
  return [
    packText(id),
    packText(method),
    packText(label),
    sealed,
    packText(parameters),
    packText(session),
    expiresAt,
    BASES.indexOf(basis),
  ];
}

function unpackPending(part: unknown): PendingEnrollment {
  const [id, method, label, sealed, parameters, session, expiresAt, basis] = list(part, 8);
  const known = BASES[number(basis)];
  if (!known) throw new Error('a pending enrollment has an unknown basis');
  return Object.freeze({
    id: unpackText(id),
    method: unpackText(method),
    label: unpackText(label),
    sealed: bytes(sealed),
    parameters: unpackText(parameters),
    session: unpackText(session),
    expiresAt: number(expiresAt),
    basis: known,
  });
}

function unpackKey(part: unknown): NonNullable<StoredSubject['activationKey']> {
  const [endsAt, ...digests] = list(part, 4);
  const [digest] = unpackDigests(digests);
  if (!digest) throw new Error('an activation key without a digest');
  return Object.freeze({ endsAt: number(endsAt), digest });
}

import {
  type Authenticator,
  type Digest,
  type Enrollment,
  type EnrollmentBasis,
  emptySubject,
  type PendingEnrollment,
  type StoredSetting,
  type SubjectRecord,
} from '../contracts.js';
import { codesLeft, unpackDigest } from './redis-digests.js';
import { type Fields, fieldsOf, unpackHead, unpackText } from './redis-fields.js';
import { decodeSetting } from './redis-settings.js';

/**
 * The fields of a subject's hash. Short names and values of at most 64 bytes keep it in Redis's compact
 * encoding (`hash-max-listpack-value`), which one long value leaves for good: 3 times the memory.
 *
 *   e   epoch                          f   failures        w   no attempt before this time
 *   m,k,l,s,u   the first enrollment: head, sealed, label, last step, last used; then m1,k1,… m2,k2,…
 *   pm,pk,pl,ps the pending one: head, sealed, label, its basis (one letter) and its session
 *   a   the activation key: 6 bytes of when it ends, and its digest
 *   x0,x1,…     recovery codes, see redis-digests.ts; with y, the subject has not said that they are kept
 *   v,vt,v0,v1,… the setting, see redis-settings.ts
 *
 * A head is: 6 bytes of time (createdAt, or expiresAt of the pending one), length and bytes of the id,
 * length and bytes of the method, and the parameters.
 */
export interface StoredEnrollment extends Authenticator {
  readonly label: string;
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
}

export interface StoredSubject {
  readonly epoch: number;
  readonly failures: number;
  readonly retryAt: number | null;
  readonly enrollments: readonly StoredEnrollment[];
  readonly pending: PendingEnrollment | null;
  readonly activationKey: { readonly digest: Digest; readonly endsAt: number } | null;
  readonly recoveryCodesLeft: number | null;
  readonly recoveryCodesKept: boolean;
  readonly setting: StoredSetting | null;
}

/** Decodes the reply of HGETALL. Throws on a hash of which a part is missing: a lost lock is no open door. */
export function decodeSubject(reply: readonly Buffer[]): StoredSubject {
  const fields = fieldsOf(reply);
  const enrollments: StoredEnrollment[] = [];
  for (const name of fields.keys()) {
    const slot = /^[mklsu](\d*)$/.exec(name);
    if (!slot) continue;
    const suffix = slot[1] as string;
    if (name.startsWith('m')) enrollments.push(decodeEnrollment(fields, suffix));
    else field(fields, `m${suffix}`);
  }
  enrollments.sort((a, b) => a.createdAt - b.createdAt);
  const pending = ['pm', 'pk', 'pl', 'ps'].map((name) => fields.get(name));
  const key = fields.get('a');
  const recoveryCodesLeft = codesLeft(fields);
  return {
    epoch: Number(fields.get('e') ?? 0),
    failures: Number(fields.get('f') ?? 0),
    retryAt: fields.has('w') ? Number(fields.get('w')) : null,
    enrollments,
    pending: pending[0] ? decodePending(pending) : null,
    activationKey: key
      ? { endsAt: key.readUIntBE(0, 6), digest: unpackDigest(key.subarray(6)) }
      : null,
    recoveryCodesLeft,
    recoveryCodesKept: recoveryCodesLeft !== null && !fields.has('y'),
    setting: decodeSetting(fields),
  };
}

function decodeEnrollment(fields: Fields, suffix: string): StoredEnrollment {
  const { time, ...head } = unpackHead(field(fields, `m${suffix}`));
  return Object.freeze({
    ...head,
    createdAt: time,
    label: unpackText(field(fields, `l${suffix}`)),
    sealed: field(fields, `k${suffix}`),
    lastStep: Number(field(fields, `s${suffix}`)),
    lastUsedAt: Number(field(fields, `u${suffix}`)),
  });
}

/** Decodes pm, pk, pl, ps. */
export function decodePending(values: readonly (Buffer | null | undefined)[]): PendingEnrollment {
  const [head, sealed, label, owner] = values;
  if (!head || !sealed || !label || !owner) throw new Error('a pending enrollment is incomplete');
  const { time, ...rest } = unpackHead(head);
  return Object.freeze({
    ...rest,
    label: unpackText(label),
    sealed,
    session: owner.toString('utf8', 1),
    basis: basisOf(owner),
    expiresAt: time,
  });
}

function field(fields: Fields, name: string): Buffer {
  const value = fields.get(name);
  if (!value) throw new Error(`the record of a subject lacks its field ${name}`);
  return value;
}

const BASES = { f: 'first', k: 'activation-key', h: 'handover', p: 'proven' } as const;

function basisOf(owner: Buffer): EnrollmentBasis {
  const basis = BASES[owner.toString('latin1', 0, 1) as keyof typeof BASES];
  if (!basis) throw new Error('a pending enrollment has an unknown basis');
  return basis;
}

export function packOwner({
  basis,
  session,
}: Pick<PendingEnrollment, 'basis' | 'session'>): string {
  const letter = Object.entries(BASES).find(([, name]) => name === basis)?.[0];
  return `${letter}${session}`;
}

export function publicEnrollment(stored: StoredEnrollment): Enrollment {
  const { id, method, label, parameters, createdAt, lastUsedAt } = stored;
  return Object.freeze({ id, method, label, parameters, createdAt, lastUsedAt });
}

/** What decisions need of a subject; `emptySubject` when nothing was ever written. */
export function subjectRecord(reply: readonly Buffer[]): SubjectRecord {
  if (reply.length === 0) return emptySubject;
  const { enrollments, activationKey, ...subject } = decodeSubject(reply);
  return Object.freeze({
    epoch: subject.epoch,
    enrollments: Object.freeze(enrollments.map(publicEnrollment)),
    setting: subject.setting,
    activationKeyEndsAt: activationKey?.endsAt ?? null,
    recoveryCodesLeft: subject.recoveryCodesLeft,
    recoveryCodesKept: subject.recoveryCodesKept,
    failures: subject.failures,
    retryAt: subject.retryAt,
  });
}

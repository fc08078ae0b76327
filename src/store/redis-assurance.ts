import type { AssuranceRecord, Factor } from '../contracts.js';

// An assurance is one string: a letter for the state, expiresAt, `:`, epoch, `:`, and JSON that the scripts
// carry along unread: [login, subjectId, [method, enrollmentId, at, via?, 1 for loginOnly?, tenantId?], …].
const ASSURANCE = /^([pver])(\d+):(\d+):(.*)$/s;
const STATES = { p: 'pending', v: 'proven', e: 'ended', r: 'ended' } as const;

export function packProof(login: string, subjectId: string, factors: readonly Factor[]): string {
  return JSON.stringify([
    login,
    subjectId,
    ...factors.map(({ method, enrollmentId, at, via, loginOnly, tenantId }) =>
      loginOnly || tenantId !== undefined
        ? [method, enrollmentId, at, via ?? null, loginOnly ? 1 : 0, tenantId ?? null]
        : [method, enrollmentId, at, ...(via === undefined ? [] : [via])],
    ),
  ]);
}

export function decodeAssurance(value: Buffer): AssuranceRecord {
  const match = ASSURANCE.exec(value.toString());
  if (!match) throw new Error('the record of a session cannot be read');
  const state = STATES[match[1] as keyof typeof STATES];
  const [login, subjectId, ...factors] = JSON.parse(match[4] as string) as [
    string,
    string,
    ...[string, string, number, (string | null)?, (0 | 1)?, (string | null)?][],
  ];
  return Object.freeze({
    state,
    subjectId,
    epoch: Number(match[3]),
    login,
    factors: Object.freeze(
      (state === 'proven' ? factors : []).map(
        ([method, enrollmentId, at, via, loginOnly, tenantId]) =>
          Object.freeze({
            ...{ method, enrollmentId, at },
            ...(via != null && { via }),
            ...(loginOnly === 1 && { loginOnly: true }),
            ...(tenantId != null && { tenantId }),
          }),
      ),
    ),
    expiresAt: Number(match[2]),
    ...(match[1] === 'r' && { renewed: true }),
  });
}

import type { AssuranceRecord, Factor } from '../contracts.js';

// An assurance is one string: a letter for the state, expiresAt, `:`, epoch, `:`, and JSON that the scripts
// carry along unread: [subjectId, [method, enrollmentId, at, via?], …].
const ASSURANCE = /^([pver])(\d+):(\d+):(.*)$/s;
const STATES = { p: 'pending', v: 'proven', e: 'ended', r: 'ended' } as const;

export function packProof(subjectId: string, factors: readonly Factor[]): string {
  return JSON.stringify([
    subjectId,
    ...factors.map(({ method, enrollmentId, at, via }) =>
      via === undefined ? [method, enrollmentId, at] : [method, enrollmentId, at, via],
    ),
  ]);
}

export function decodeAssurance(value: Buffer): AssuranceRecord {
  const match = ASSURANCE.exec(value.toString());
  if (!match) throw new Error('the record of a session cannot be read');
  const state = STATES[match[1] as keyof typeof STATES];
  const [subjectId, ...factors] = JSON.parse(match[4] as string) as [
    string,
    ...[string, string, number, string?][],
  ];
  return Object.freeze({
    state,
    subjectId,
    epoch: Number(match[3]),
    factors: Object.freeze(
      (state === 'proven' ? factors : []).map(([method, enrollmentId, at, via]) =>
        Object.freeze({ method, enrollmentId, at, ...(via !== undefined && { via }) }),
      ),
    ),
    expiresAt: Number(match[2]),
    ...(match[1] === 'r' && { renewed: true }),
  });
}

import type { Request, Response } from 'express';
import type { SecondFactorStore, Verdict } from '../contracts.js';
import { isOwnChange } from '../gate/own-change.js';
import type { KnownSituation } from '../gate/situation.js';
import { noteOvertaken } from '../session/carried-id.js';
import type { TryAgain } from './again.js';

export interface OvertakenConfig {
  readonly store: Pick<SecondFactorStore, 'refreshSubject'>;
  readonly tryAgain: TryAgain;
}

type Refused = Extract<Verdict, { kind: 'rejected' | 'locked' }>;

/**
 * Answers a refused request if the first of two clicks, or another tab, has succeeded with the same answer or changed
 * something, perhaps on another process. True when it has answered.
 */
export async function overtaken(
  { store, tryAgain }: OvertakenConfig,
  req: Request,
  res: Response,
  situation: KnownSituation,
  verdict: Refused,
): Promise<boolean> {
  const reason = verdict.kind === 'rejected' ? verdict.reason : null;
  const isVoid = reason === 'superseded' || reason === 'ended';
  if (isVoid || reason === 'replayed') noteOvertaken(req);
  return tryAgain(req, res, isVoid && (await wonByAnother(situation, store)));
}

async function wonByAnother(
  situation: KnownSituation,
  store: OvertakenConfig['store'],
): Promise<boolean> {
  const record = await store.refreshSubject(situation.subject.id);
  return isOwnChange({ ...situation, facts: { ...situation.facts, record } });
}

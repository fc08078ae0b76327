import type { Attempt, Message } from '../../contracts.js';
import { RequestError } from '../../errors.js';
import { message } from '../../messages/english.js';
import { type EnrollableMethod, enrollableMethods } from '../../methods/bound-method.js';
import { provable, unprovableIds } from '../../policy/provable.js';
import type { AdminContext } from '../context.js';
import type { EffectivePolicy } from '../effective-policy.js';
import type { UserVisit } from '../guard.js';
import { notOneself } from './user.js';

/** The policy of a user who has nothing active yet, with the epoch of that record. */
export type Ready = EffectivePolicy & {
  readonly epoch: number;
  readonly besides: readonly string[];
};

/** The ways in which an administrator can activate a method for a user. */
const WAYS = { shown: ['now', 'first-login'], 'on-the-spot': ['now'] } as const;

type Way = 'now' | 'first-login';

/** Checks whether an administrator can activate a factor for a user, by which methods, and makes the attempt. */
export function activatable({ recordOf, policies, methods, appNames, placeOf }: AdminContext) {
  async function ready(visit: UserVisit): Promise<Ready> {
    notOneself(visit);
    // Includes factors that they had elsewhere, which must not be replaced.
    const record = await recordOf(visit.subject);
    const effective = await policies.of(visit.subject);
    const { policy } = effective;
    if (policy ? provable(record, policy).length > 0 : record.enrollments.length > 0) {
      throw new RequestError(409, 'already_activated', message('admin.user.already-activated'));
    }
    const besides = policy ? unprovableIds(record, policy) : [];
    return { ...effective, epoch: record.epoch, besides };
  }

  /** The accepted methods that an administrator can activate, each with the ways. */
  function mechanisms({ policy }: EffectivePolicy) {
    return enrollableMethods(methods, policy?.methods ?? []).flatMap((method) => {
      const { handsOver } = method.enrollment;
      return handsOver === null ? [] : [{ method, ways: WAYS[handsOver] as readonly Way[] }];
    });
  }

  /** The method that is named, or the first one. */
  function methodOf(
    effective: EffectivePolicy,
    wanted: string | undefined,
    way: Way,
  ): EnrollableMethod {
    const found = mechanisms(effective).find(
      ({ method, ways }) => ways.includes(way) && (wanted ?? method.name) === method.name,
    );
    if (!found) throw new RequestError(422, 'method_not_accepted', nothingToHandOver());
    return found.method;
  }

  function attemptOf(visit: UserVisit, effective: Ready, input: Attempt['input']): Attempt {
    const { req, subject, situation } = visit;
    const place = placeOf(req);
    if (!effective.policy) {
      throw new RequestError(
        409,
        'contradictory_settings',
        effective.problem ?? message('admin.user.contradiction'),
      );
    }
    // The administrator vouches for the user, as an activation key would.
    const policy = { ...effective.policy, enrollment: 'self' } as const;
    // The user's attempt in the administrator's session, so that only this session can confirm it.
    const { epoch, besides } = effective;
    return {
      subject,
      policy,
      session: situation.session,
      epoch,
      besides,
      ...appNames(subject, place),
      place,
      input,
    };
  }

  return { ready, mechanisms, methodOf, attemptOf };
}

export function nothingToHandOver(): Message {
  return message('admin.user.nothing-to-hand-over');
}

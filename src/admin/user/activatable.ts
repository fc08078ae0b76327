import type { Attempt, Message } from '../../contracts.js';
import { RequestError } from '../../errors.js';
import { message } from '../../messages/english.js';
import { type EnrollableMethod, enrollableMethods } from '../../methods/bound-method.js';
import { provable, unprovableIds } from '../../policy/provable.js';
import type { AdminContext } from '../context.js';
import type { Standing } from '../effective-policy.js';
import type { UserVisit } from '../guard.js';
import { notOneself } from './user.js';

/** What holds for a user who has nothing yet, and as of which epoch. */
export type Ready = Standing & { readonly epoch: number; readonly besides: readonly string[] };

/** How an administrator can go about it. */
const WAYS = { shown: ['now', 'first-login'], 'on-the-spot': ['now'] } as const;

type Way = 'now' | 'first-login';

/** Whom an administrator can activate something for, by which methods, and as whose attempt. */
export function activatable({ recordOf, standings, methods, appNames, placeOf }: AdminContext) {
  async function ready(visit: UserVisit): Promise<Ready> {
    notOneself(visit);
    // With what they had elsewhere: nothing is activated in the place of that.
    const record = await recordOf(visit.subject);
    const standing = await standings.of(visit.subject);
    const { policy } = standing;
    if (policy ? provable(record, policy).length > 0 : record.enrollments.length > 0) {
      throw new RequestError(409, 'already_activated', message('admin.user.already-activated'));
    }
    const besides = policy ? unprovableIds(record, policy) : [];
    return { ...standing, epoch: record.epoch, besides };
  }

  /** The accepted methods that an administrator can begin, with how. */
  function mechanisms({ policy }: Standing) {
    return enrollableMethods(methods, policy?.methods ?? []).flatMap((method) => {
      const { handsOver } = method.enrollment;
      return handsOver === null ? [] : [{ method, ways: WAYS[handsOver] as readonly Way[] }];
    });
  }

  /** The one that is named, or the first. */
  function methodOf(standing: Standing, wanted: string | undefined, way: Way): EnrollableMethod {
    const found = mechanisms(standing).find(
      ({ method, ways }) => ways.includes(way) && (wanted ?? method.name) === method.name,
    );
    if (!found) throw new RequestError(422, 'method_not_accepted', nothingToHandOver());
    return found.method;
  }

  function attemptOf(visit: UserVisit, standing: Ready, input: Attempt['input']): Attempt {
    const { req, subject, situation } = visit;
    const place = placeOf(req);
    if (!standing.policy) {
      throw new RequestError(
        409,
        'contradictory_settings',
        standing.problem ?? message('admin.user.contradiction'),
      );
    }
    // An administrator vouches for the user already, which is what an activation key is demanded for.
    const policy = { ...standing.policy, enrollment: 'self' } as const;
    // The user's, but in the administrator's session: no other can confirm what was begun here.
    const { epoch, besides } = standing;
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

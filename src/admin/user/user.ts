import { copiedAmong } from '../../audit/copied.js';
import { together } from '../../awaitable.js';
import type { SubjectRecord } from '../../contracts.js';
import { RequestError } from '../../errors.js';
import { isLost, recordOrLost } from '../../lost.js';
import { message } from '../../messages/english.js';
import { keptCodesLeft } from '../../methods/kept-codes.js';
import { isCounted, lockOf } from '../../methods/lock.js';
import { isolated } from '../../names.js';
import { explain } from '../../policy/explain.js';
import { isAccepted, provable } from '../../policy/provable.js';
import { signInName } from '../../policy/sign-in-words.js';
import { readBody } from '../bodies.js';
import { type AdminContext, noticeOf, organizationJson } from '../context.js';
import { type EffectivePolicy, lastSignIn } from '../effective-policy.js';
import type { UserVisit } from '../guard.js';
import { withQuery } from '../links.js';
import { historyOf } from './history.js';
import type { UserLocals } from './locals.js';

/** User Details: the state with its reasons, the factors, and what can be done. */
export function userPages(context: AdminContext) {
  const { navOf, policies, store, present, titleOf, audit } = context;
  const { reasonsOf, fromWords, stateOf } = context.words;
  const isPhishingResistant = (method: string) =>
    context.methods.get(method)?.phishingResistant === true;

  const momentOf = (at: Date | undefined) => (at ? present.moment(at) : null);

  async function show(visit: UserVisit): Promise<void> {
    const { req, res, admin, organization, user, subject, at } = visit;
    const target = { kind: 'organization', organization } as const;
    const [nav, effective, record, mayList, history] = await together(
      () => navOf(visit, 'users'),
      () => policies.of(subject),
      () => recordOrLost(store, subject.id),
      () => visit.may('users:list', target),
      () => historyOf(context, visit),
    );
    const can = await possible(visit, effective, record, mayList);
    const { policy } = effective;
    const named = { ...subject, label: isolated(subject.label) };
    const sentences = policy
      ? explain(named, policy, record, present.say, store.now()).sentences
      : reasonsOf(effective);
    const copied = await copiedAmong(store, user.id, record);
    const key = activationKey(record);
    const lock = lockOf(record, store.now());
    await present.page(req, res, {
      view: 'admin/user',
      title: isolated(user.label),
      subject: admin,
      locals: {
        nav,
        notice: noticeOf(visit, present),
        userId: user.id,
        label: user.label,
        name: user.name ?? null,
        state: stateOf(effective),
        from: fromWords(effective),
        because: sentences,
        problem: effective.problem && present.say(effective.problem),
        factors: record.enrollments.map(
          ({ id, method, label, createdAt, lastUsedAt, parameters }) => ({
            title: titleOf(method),
            label,
            createdAt: present.moment(new Date(createdAt)),
            lastUsedAt: lastUsedAt === null ? null : present.moment(new Date(lastUsedAt)),
            accepted: policy !== null && isAccepted({ method, parameters }, policy),
            phishingResistant: isPhishingResistant(method),
            copiedAt: momentOf(copied.get(id)),
          }),
        ),
        signIn: record.signIn && {
          name: present.say(signInName(record.signIn, store.now())),
          counts: policy !== null && lastSignIn(policy, record, store.now()) !== null,
        },
        recoveryCodesLeft: keptCodesLeft(record),
        activationKey: key && { until: present.moment(key.until), past: key.past },
        failures: record.failures,
        lock: { ...lock, retryAt: lock.retryAt && present.moment(lock.retryAt) },
        history: history.view,
        self: user.id === admin.id,
        can,
        required: effective.mode === 'required' && record.setting === null,
        requiredFrom: effective.from.length > 1 ? 'both' : (effective.from[0] ?? ''),
        back: mayList ? at.users : null,
      },
      json: {
        organization: organizationJson(organization),
        user: { id: user.id, label: user.label, name: user.name ?? null },
        mode: effective.mode,
        from: effective.from,
        methods: policy?.methods ?? [],
        explanation: sentences,
        enabled: record.setting !== null,
        factors: record.enrollments.map(({ id, method, label, createdAt, lastUsedAt }) => ({
          id,
          method,
          label,
          createdAt: new Date(createdAt),
          lastUsedAt: lastUsedAt === null ? null : new Date(lastUsedAt),
          phishingResistant: isPhishingResistant(method),
          copiedAt: copied.get(id) ?? null,
        })),
        signIn: record.signIn && {
          ...record.signIn,
          at: new Date(record.signIn.at),
          counts: policy !== null && lastSignIn(policy, record, store.now()) !== null,
        },
        recoveryCodesLeft: keptCodesLeft(record),
        activationKeyEndsAt: key && !key.past ? key.until : null,
        failures: record.failures,
        ...lock,
        history: history.json,
        can: Object.keys(can).filter((name) => can[name as keyof typeof can] !== null),
      },
    });
  }

  function activationKey(record: SubjectRecord): { until: Date; past: boolean } | null {
    const { activationKeyEndsAt: endsAt } = record;
    return endsAt === null ? null : { until: new Date(endsAt), past: endsAt <= store.now() };
  }

  async function possible(
    visit: UserVisit,
    { mode, policy }: EffectivePolicy,
    record: SubjectRecord,
    mayList: boolean,
  ): Promise<UserLocals['can']> {
    const { organization, user, admin, at, here } = visit;
    const target = { kind: 'user', organization, user } as const;
    const [activate, reset, unlock, change] = await together(
      () => visit.may('user:activate', target),
      () => visit.may('user:reset', target),
      () => visit.may('user:unlock', target),
      () => visit.may('user:change', target),
    );
    const other = user.id !== admin.id;
    const key = activationKey(record);
    const lost = isLost(record);
    // Factors that the user has elsewhere are taken over at their next request, unless they are reset before.
    const elsewhere = context.hasLegacy && record.legacyDue;
    const own = record.enrollments.length > 0 || record.recoveryCodesLeft !== null;
    const resettable = lost || own || elsewhere;
    const activated = policy ? provable(record, policy) : record.enrollments;
    const switchable = change && mayList;
    return {
      activate: activate && other && !lost && activated.length === 0 ? here.activate : null,
      revokeKey: activate && key && !key.past ? here.revokeKey : null,
      reset: reset && other && resettable ? here.reset : null,
      unlock: unlock && other && isCounted(record) ? here.unlock : null,
      enable: switchable && mode !== 'required' ? at.bulkConfirm : null,
      disable: switchable && record.setting !== null ? at.bulkConfirm : null,
    };
  }

  async function unlock(visit: UserVisit): Promise<void> {
    const { req, res, admin, subject, here } = visit;
    readBody(req, {});
    notOneself(visit);
    await store.unlock(subject.id);
    audit.record('subject.unlocked', { subject, actorId: admin.id, from: req });
    present.onward(req, res, withQuery(here.details, { done: 'unlocked' }), { unlocked: true });
  }

  async function revokeKey(visit: UserVisit): Promise<void> {
    const { req, res, admin, subject, here } = visit;
    readBody(req, {});
    const revoked = await store.revokeActivationKey(subject.id);
    if (revoked) {
      audit.record('activation-key.revoked', { subject, actorId: admin.id, from: req });
    }
    const done = revoked ? 'revoked' : 'unchanged';
    present.onward(req, res, withQuery(here.details, { done }), { revoked });
  }

  return { show, unlock, revokeKey };
}

/**
 * Administrators act on others only: on themselves it would bypass what My Profile demands, for example by an
 * activation key handed to oneself.
 */
export function notOneself({ user, admin }: UserVisit): void {
  if (user.id === admin.id) {
    throw new RequestError(409, 'own_account', message('admin.user.own-refused'));
  }
}

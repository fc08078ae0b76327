import { recordOrLost } from '../../lost.js';
import { message } from '../../messages/english.js';
import { isolated } from '../../names.js';
import { checkbox } from '../../web/form-fields.js';
import { readBody } from '../bodies.js';
import type { AdminContext } from '../context.js';
import type { UserVisit } from '../guard.js';
import { withQuery } from '../links.js';
import { handOutKey } from './issue-key.js';
import { notOneself } from './user.js';

/** User Details → Reset, for a lost phone: the confirmation page, and the reset. */
export function resetPages(context: AdminContext) {
  const { navOf, policies, store, present, audit } = context;

  async function keyDemanded({ subject, organization, admin }: UserVisit): Promise<boolean> {
    const effective = await policies.of(subject);
    // For a user whose record is lost, everybody's policy.
    const { policy } = effective.policy
      ? effective
      : await policies.everybody(organization.id, admin);
    return policy?.enrollment === 'activation-key';
  }

  async function ask(visit: UserVisit): Promise<void> {
    const { req, res, admin, user, subject, here } = visit;
    notOneself(visit);
    const record = await recordOrLost(store, subject.id);
    const demanded = await keyDemanded(visit);
    const factors = record.enrollments.length;
    await present.page(req, res, {
      view: 'admin/user-reset',
      title: message('admin.reset.title', { label: isolated(user.label) }),
      subject: admin,
      locals: {
        nav: await navOf(visit, 'users'),
        notice: null,
        label: user.label,
        action: here.reset,
        back: here.details,
        keyDemanded: demanded,
        factors,
      },
      json: { factors, activationKeyDemanded: demanded },
    });
  }

  /**
   * Removes the factors and, by the epoch, every session's proof. Where the organization demands activation keys, one
   * is issued at once; otherwise the user could not get in again.
   */
  async function perform(visit: UserVisit): Promise<void> {
    const { req, res, admin, subject, here } = visit;
    const { issueKey } = readBody(req, { issueKey: checkbox });
    notOneself(visit);
    const demanded = await keyDemanded(visit);
    const { enrollments } = await recordOrLost(store, subject.id);
    await store.reset(subject.id);
    const facts = { subject, actorId: admin.id, from: req, enrollments };
    audit.record('enrollment.reset', facts);
    if (issueKey || demanded) return handOutKey(context, visit, true);
    present.onward(req, res, withQuery(here.details, { done: 'reset' }), {
      reset: true,
      activationKey: null,
    });
  }

  return { ask, perform };
}
